"""Finds names that are used before they are declared, and rules that ask for themselves: OPA refuses both."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.decision.rego_patterns import written_out
from evidence.decision.rego_syntax import (
    Body,
    Call,
    Every,
    Expression,
    Ref,
    Some,
    Source,
    Statement,
    Term,
    Unification,
    Var,
)
from evidence.decision.rego_walks import (
    Names,
    bodies_of,
    closures,
    declared_in,
    declaring,
    names,
    parts,
    terms,
    terms_of,
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


def recursions(source: Source) -> Iterator[tuple[int, str]]:
    """Offset and reason of each rule that asks for itself, through others or not."""
    asked = {rule.name: set[str]() for rule in source.rules}
    package = source.package
    for rule in source.rules:
        own = names(rule.arguments) | declared_in(rule.body)
        body = (*rule.body, *(Expression(each, is_negated=False) for each in (*rule.path, *rule.results)))
        asked[rule.name] |= {var.name for var in _deeply(body) if var.name in asked and var.name not in own}
        refs = (ref for each in bodies_of(rule) for term in terms_of(each) for ref in parts(term))
        asked[rule.name] |= {name for ref in refs if (name := _through_data(ref, package)) in asked}
    for rule in source.rules:
        if circle := _circle(rule.name, asked):
            what = f"asks for itself ({' → '.join(circle)}): OPA refuses a rule that is recursive"
            yield rule.offset, f"{rule.name} {what}"
            return


def _through_data(term: Term, package: tuple[str, ...]) -> str:
    """The rule that is asked for as `data.package.rule`, or called so; nothing where none is."""
    path: tuple[str, ...] = ()
    if isinstance(term, Ref) and isinstance(term.head, Var) and term.head.name == "data":
        path = written_out(term)
    elif isinstance(term, Call) and term.name.startswith("data."):
        path = tuple(term.name.split("."))[1:]
    size = len(package)
    return path[size] if path[:size] == package and len(path) > size else ""


def _circle(name: str, asked: dict[str, set[str]]) -> tuple[str, ...]:
    """The shortest way from the rule back to itself, both ends included; empty where there is none."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen = set[str]()
    for way in ways:
        for each in sorted(asked[way[-1]]):
            if each == name:
                return (*way, name)
            if each not in seen:
                seen.add(each)
                ways.append((*way, each))
    return ()


def _deeply(body: Body) -> Iterator[Var]:
    """All variables that a body reads, also in closures, but for those that a closure declares."""
    yield from (var for term in terms_of(body) for var in _asked(term))
    for closure in closures(terms_of(body)):
        own = declared_in(closure.body)
        yield from (var for var in _deeply(closure.body) if var.name not in own)
        yield from (var for term in closure.heads for var in _asked(term) if var.name not in own)
    for statement in body:
        if isinstance(statement, Every):
            own = frozenset(each.name for each in statement.variables) | declared_in(statement.body)
            yield from (var for var in _deeply(statement.body) if var.name not in own)


def _asked(term: Term) -> Iterator[Var]:
    """Variables of the term, and functions that it calls by their name alone."""
    for part in parts(term):
        if isinstance(part, Var):
            yield part
        elif isinstance(part, Call) and part.name and "." not in part.name:
            yield Var(part.name, part.offset)
