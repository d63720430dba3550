"""Where reviewers are at odds the report names the question, who answered what, and when."""

from __future__ import annotations

from evidence.report import render_html, render_markdown
from evidence.report.model import Opinion

from .made import Made, at, reported

WEEK, FOUND = "2026-W10", at("2026-03-03T09:00")
FIRST, SECOND, THIRD = (at(f"2026-03-1{day}T10:00") for day in (0, 1, 2))


def made(incident_id: str, *reviews: tuple[str, int, bool]) -> Made:
    """An incident with these answers to the first question."""
    return Made(incident_id, FOUND, reviews=reviews)


def test_the_latest_answers_that_differ_are_named() -> None:
    """By time; an answer that its reviewer has taken back is none, and two who agree are not at odds."""
    report = reported(
        [
            made("inc-odds", ("ben", FIRST, True), ("anna", SECOND, False), ("ben", THIRD, True)),
            made("inc-settled", ("ben", FIRST, True), ("anna", FIRST, False), ("anna", SECOND, True)),
            made("inc-agreed", ("ben", FIRST, True), ("anna", SECOND, True)),
        ],
        WEEK,
    )
    (dispute,) = report.review.disputes
    assert ("inc-odds", "Was the signal high-confidence?") == (dispute.incident_id, dispute.question)
    assert (
        Opinion(by="anna", at="2026-03-11T10:00:00Z", answer="no"),
        Opinion(by="ben", at="2026-03-12T10:00:00Z", answer="yes"),
    ) == dispute.opinions


def test_both_formats_name_them_and_let_no_name_act() -> None:
    """A reviewer's name is foreign text."""
    odds = made("inc-odds", ("<b>ben", FIRST, True), ("anna", SECOND, False))
    page, ticket = (write(reported([odds], WEEK)) for write in (render_html, render_markdown))
    moment = "<time>2026-03-10T10:00:00Z</time>"
    assert f"<q>&lt;b&gt;ben</q> at {moment}: <q>yes</q>; <q>anna</q> at" in page
    assert "`<b>ben` at 2026-03-10T10:00:00Z: `yes`; `anna` at 2026-03-11T10:00:00Z: `no`" in ticket
