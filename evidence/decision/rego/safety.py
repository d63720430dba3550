"""Finds variables that nothing gives a value, as OPA does: most are names that were mistyped.

In a body, statements give variables their values in any order: `x := …`, `some x in …`, `[x, y] = …`, and
the index of a reference, `xs[i]`. All others need their variables to have one: calls, operators, `not`.

The interpreter is narrower than OPA: where `i` runs through a collection inside of a call, an array or
arithmetic, such as `startswith(xs[i], "a")`, it finds nothing, or ends the process.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator

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
from evidence.decision.rego.tokens import NOT_HERE
from evidence.decision.rego.walks import (
    Names,
    bound,
    closures,
    declared_in,
    known_names,
    names,
    parts,
    terms,
    terms_of,
    values,
    variables,
)

_COMPARING = frozenset({"==", "!=", "<", ">", "<=", ">="})
_Reach = Callable[[Term], Iterator[Ref]]


def unsafe_variables(source: Source, rules: Names) -> Iterator[tuple[int, str]]:
    """Offset and reason of each; `rules` are names of the package's rules in other modules."""
    for rule in source.rules:
        body, known = _scope(rule, source, rules)
        near = sorted(name for name in known | names(terms_of(body)) if name[0] != "_")
        unsafe = first_of_each(_unsafe(body, known | names(rule.arguments), _anywhere))
        yield from ((var.offset, _sentence(var.name, near)) for var in unsafe)


def running_variables(source: Source, rules: Names = frozenset()) -> list[list[Var]]:
    """Of each rule the variables that run through a collection where the interpreter does not follow."""
    found = []
    for rule in source.rules:
        body, known = _scope(rule, source, rules)
        outer = known | names(rule.arguments)
        unsafe = {var.offset for var in _unsafe(body, outer, _anywhere)}
        inside = (var for var in _unsafe(body, outer, _outermost) if var.offset not in unsafe)
        found.append(sorted(inside, key=lambda each: each.offset))
    return found


def _scope(rule: Rule, source: Source, rules: Names) -> tuple[Body, Names]:
    """The rule's body with what it gives, and the names that are known to all of the module."""
    return (*rule.body, *_heads(*rule.path), *_heads(*rule.results)), known_names(source, rules)


def first_of_each(found: Iterable[Var]) -> list[Var]:
    """The first of each name, by place."""
    first: dict[str, Var] = {}
    for var in sorted(found, key=lambda each: each.offset):
        first.setdefault(var.name, var)
    return list(first.values())


def _heads(*terms: Term) -> Iterator[Expression]:
    """What a rule or a comprehension gives, as statements; all but a reference is looked at as a call is."""
    for each in terms:
        term = each if isinstance(each, Ref) else Call("head", (each,), each.offset)
        yield Expression(term, is_negated=False)


def _shown(name: str) -> str:
    return "_" if name[0] == "_" and name[1:].isdigit() else name


def running_sentence(var: Var) -> str:
    """Why a variable that runs is refused."""
    name = _shown(var.name)
    return (
        f"{NOT_HERE}: {name} runs through a collection inside of an expression. "
        f"Write `value := xs[{name}]` in a line of its own first, and value here"
    )


def _sentence(name: str, near: list[str]) -> str:
    shown = _shown(name)
    others = [each for each in near if each != name]
    close = difflib.get_close_matches(name, others, n=1, cutoff=0.75)
    hint = f": did you mean {close[0]}?" if close else f': a text is written "{name}"'
    return f"nothing gives {shown} a value{hint if len(shown) > 1 else ''}"


def _unsafe(body: Body, outer: Names, reach: _Reach) -> Iterator[Var]:
    """Variables of the body, and of closures in it, that have no value; causes, not what follows of them."""
    declared = declared_in(body)
    safe = _settled(body, outer - declared, reach)
    causes = list(_causes(body, safe, reach))
    yield from causes
    # What has no value is told once, and not again for each place that depends on it.
    everywhere = safe | declared | names(terms_of(body))
    for place, statement in enumerate(body):
        # What is declared further down is not known yet.
        inner = everywhere - (declared_in(body[place + 1 :]) - declared_in(body[: place + 1]) - outer)
        if isinstance(statement, Every):
            yield from _unsafe(statement.body, inner | {each.name for each in statement.variables}, reach)
        for closure in closures(terms(statement)):
            heads = _heads(*(Call("head", (term,), term.offset) for term in closure.heads))
            yield from _unsafe((*closure.body, *heads), inner, reach)


def _settled(body: Body, safe: Names, reach: _Reach) -> Names:
    """All names that have a value once no statement gives another one."""
    mine = names(terms_of(body)) | safe
    while True:
        more = safe
        for statement in body:
            more = more | _given(statement, more, mine, reach)
        if more == safe:
            return safe
        safe = more


def _causes(body: Body, safe: Names, reach: _Reach) -> Iterator[Var]:
    """Variables without a value that no statement of the body could ever give one; else all without."""
    missing = [var for each in body for var in _needed(each) if var.name not in safe]
    mine = names(terms_of(body))
    could = _settled_as_if(body, safe, mine, reach)
    causes = [var for var in missing if var.name not in could]
    return iter(causes or missing)


def _settled_as_if(body: Body, safe: Names, mine: Names, reach: _Reach) -> Names:
    """Names that would have a value if all others had one."""
    found = safe
    for name in sorted(mine - safe):
        others = (safe | mine) - {name}
        if any(name in _given(statement, others, mine, reach) for statement in body):
            found = found | {name}
    return found


def _given(statement: Statement, safe: Names, mine: Names, reach: _Reach) -> Names:
    """Names to which the statement gives a value, where those in `safe` have one."""
    given = safe
    for term in terms(statement):
        given = given | _given_by_calls(term, given, reach)
    match statement:
        case Expression(term, False):
            return given | _indices(term, given, reach)
        case Unification(left, right, _, False):
            given = given | _indices(left, given, reach) | _indices(right, given, reach)
            return given | _unified(left, right, given, mine)
        case Some(patterns, within) if within is not None:
            given = given | _indices(within, given, reach)
            found = frozenset(name for each in patterns for name in bound(each))
            return given | found if _is_safe(within, given, mine) else given
        case Every(_, within, _):
            return given | _indices(within, given, reach)
    return given


def _given_by_calls(term: Term, safe: Names, reach: _Reach) -> Names:
    """Calls within others are evaluated first, also within a negation: what they index has a value then."""
    found: Names = frozenset()
    for part in parts(term):
        if part is not term and isinstance(part, Call):
            found = found | _indices(part, safe, reach)
    return found if reach is _anywhere else frozenset()


def _unified(left: Term, right: Term, safe: Names, mine: Names) -> Names:
    found: Names = frozenset()
    if isinstance(left, Collection) and isinstance(right, Collection):
        if left.bracket == "[" and len(left.items) != len(right.items):
            return found
        for one, other in zip(values(left), values(right), strict=False):
            found = found | _unified(one, other, safe, mine)
        if left.bracket == "[":
            return found
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Var | Collection) and _is_safe(other, safe, mine):
            found = found | bound(one)
    return found


def _anywhere(term: Term) -> Iterator[Ref]:
    """References whose index OPA gives a value: all."""
    return (part for part in parts(term) if isinstance(part, Ref))


def _outermost(term: Term) -> Iterator[Ref]:
    """References whose index the interpreter gives a value: what stands alone, or is compared.

    Where both sides of a comparison run, it ends the process.
    """
    sides = term.arguments if isinstance(term, Call) and term.name in _COMPARING else (term,)
    found = [each for each in sides if isinstance(each, Ref)]
    are_both_running = len([each for each in found if names(each.path)]) > 1
    return iter(() if are_both_running else found)


def _indices(term: Term, safe: Names, reach: _Reach) -> Names:
    """Names in the brackets of references whose head has a value."""
    found: Names = frozenset()
    for part in reach(term):
        if all(var.name in safe | found for var in variables(part.head)):
            found = found | {name for each in part.path for name in bound(each)}
    return found


def _is_safe(term: Term, safe: Names, mine: Names) -> bool:
    if any(var.name not in safe for var in variables(term)):
        return False
    # A closure waits for the names that it shares with its body.
    return all(_shared(closure, mine) <= safe for closure in closures((term,)))


def _shared(closure: Closure, mine: Names) -> Names:
    terms = (*closure.heads, *terms_of(closure.body))
    everywhere = names(terms) | names(
        part for inner in closures(terms) for part in (*inner.heads, *terms_of(inner.body))
    )
    return (everywhere & mine) - declared_in(closure.body)


def _needed(statement: Statement) -> Iterator[Var]:
    """Variables that must have a value."""
    for term in terms(statement):
        yield from variables(term)
