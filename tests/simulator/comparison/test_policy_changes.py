"""What an edit of a policy changes is told line by line, and by the proposals on which it says otherwise."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pytest

from evidence.decision import Bundle
from evidence.decision.policies import Policy, Verdict
from simulator.comparison.changes import reasons
from simulator.comparison.model import ChangeClass, ClauseChange, Comparison, VerdictChange
from simulator.comparison.policy_changes import (
    DIFF_LINES_MAX,
    denying_policies,
    policy_diff,
    verdict_changes,
)
from simulator.comparison.rendering import render

from ...decision.deciding import active
from ..comparisons import unchanged, with_text_everywhere
from .test_comparison_pages import READ_BY_PEOPLE, words


def with_source(name: str, edit: Any) -> Bundle:
    policies = tuple(
        Policy(each.name, edit(each.source), each.declaration) if each.name == name else each
        for each in active().policies
    )
    return Bundle("candidate", active().playbook, active().approvers, policies, active().detections)


def test_an_edited_line_is_shown_as_it_was_and_is() -> None:
    """With the lines around it; a tab is four spaces, because a page would show it as one."""
    candidate = with_source("node_drain", lambda source: source.replace('"Node"', '"Nope"'))
    lines = policy_diff((active(), candidate), "node_drain")
    assert ("--- node_drain before", "+++ node_drain now") == lines[:2]
    assert [
        '-    input.request.kind.kind == "Node"',
        '+    input.request.kind.kind == "Nope"',
    ] == [line for line in lines[2:] if line[:1] in "+-"]
    assert " draining if {" in lines


def test_a_policy_that_goes_is_all_of_its_lines_and_what_it_declares() -> None:
    """Each declared input on a line."""
    lines = policy_diff(
        (active(), Bundle("none", active().playbook, active().approvers, (), active().detections)),
        "node_drain",
    )
    assert "-# input is_stateful: column is_stateful" in lines
    assert "-package incidentresponse" in lines


def test_a_long_edit_is_cut_and_says_by_how_much() -> None:
    """A comparison stays a page."""
    lines = policy_diff(
        (active(), with_source("node_drain", lambda source: source + "# x\n" * 500)), "node_drain"
    )
    assert DIFF_LINES_MAX + 1 == len(lines)
    assert re.fullmatch(r"… and \d+ lines more", lines[-1])


def row(incident: str, action: str, policy: str, verdict: str) -> dict[str, str]:
    return {"incident_id": incident, "action": action, "policy": policy, "verdict": verdict}


def test_the_policies_that_deny_a_proposal_are_named() -> None:
    """Not those that would do with an approval; and the sentence has all of them."""
    said = (("b", "denied"), ("c", "needs_approval"), ("a", "denied"), ("d", "allow"))
    table = pa.Table.from_pylist([row("inc-1", "drain", policy, verdict) for policy, verdict in said])
    assert {("inc-1", "drain"): ["a", "b"]} == denying_policies(table)
    decision = {"action": "gather", "preferred_action": "drain"}
    for denying, told in ((["a"], "policy a denies it."), (["a", "b"], "policies a and b deny it.")):
        (sentence,) = reasons(
            [ChangeClass.ABORTED_BY_POLICY], (active(), active()), (decision, decision), {}, denying
        )
        assert f"drain would have been chosen, but {told}" == sentence


def test_verdicts_that_differ_are_counted_by_action() -> None:
    """With their incidents; what a side has no proposal for is left out, and no policy says: allowed."""
    before = [
        row("inc-2", "drain", "node_drain", "denied"),
        row("inc-1", "drain", "node_drain", "denied"),
        row("inc-1", "restart", "node_drain", "allow"),
        row("inc-1", "restart", "other", "denied"),
        row("inc-3", "drain", "node_drain", "denied"),
    ]
    now = [
        row("inc-1", "drain", "node_drain", "allow"),
        row("inc-2", "drain", "other", "allow"),
        row("inc-1", "restart", "node_drain", "allow"),
        row("inc-1", "restart", "other", "allow"),
    ]
    expected = VerdictChange(
        action="drain", old=Verdict.DENIED, new=Verdict.ALLOW, incident_ids=("inc-1", "inc-2")
    )
    assert {"node_drain": (expected,)} == verdict_changes(
        (pa.Table.from_pylist(before), pa.Table.from_pylist(now)), ["node_drain"]
    )


def test_a_playbook_without_policies_allows_every_proposal() -> None:
    """Which is told, although nothing was asked there."""
    before = pa.Table.from_pylist([row("inc-1", "drain", "node_drain", "denied")])
    (found,) = verdict_changes((before, before.slice(0, 0)), ["node_drain"])["node_drain"]
    assert (Verdict.DENIED, Verdict.ALLOW) == (found.old, found.new)


@pytest.fixture
def edited() -> Comparison:
    """A comparison in which one line of a policy differs."""
    clause = ClauseChange(
        id="policies.node_drain",
        kind="policy",
        old="sha256 1",
        new="sha256 2",
        can_decide=True,
        diff=("--- node_drain before", "+++ node_drain now", '-    kind == "Node"', '+    kind == "Nope"'),
        verdicts=(
            VerdictChange(
                action="drain",
                old=Verdict.NEEDS_APPROVAL,
                new=Verdict.ALLOW,
                incident_ids=tuple(f"inc-{number}" for number in range(5)),
            ),
        ),
    )
    return unchanged(clauses=(clause,))


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_every_page_shows_the_lines_and_the_verdicts(edited: Comparison, output_format: str) -> None:
    """Which say more than two digests."""
    page = words(render(edited, output_format).replace("&#34;", '"').replace("\\", ""))
    assert '- kind == "Node"' in page.replace("-    ", "- ")
    assert '+ kind == "Nope"' in page
    assert "drain needs approval → allow in 5 (inc-0, inc-1, inc-2 and 2 more)" in page


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_the_lines_of_a_policy_stay_text(edited: Comparison, output_format: str) -> None:
    """A policy's text is not ours: no fence is closed by it, no element opened, no colour set."""
    page = render(with_text_everywhere(edited, "```\n</details><script>x</script>\x1b[31m"), output_format)
    assert "\x1b" not in page
    if output_format == "html":
        assert "<script>" not in page
    if output_format == "markdown":
        assert re.search(r"^````diff\n(?:``` </details>.*\n)+````$", page, re.MULTILINE)
