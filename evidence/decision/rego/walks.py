"""Goes through statements and terms of Rego: which variables they read, declare, or take apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from evidence.decision.rego.syntax import (
    Body,
    Call,
    Closure,
    Collection,
    Every,
    Expression,
    Ref,
    Rule,
    Some,
    Source,
    Statement,
    Term,
    Unification,
    Var,
)

Names: TypeAlias = frozenset[str]

ROOTS = frozenset({"input", "data"})


def bound(pattern: Term) -> Names:
    """Names that a value gives a value to, where it is taken apart."""
    return frozenset(var.name for var in taken_apart(pattern))


def taken_apart(pattern: Term) -> Iterator[Var]:
    """Variables of arrays and objects within one another; not those within calls or closures."""
    if isinstance(pattern, Var):
        yield pattern
    elif isinstance(pattern, Collection):
        for each in values(pattern):
            yield from taken_apart(each)


def values(pattern: Collection) -> tuple[Term, ...]:
    """What can be taken apart: elements of an array, and values of an object, whose keys must be known."""
    if pattern.bracket == "{":
        return ()
    return pattern.items if pattern.bracket == "[" else pattern.items[1::2]


def declared_in(body: Body) -> Names:
    """Names that the body makes its own: by `:=` and `some`."""
    return frozenset(var.name for statement in body for var in declaring(statement))


def declaring(statement: Statement) -> Iterator[Var]:
    """Variables where they are declared."""
    match statement:
        case Unification(left, _, True):
            yield from taken_apart(left)
        case Some(patterns):
            for pattern in patterns:
                yield from taken_apart(pattern)


def terms(statement: Statement) -> tuple[Term, ...]:
    """What stands in the statement itself, not in a body of its own."""
    match statement:
        case Expression(term):
            return (term,)
        case Unification(left, right):
            return left, right
        case Some(patterns, within):
            return patterns if within is None else (*patterns, within)
        case Every(_, within):
            return (within,)


def terms_of(body: Body) -> tuple[Term, ...]:
    """What stands in the body's statements."""
    return tuple(term for statement in body for term in terms(statement))


def parts(term: Term) -> Iterator[Term]:
    """The term and all in it, closures without what is in them."""
    yield term
    for each in inside(term):
        yield from parts(each)


def inside(term: Term) -> tuple[Term, ...]:
    """What the term is directly made of; of a closure nothing."""
    match term:
        case Ref(head, path):
            return (head, *path)
        case Call(_, arguments):
            return arguments
        case Collection(_, items):
            return items
    return ()


def variables(term: Term) -> Iterator[Var]:
    """Those of the term, not those of closures in it."""
    return (part for part in parts(term) if isinstance(part, Var))


def names(within: Iterator[Term] | tuple[Term, ...]) -> Names:
    """Names of the terms' variables."""
    return frozenset(var.name for term in within for var in variables(term))


def bodies(body: Body) -> Iterator[Body]:
    """The body, and all that stand in it."""
    yield body
    for closure in closures(terms_of(body)):
        yield from bodies(with_heads(closure))
    for statement in body:
        if isinstance(statement, Every):
            yield from bodies(statement.body)


def bodies_of(rule: Rule) -> Iterator[Body]:
    """All bodies of the rule, as `with_heads` has them."""
    return bodies(with_heads(rule))


def with_heads(within: Rule | Closure) -> Body:
    """The body of a rule or a comprehension, and as expressions behind it what that gives."""
    heads = (*within.path, *within.results) if isinstance(within, Rule) else within.heads
    return (*within.body, *(Expression(each, is_negated=False) for each in heads))


def parts_of(rule: Rule) -> Iterator[Term]:
    """All that stands in the rule's bodies, each term with what is in it."""
    return (part for body in bodies_of(rule) for term in terms_of(body) for part in parts(term))


def indices(rule: Rule) -> Names:
    """Names that stand in brackets behind a reference."""
    return names(tuple(each for part in parts_of(rule) if isinstance(part, Ref) for each in part.path))


def known_names(source: Source, rules: Names) -> Names:
    """Names that are known to all of the module; `rules` are those of its package in other modules."""
    return ROOTS | rules | {rule.name for rule in source.rules} | (frozenset(source.imports) - {""})


def closures(within: tuple[Term, ...]) -> Iterator[Closure]:
    """The outermost ones in the terms."""
    return (part for term in within for part in parts(term) if isinstance(part, Closure))
