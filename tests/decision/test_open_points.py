"""What is not known is said in one wording, everywhere."""

from __future__ import annotations

from evidence.decision.conditions import COLUMNS
from evidence.decision.open_points import MISSING_CONTEXT, OPEN_POINTS
from expectations.contracts import Role
from expectations.minimum_context import MINIMUM_CONTEXT

READ_BY_RULES = (Role.FEATURE, Role.GRADED, Role.AGEING)


def test_every_column_that_may_be_unknown_has_its_sentence() -> None:
    """Of those that a playbook may read, and of no other."""
    unknowable = [
        name for name, column in COLUMNS.items() if column.is_nullable and column.role in READ_BY_RULES
    ]
    assert unknowable == list(OPEN_POINTS)


def test_every_field_of_the_minimum_context_has_its_sentence() -> None:
    """In the order of the set."""
    assert [field.name for field in MINIMUM_CONTEXT] == list(MISSING_CONTEXT)


def test_no_two_columns_are_said_alike() -> None:
    """A reader can tell which of them is meant."""
    sentences = [point.sentence for point in OPEN_POINTS.values()]
    assert sorted(set(sentences)) == sorted(sentences)


def test_a_sentence_says_what_is_not_known_and_where_to_look() -> None:
    """As a person would say it."""
    point = OPEN_POINTS["is_dependency_hot"]
    assert "Whether one dependency is slow or failing is not known." == point.sentence
    assert "Look at traces of requests that cross the service." == point.advice
