"""Finds names that are used before they are declared, or declared twice: OPA refuses both."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.decision.rego.syntax import (
    Body,
    Every,
    Some,
    Source,
    Statement,
    Unification,
    Var,
)
from evidence.decision.rego.walks import (
    Names,
    closures,
    declared_in,
    declaring,
    terms,
    variables,
)


def used_above(source: Source) -> Iterator[tuple[int, str]]:
    """Offset and reason of each name that `:=` or `some` declares further down in the same body."""
    for rule in source.rules:
        yield from _used_above_in(rule.body)


def _used_above_in(body: Body) -> Iterator[tuple[int, str]]:
    declared: Names = frozenset()
    for place, statement in enumerate(body):
        later = declared_in(body[place:]) - declared
        for var in declaring(statement):
            if var.name in declared:
                yield var.offset, f"{var.name} is declared above in the same body"
        declared = declared | declared_in((statement,))
        for var in _used(statement):
            if var.name in later:
                yield var.offset, f"{var.name} is used before the line that declares it"
        for closure in closures(terms(statement)):
            yield from _used_above_in(closure.body)
        if isinstance(statement, Every):
            yield from _used_above_in(statement.body)
            own = {each.name for each in statement.variables}
            again = (var for each in statement.body for var in declaring(each) if var.name in own)
            yield from ((var.offset, f"{var.name} is a name of `every`, and declared again") for var in again)


def _used(statement: Statement) -> Iterator[Var]:
    """Variables that the statement reads, which are not those that it declares."""
    match statement:
        case Unification(_, right, True):
            return variables(right)
        case Some(_, within):
            return variables(within) if within is not None else iter(())
    return (var for term in terms(statement) for var in variables(term))
