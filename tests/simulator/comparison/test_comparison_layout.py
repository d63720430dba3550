"""How wide a comparison is as text, how much of it is told, where it is coloured, how alarms are ordered."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from simulator.comparison.model import ChangeClass, ClauseChange, Redirected, StaticWeakening
from simulator.comparison.rendering import Layout, render
from simulator.weakening.findings import Finding

from ..comparisons import WEAKENINGS, change, comparison, paired, summary, unchanged
from .test_comparison_pages import READ_BY_PEOPLE, words

REDIRECTED = StaticWeakening(
    id="approvers.app_owner.contact",
    action="restart, scale",
    kind="contact",
    finding=Finding.APPROVER_REDIRECTED,
    what="app_owner: owner@example.com → nobody@example.com; asked by restart, scale",
    witness="",
    redirected=Redirected(
        roles=("app_owner",), owner=None, old="owner@example.com", new="nobody@example.com"
    ),
    is_approval=True,
    is_allowed=False,
)
CONTACT = ClauseChange(
    id="approvers.app_owner.contact",
    kind="approver",
    old="owner@example.com",
    new="nobody@example.com",
    can_decide=False,
)


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_a_redirected_approver_is_told_with_both_addresses(output_format: str) -> None:
    """As an alarm, with the name that lets it pass, although no decision changes; it is not 'nothing'."""
    made = unchanged(weakenings=(REDIRECTED,), clauses=(CONTACT,))
    page = words(render(made, output_format).replace("\\", "").replace("`", ""))
    assert "1 approver is redirected to another address in the playbook itself" in page
    assert "owner@example.com → nobody@example.com" in page
    assert "anywhere it is asked" in page
    assert "--allow approvers.app_owner.contact" in page
    assert "1 clause differs, and none that decides anything, but somebody else is asked to approve." in page
    assert ("changes who is asked" in page, "decides nothing" in page) == (True, False)


@pytest.mark.parametrize("output_format", READ_BY_PEOPLE)
def test_what_is_given_up_stands_in_the_order_of_gravity(output_format: str) -> None:
    """Removed approvals, redirected approvers, safeties; each with a name to let it pass."""
    page = words(render(comparison(weakenings=(*WEAKENINGS, REDIRECTED)), output_format))
    sentences = (
        "1 approval is removed",
        "1 approver is redirected",
        "1 other safety is weakened",
    )
    places = [page.index(sentence) for sentence in sentences]
    assert sorted(places) == places
    assert "--allow actions.drain.floor" in page


def test_cosmetics_that_were_not_looked_for_are_no_nought() -> None:
    """The table says so where the note does."""
    made = comparison(summary=summary(cosmetic_count=None))
    assert "| cosmetic | not looked for |" in render(made, "markdown")


def test_a_p_that_is_tiny_is_below_something_in_words_and_has_its_digits_in_the_document() -> None:
    """No p is nought."""
    made = comparison(summary=summary(labelled_right=paired(60, 10, 40, 0)))
    assert "p < 0.0001" in render(made, "text")
    assert '"p_value":"0.00000000000181899"' in render(made, "json").replace(" ", "")


@pytest.mark.parametrize("width", [60, 80, 110])
def test_the_text_is_as_wide_as_asked_for(width: int) -> None:
    """Titles, tables and sentences; words that are longer are folded."""
    text = render(comparison(), "text", Layout(width=width))
    assert width == max(cell_len(line) for line in text.splitlines())


def test_of_many_changes_the_text_tells_the_gravest_in_full() -> None:
    """And how many more there are, and how to see them; asked for all of them it tells all."""
    many = tuple(
        change(f"inc-{number:03}", classes=(ChangeClass.TIMING if number < 100 else ChangeClass.RISKIER,))
        for number in range(103)
    )
    made = comparison(changed=many, clauses=())
    text = render(made, "text", Layout(told_max=5))
    told = re.findall(r"^(inc-\d+)  ", text, re.MULTILINE)
    assert ["inc-100", "inc-101", "inc-102", "inc-000", "inc-001"] == told
    assert "and 98 more, less grave: `--all`, `--format html` and `--format json` tell them too." in words(
        text
    )
    whole = render(made, "text", Layout(told_max=None))
    assert 103 == len(re.findall(r"^inc-\d+  ", whole, re.MULTILINE))
    assert "less grave" not in whole


def test_colours_are_only_where_they_are_asked_for() -> None:
    """And change no character of the text."""
    plain, coloured = render(comparison(), "text"), render(comparison(), "text", Layout(is_coloured=True))
    assert ("\x1b" in plain, "\x1b[1;31m" in coloured) == (False, True)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()
