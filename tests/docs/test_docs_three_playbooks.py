"""The page of the three playbooks shows what a replay of the recorded incidents gives."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from evidence.decision import Bundle, load_bundle
from evidence.intake.incident_file import load_incident
from simulator.comparison.classification import CLASSES, classify
from simulator.replays.replay import Replayed, replay

ROOT = Path(__file__).parents[2]
PAGE = "docs/explanation/three-playbooks.md"
BEGIN = "<!-- Written by `make golden` from a replay; do not edit down to the end mark. -->\n"
END = "<!-- end of replay -->"
NAMES = ("v1", "v2", "v3")
MODES = {"automatic": "by itself", "policy_gated": "policy check", "approval_required": "approval"}


@pytest.fixture(scope="module")
def bundles() -> list[Bundle]:
    return [load_bundle(ROOT / "playbooks" / name) for name in NAMES]


def expected_option(incident_id: str) -> str:
    """The option that the reviewer wanted, empty where nobody reviewed."""
    incident, _ = load_incident(ROOT / "fixtures/incidents" / incident_id / "incident.yaml")
    return str(incident.labels.expected_option or "") if incident.labels else ""


def cell(decided: Replayed, expected: str) -> str:
    """Action, how it begins, who approves, and whether its option is the reviewer's."""
    one = decided.recommendation
    how = MODES[one.mode.value] if one.is_active or one.approvers else ""
    roles = ", ".join(role.replace("_", " ") for role in one.approvers)
    verdict = "" if not expected else " ✓" if one.option == expected else " ✗"
    said = ": ".join(part for part in (how, roles) if part)
    return f"`{one.action}`{verdict}" + (f"<br>{said}" if said else "")


def decisions_table(replays: list[tuple[Replayed, ...]]) -> list[str]:
    lines = ["| incident | reviewer | v1 | v2 | v3 |", "|---|---|---|---|---|"]
    for row in zip(*replays, strict=True):
        incident_id = row[0].incident_id
        expected = expected_option(incident_id)
        link = f"[`{incident_id[:8]}`](../../fixtures/incidents/{incident_id}/README.md) {incident_id[9:]}"
        cells = [cell(decided, expected) for decided in row]
        lines.append(" | ".join([f"| {link}", expected or "unlabelled", *cells]) + " |")
    return lines


def changes_table(connection: Any, bundles: list[Bundle]) -> list[str]:
    """The classes of every change from one version to the next, and what it does to the reviewer's label."""
    columns = [changes(connection, pair) for pair in pairwise(bundles)]
    lines = ["| incident | v1 to v2 | v2 to v3 |", "|---|---|---|"]
    return lines + [
        " | ".join([f"| `{name[:8]}` {name[9:]}", *(column[name] for column in columns)]) + " |"
        for name in columns[0]
    ]


def changes(connection: Any, pair: tuple[Bundle, Bundle]) -> dict[str, str]:
    """What changed, by incident."""
    classify(connection, pair)
    rows = connection.execute(
        f"select incident_id, classes, is_path_changed, label_effect from {CLASSES} order by incident_id"
    ).fetchall()
    return {
        incident_id: (", ".join(classes) or ("the way alone" if is_path_changed else "unchanged"))
        + (f"; **{effect}**" if effect in ("fixes", "regresses") else "")
        for incident_id, classes, is_path_changed, effect in rows
    }


def counts_table(bundles: list[Bundle], replays: list[tuple[Replayed, ...]]) -> list[str]:
    """What each version holds, and how its decisions begin."""
    rows: dict[str, list[Any]] = {
        "rules": [len(bundle.rules) for bundle in bundles],
        "actions": [len(bundle.actions) for bundle in bundles],
        "policies": [len(bundle.policies) for bundle in bundles],
        "approving roles": [len(bundle.approvers.roles) for bundle in bundles],
        "would change a system by itself": [modes(each)["automatic"] for each in replays],
        "would change it after a policy check": [modes(each)["policy_gated"] for each in replays],
        "would change it after approval": [modes(each)["approval_required"] for each in replays],
        "would change nothing": [sum(not one.recommendation.is_active for one in each) for each in replays],
        "agrees with the reviewer": [agreement(each) for each in replays],
    }
    head = ["| | v1 | v2 | v3 |", "|---|---|---|---|"]
    return head + [f"| {name} | " + " | ".join(map(str, each)) + " |" for name, each in rows.items()]


def modes(replayed: tuple[Replayed, ...]) -> Counter[str]:
    return Counter(each.recommendation.mode.value for each in replayed if each.recommendation.is_active)


def agreement(replayed: tuple[Replayed, ...]) -> str:
    labelled = [(each, expected_option(each.incident_id)) for each in replayed]
    labelled = [(each, expected) for each, expected in labelled if expected]
    return f"{sum(each.recommendation.option == expected for each, expected in labelled)} of {len(labelled)}"


@pytest.mark.golden
def test_the_tables_follow_from_a_replay(golden: Any, recorded: Any, bundles: list[Bundle]) -> None:
    """The tables of the page are computed: decisions per incident and version, their sums and changes."""
    replays = replay(recorded, bundles)
    legend = "✓ and ✗: the option is, or is not, the one that the incident's reviewer wanted."
    shown = "\n".join(
        [
            "",
            *decisions_table(replays),
            "",
            legend,
            "",
            *counts_table(bundles, replays),
            "",
            "What a comparison calls the changes, and whether they bring the reviewer's option or lose it:",
            "",
            *changes_table(recorded, bundles),
            "",
        ]
    )
    text = (ROOT / PAGE).read_text()
    between = re.compile(f"(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})", re.DOTALL)
    assert between.search(text)
    golden(PAGE, between.sub(lambda _: shown, text))


def test_every_incident_that_the_page_names_is_recorded() -> None:
    """The story is told of incidents that are there."""
    named = set(re.findall(r"inc-\d{4}", (ROOT / PAGE).read_text()))
    recorded_ids = {path.parent.name[:8] for path in (ROOT / "fixtures").glob("incidents/*/incident.yaml")}
    assert named == recorded_ids
