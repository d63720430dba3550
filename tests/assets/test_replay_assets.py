"""Playbook versions, their replays and comparisons, as a user of Dagster has them."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import StaleStatus
from staleness import status, tick

from assets.compared_pairs import standing_pairs
from assets.dagster_records import recorded_version
from assets.folders import Folders
from evidence import enrichment, intake
from evidence.decision import load_active, load_bundle
from evidence.errors import InputError
from evidence.quality.stage import build_completeness
from evidence.settings import load_settings
from evidence.tables import open_memory, register
from evidence.warehouse import Warehouse
from pipelines.definitions import defs
from pipelines.sensors import REFUSED

ROOT = Path(__file__).parents[2]
RECORDED = len(list(ROOT.glob("fixtures/incidents/*/incident.yaml")))
CART = "inc-0115-cart-saturation"
POINTS = ("supports: {scale_replica_set: 50,", "supports: {scale_replica_set: 40,")
DECIDED = [
    dg.AssetKey(["decision", name])
    for name in ("option_scores", "policy_verdicts", "recommendations", "decisions")
]
DECISIONS = DECIDED[-1]
PLAYBOOK = dg.AssetKey(["playbook"])


def published(root: Path) -> Path:
    """A warehouse with all that replays and decisions read of the recorded incidents."""
    warehouse, connection = Warehouse(root), open_memory()
    settings = load_settings(ROOT / "fixtures" / "settings.yaml")
    grading = load_active(ROOT / "playbooks").grading

    def keep(tables: dict[str, Any]) -> None:
        register(connection, tables)
        warehouse.publish(tables)

    keep(intake.build(ROOT / "fixtures", settings, lambda raw: hashlib.sha256(raw).hexdigest()))
    keep(build_completeness(connection))
    keep(enrichment.build(connection, settings, grading))
    return root


def edited(folder: Path, old: str, new: str) -> None:
    playbook = folder / "playbook.yaml"
    text = playbook.read_text()
    assert 1 == text.count(old)
    playbook.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """The active version, a draft that differs in the points of one rule, and one that does not compile."""
    base = tmp_path_factory.mktemp("replays")
    playbooks = base / "playbooks"
    shutil.copytree(ROOT / "playbooks", playbooks, ignore=shutil.ignore_patterns("v1", "v2"))
    for draft, change in (("v4", POINTS), ("v10", ("need: 50\n", "need: often\n"))):
        shutil.copytree(playbooks / "v3", playbooks / draft)
        edited(playbooks / draft, *change)
    return Folders(
        incidents=str(ROOT / "fixtures"),
        warehouse=str(published(base / "warehouse")),
        out=str(base / "out"),
        playbooks=str(playbooks),
    )


def compare(folders: Folders, **pair: str) -> dg.ExecuteInProcessResult:
    """The job, with a pair configured."""
    config = {
        "resources": {"folders": {"config": folders.model_dump()}},
        "ops": {"comparisons": {"config": pair}},
    }
    return defs.resolve_job_def("compare_playbooks").execute_in_process(run_config=config)


def materialise(folders: Folders, *keys: dg.AssetKey, **options: Any) -> dg.ExecuteInProcessResult:
    """Some assets, as from the graph."""
    config = {"resources": {"folders": {"config": folders.model_dump()}}}
    job = defs.resolve_job_def("materialise_everything")
    return job.execute_in_process(run_config=config, asset_selection=list(keys), **options)


def compared(folders: Folders) -> Counter[tuple[str, str, bool]]:
    """How many incidents each published comparison names, and whether it says by which clauses."""
    return Counter(
        (row["baseline"], row["candidate"], bool(row["responsible"]))
        for row in folders.tables.read("replay.comparisons").to_pylist()
    )


# --- the job


def test_the_configured_pair_is_compared_beside_the_standing_ones(folders: Folders) -> None:
    """The standing pair without clauses, the configured one with them, and that one is shown with a chart."""
    result = compare(folders, baseline="v4", candidate="v3")
    assert {("v3", "v4", False): 1, ("v4", "v3", True): 1} == compared(folders)
    assert {CART} == set(folders.tables.read("replay.comparisons").column("incident_id").to_pylist())
    (event,) = result.asset_materializations_for_node("comparisons")
    shown = str(event.metadata["comparison"].value)
    assert "`v4` → `v3`" in shown
    assert f"1 of {RECORDED} decisions changes: 1 riskier" in shown
    (chart,) = re.findall(r"!\[.*?\]\(data:image/svg\+xml;base64,(.*?)\)", shown)
    assert base64.b64decode(chart).startswith(b"<svg")
    assert all(evaluation.passed for evaluation in result.get_asset_check_evaluations())


def test_a_standing_pair_that_is_configured_is_compared_once(folders: Folders) -> None:
    """With its clauses; two rows of one pair and incident would break the contract."""
    compare(folders, baseline="v3", candidate="v4")
    assert {("v3", "v4", True): 1} == compared(folders)


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ({"baseline": "v3"}, "no candidate is configured. Configure both"),
        ({"candidate": "v3"}, "no baseline is configured. Configure both"),
        ({"baseline": "v3", "candidate": "v5"}, "there is no playbook v5. Configure one of v3, v4, v10,"),
    ],
)
def test_a_pair_that_cannot_be_compared_is_refused(folders: Folders, pair: dict[str, str], said: str) -> None:
    """The run fails with what is wrong and what to do; what was published stays."""
    before = folders.tables.published().get("replay.comparisons")
    with pytest.raises(InputError, match=re.escape(said)):
        compare(folders, **pair)
    assert before == folders.tables.published().get("replay.comparisons")


@pytest.mark.slow
def test_the_shipped_versions_are_compared_as_configured(folders: Folders) -> None:
    """v1 with v3, attributed, beside v2 with v3, which stands because v2 comes before the active v3."""
    shipped = folders.model_copy(update={"playbooks": str(ROOT / "playbooks")})
    result = compare(shipped, baseline="v1", candidate="v3")
    found = compared(shipped)
    assert {("v1", "v3"), ("v2", "v3")} == {pair[:2] for pair in found}
    assert 0 == found["v2", "v3", True]
    assert found["v1", "v3", True] > 10
    (event,) = result.asset_materializations_for_node("comparisons")
    assert "`v1` → `v3`" in str(event.metadata["comparison"].value)


def test_only_the_version_before_the_active_one_and_newer_ones_stand_beside_it() -> None:
    """What the last change meant and what the next would mean; a long past costs nothing."""
    active = load_bundle(ROOT / "playbooks" / "v3")
    bundles = tuple(dataclasses.replace(active, name=name) for name in ("v1", "v2", "v3", "v4", "v5"))
    pairs = [(old.reference, new.reference) for old, new in standing_pairs(bundles, "v3")]
    assert [("v2", "v3"), ("v3", "v4"), ("v3", "v5")] == pairs
    assert [] == standing_pairs(bundles, "v6")


# --- versions and replays


def test_a_version_that_does_not_compile_is_named_and_keeps_no_other_from_being_replayed(
    folders: Folders,
) -> None:
    """The draft's fault stands in the metadata with its place; every other version is replayed."""
    runs = [dg.AssetKey(["replay", name]) for name in ("runs", "decisions", "recommendations")]
    result = materialise(folders, dg.AssetKey(["playbook_versions"]), *runs)
    (event,) = result.asset_materializations_for_node("playbook_versions")
    refused = event.metadata["refused"].value
    assert ["v10"] == list(refused)
    assert re.search(r"/v10/playbook\.yaml:\d+:7: need: ", refused["v10"])
    bundles = [load_bundle(folders.playbooks_path / name) for name in ("v3", "v4")]
    lines = "\n".join(f"- `{bundle.name} {bundle.digest}`" for bundle in bundles)
    assert lines == event.metadata["versions"].value
    decided = folders.tables.read("replay.runs").to_pylist()
    assert {bundle.name: bundle.digest for bundle in bundles} == {
        row["playbook"]: row["bundle_digest"] for row in decided
    }
    assert 2 * RECORDED == folders.tables.read("replay.decisions").num_rows


def test_an_edit_of_the_playbook_makes_its_decisions_stale(folders: Folders, tmp_path: Path) -> None:
    """Without a run, as long as another playbook lies there than the one that decided, also a broken one."""
    shutil.copytree(folders.playbooks_path, tmp_path / "playbooks")
    own = folders.model_copy(update={"playbooks": str(tmp_path / "playbooks")})
    playbook = own.playbooks_path / "v3" / "playbook.yaml"
    before = playbook.read_text()
    edits = (before, before.replace(*POINTS), before.replace("need: 50\n", "need: often\n"), before)
    with dg.DagsterInstance.ephemeral() as instance:
        materialise(own, PLAYBOOK, *DECIDED, instance=instance)
        seen = []
        for text in edits:
            playbook.write_text(text)
            tick(instance, own, "edited_playbooks")
            seen.append((recorded_version(instance, "playbook"), status(instance, DECISIONS)))
    digest, other = (load_bundle(folders.playbooks_path / name).digest for name in ("v3", "v4"))
    fresh, stale = StaleStatus.FRESH, StaleStatus.STALE
    assert [(digest, fresh), (other, stale), (REFUSED, stale), (digest, fresh)] == seen
