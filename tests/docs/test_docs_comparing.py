"""The worked examples of clauses, minimal sets and weakenings are what the code gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from evidence.decision import Bundle, load_bundle
from evidence.decision.matrix import Mode
from simulator.attribution.responsible import responsible
from simulator.bundles.bundle_parts import sections
from simulator.bundles.clauses import differences
from simulator.weakening.weakenings import weakenings

ROOT = Path(__file__).parents[2]
PAGE = "docs/explanation/comparing.md"
INCIDENT = "inc-0109-network-policy"
EXAMPLE = (
    "<!-- Written by `make golden` from the recorded incidents; do not edit down to the end mark. -->\n",
    "<!-- end of example -->",
)
WEAKENINGS = (
    "<!-- Written by `make golden` from the two bundles; do not edit down to the end mark. -->\n",
    "<!-- end of weakenings -->",
)
JOINT = (
    "<!-- Written by `make golden` from v3 and the two edits; do not edit down to the end mark. -->\n",
    "<!-- end of joint -->",
)


def bundle(name: str) -> Bundle:
    return load_bundle(ROOT / "playbooks" / name)


def example(connection) -> str:
    """What is responsible for the change of one incident between v1 and v3, with each clause's values."""
    baseline, candidate = bundle("v1"), bundle("v3")
    found = responsible(connection, baseline, candidate, [INCIDENT])[INCIDENT]
    clauses = {clause.id: clause for clause in differences(baseline, candidate)}
    named = [name for name in clauses if any(name in each for each in found.minimal_sets)]
    lines = [
        "",
        f"`{INCIDENT}` is cut off from the network by itself under v1, and with a signature under v3:",
        "",
        "| minimal set | |",
        "|---|---|",
        *(
            f"| {number} | {' + '.join(f'`{each}`' for each in ids)} |"
            for number, ids in enumerate(found.minimal_sets, 1)
        ),
        f"| necessary | {', '.join(f'`{each}`' for each in found.necessary)} |",
        "",
        "| clause | v1 | v3 |",
        "|---|---|---|",
        *(f"| `{name}` | {clauses[name].old or 'none'} | {clauses[name].new or 'none'} |" for name in named),
        "",
    ]
    return "\n".join(lines)


def weakened(baseline: Bundle, candidate: Bundle) -> str:
    """The removed approvals."""
    lines = ["", "| `--allow` | what is given up | a state in which it shows |", "|---|---|---|"]
    for each in weakenings(baseline, candidate):
        if each.is_approval:
            lines.append(f"| `{each.id}` | {each.what} | {each.witness or 'every state'} |")
    return "\n".join([*lines, ""])


def unguarded() -> Bundle:
    """v3 with an automatic isolation, and without the policy that would still ask in production."""
    v3 = bundle("v3")
    isolation = v3.actions["isolate_workload"].model_copy(update={"mode": Mode.AUTOMATIC})
    playbook = v3.playbook.model_copy(update={"actions": {**v3.actions, "isolate_workload": isolation}})
    left = tuple(each for each in v3.policies if each.name != "network_policy")
    return Bundle("unguarded", playbook, v3.approvers, left, v3.detections)


def with_block(text: str, marks: tuple[str, str], block: str) -> str:
    between = re.compile(f"(?<={re.escape(marks[0])}).*?(?={re.escape(marks[1])})", re.DOTALL)
    assert between.search(text)
    return between.sub(lambda _: block, text)


@pytest.mark.golden
def test_the_examples_follow_from_bundles_and_incidents(golden, recorded) -> None:
    """The page shows minimal sets and weakenings as they are computed."""
    text = with_block((ROOT / PAGE).read_text(), EXAMPLE, example(recorded))
    text = with_block(text, WEAKENINGS, weakened(bundle("v2"), bundle("v3")))
    golden(PAGE, with_block(text, JOINT, weakened(bundle("v3"), unguarded())))


def test_the_example_shows_alternatives(recorded) -> None:
    """The text speaks of three sets that have just the approvers in common."""
    found = responsible(recorded, bundle("v1"), bundle("v3"), [INCIDENT])[INCIDENT]
    common = set.intersection(*(set(each) for each in found.minimal_sets))
    assert len(found.minimal_sets) == 3
    assert common == {"actions.change_network_policy.approvers"}
    assert set(found.necessary) == common


def test_every_clause_named_on_the_page_can_be_one() -> None:
    """The ids in the table of clauses lead to parts of the active bundle."""
    table = (ROOT / PAGE).read_text().partition("## Minimal sets")[0]
    parts = sections(bundle("v3"))
    for name in re.findall(r"`([a-z_]+(?:\.[a-z0-9_-]+)+)`", table):
        section, entry = name.split(".")[:2]
        if section == "order":
            assert entry in parts
        elif section in ("grading", "last_resorts"):
            assert hasattr(parts[section], entry)
        else:
            assert entry in parts[section]
