"""The pages about faults and ablation show what the code gives on the recorded incidents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from sections import with_section

from evidence import decision
from evidence.decision import Bundle
from evidence.decision.bundle import Playbook
from evidence.settings import load_settings
from evidence.tables import open_memory, register
from pipelines.cli.faults import report
from simulator.faults.ablation import ablate, sentences
from simulator.faults.fault_plans import RANGES
from simulator.faults.injection import inject, seeds_of
from simulator.faults.invariants import INVARIANTS
from simulator.faults.variants import Kind, read_recorded

ROOT = Path(__file__).parents[2]
FAULTS, ABLATION = "docs/explanation/faults.md", "docs/explanation/ablation.md"
RELEASE, BUCKET, NODE = (
    "inc-0102-checkout-bad-release",
    "inc-0106-public-bucket",
    "inc-0107-node-image-policy",
)
WHAT_HAPPENS = {
    Kind.DROPPED: ("nothing of it arrives", ""),
    Kind.HEAD_CUT: ("the first records of each export are missing", "% of them"),
    Kind.TAIL_CUT: ("the last records of each export are missing", "% of them"),
    Kind.SKEWED: ("its clock is slow or fast", "s"),
    Kind.DELAYED: ("all of it arrives later", "s"),
    Kind.REORDERED: ("its records arrive in each other's place", ""),
    Kind.DUPLICATED: ("each record arrives a second time, later and under another identity", "s"),
}


@pytest.fixture(scope="module")
def active() -> Bundle:
    return decision.load_active(ROOT / "playbooks")


@pytest.fixture(scope="module")
def settings():
    return load_settings(ROOT / "fixtures/settings.yaml")


def written(page: str, sections: dict[str, list[str]]) -> str:
    """The page with the lines of each section between its marks."""
    text = (ROOT / page).read_text()
    for name, lines in sections.items():
        text = with_section(text, name, lines)
    return text


def fault_table() -> list[str]:
    rows = []
    for kind in Kind:
        what, unit = WHAT_HAPPENS[kind]
        least, most = RANGES[kind]
        amount = f"{least:,} to {most:,} {unit}" if unit else ""
        rows.append(f"| {kind.value.replace('_', ' ')} | {what} | {amount} |")
    return ["| fault of a source | what happens | how much |", "|---|---|---|", *rows]


def invariant_table() -> list[str]:
    rows = [f"| `{each.id}` | {each.sentence} |" for each in INVARIANTS]
    return ["| invariant | |", "|---|---|", *rows]


def shown(command: str, lines: list[str]) -> list[str]:
    return ["```console", f"$ {command}", *lines, "```"]


def without_floors(bundle: Bundle) -> Bundle:
    document = bundle.playbook.model_dump(mode="json", exclude_none=True)
    for name in bundle.ladder:
        document["actions"][name]["floor"] = 0
    return Bundle(
        "without floors",
        Playbook.model_validate(document),
        bundle.approvers,
        bundle.policies,
        bundle.detections,
    )


@pytest.mark.slow
@pytest.mark.golden
def test_the_page_of_faults_follows_from_the_code(golden: Callable, recorded, active, settings) -> None:
    """Kinds, ranges, invariants and both outputs are what they are."""
    tables = read_recorded(recorded)
    one = inject(tables, settings, active, seeds_of("4711"), [RELEASE])
    weak = without_floors(active)
    broken = inject(tables, settings, weak, seeds_of("1-20"), held_to=active)
    first = list(report(broken, weak, "1-20", []))
    golden(
        FAULTS,
        written(
            FAULTS,
            {
                "faults": fault_table(),
                "invariants": invariant_table(),
                "one seed": shown(
                    f"evidence replay --faults 4711 --incident {RELEASE}",
                    list(report(one, active, "4711", [])),
                ),
                "a break": ["```text", *first[: first.index("")], "```"],
            },
        ),
    )
    assert [] == list(one.failures)


@pytest.mark.golden
def test_the_page_of_ablation_follows_from_the_code(golden: Callable, recorded, active, settings) -> None:
    """The sentences and the count of each source are those of the recorded incidents."""
    table = ablate(recorded, settings, active)
    connection = open_memory()
    register(connection, {"replay.ablations": table})
    incidents = []
    for incident_id in (RELEASE, BUCKET, NODE):
        incidents += [
            f"**{incident_id}**",
            "",
            *(f"- {each}" for each in sentences(connection, incident_id, active)),
            "",
        ]
    rows = table.to_pylist()
    present = Counter(row["source"] for row in rows)
    decided = Counter(row["source"] for row in rows if row["difference"] in ("action", "approval"))
    later = Counter(row["source"] for row in rows if row["difference"] == "moment")
    riskier = Counter(row["source"] for row in rows if row["is_riskier"])
    ordered = sorted(present, key=lambda source: (-decided[source], -present[source], source))
    figures = [
        f"| `{source}` | {present[source]} | {decided[source]} | {later[source]} | {riskier[source]} |"
        for source in ordered
    ]
    head = [
        "| source | incidents with it | decided | moved in time | riskier without it |",
        "|---|--:|--:|--:|--:|",
    ]
    golden(ABLATION, written(ABLATION, {"incidents": incidents[:-1], "sources": [*head, *figures]}))
    assert max(decided.values()) > 0
