"""Finds patterns that can never be unified, and `data` that holds its own rule: both end the interpreter."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.decision.rego.syntax import (
    Body,
    Call,
    Closure,
    Collection,
    Every,
    Ref,
    Scalar,
    Source,
    Term,
    Unification,
    Var,
)
from evidence.decision.rego.tokens import NOT_HERE
from evidence.decision.rego.walks import (
    Names,
    bodies_of,
    closures,
    declared_in,
    indices,
    inside,
    known_names,
    names,
    parts,
    terms,
    terms_of,
    variables,
    with_heads,
)

SETS_MAX = 10  # within one another: the interpreter takes twice the time for each


def unlike_patterns(source: Source) -> Iterator[tuple[int, str]]:
    """Offset and reason of each `left = right` of two arrays or objects that are not of one shape."""
    for rule in source.rules:
        for body in bodies_of(rule):
            for statement in body:
                if isinstance(statement, Unification):
                    yield from _unlike(statement.left, statement.right)


def valued_patterns(source: Source, rules: Names) -> Iterator[tuple[int, str]]:
    """Offset and reason of each `=` of a set or a comprehension with a name that has a value elsewhere."""
    known = known_names(source, rules)
    for rule in source.rules:
        found = list(bodies_of(rule))
        equations = [each for body in found for each in body if isinstance(each, Unification)]
        sides = [side.name for each in equations for side in (each.left, each.right) if isinstance(side, Var)]
        shared = {name for name in sides if sides.count(name) > 1}
        others = known.union(shared, names(rule.arguments), *map(declared_in, found), indices(rule))
        for each in equations:
            for one, other in ((each.left, each.right), (each.right, each.left)):
                is_pattern = _is_set(one) or isinstance(one, Closure)
                is_valued = isinstance(other, Var) and other.name in others and not each.is_declaring
                if is_pattern and is_valued:
                    yield one.offset, f"{NOT_HERE}: `=` with a name that has a value: write `==`"


def _unlike(left: Term, right: Term) -> Iterator[tuple[int, str]]:
    for one, other in ((left, right), (right, left)):
        if (_is_set(one) or isinstance(one, Closure)) and isinstance(other, Ref | Call):
            what = "a set" if _is_set(one) else "a comprehension"
            yield one.offset, f"{NOT_HERE}: {what} made equal to an expression: write `==`"
    if not isinstance(left, Collection) or not isinstance(right, Collection):
        return
    if left.bracket != right.bracket:
        yield right.offset, "an array, an object and a set are never equal to one another"
    elif left.bracket == "[":
        if len(left.items) != len(right.items):
            yield right.offset, f"arrays of {len(left.items)} and {len(right.items)} values are never equal"
        for one, other in zip(left.items, right.items, strict=False):
            yield from _unlike(one, other)
    elif left.bracket == ":":
        yield from _unlike_objects(left, right)


def _is_set(term: Term) -> bool:
    if isinstance(term, Call):
        return term.name == "set"
    return isinstance(term, Collection | Closure) and term.bracket == "{"


def _unlike_objects(left: Collection, right: Collection) -> Iterator[tuple[int, str]]:
    mine, theirs = _values(left), _values(right)
    if mine is None or theirs is None:
        yield (
            left.offset,
            f"{NOT_HERE}: an object whose keys are not written out beside another: give it a name",
        )
    elif mine.keys() != theirs.keys():
        yield right.offset, "objects with other keys are never equal"
    else:
        for key, value in mine.items():
            yield from _unlike(value, theirs[key])


def _values(term: Collection) -> dict[str, Term] | None:
    """The values by their key as it is written; None where one is not written out."""
    keys, values = term.items[::2], term.items[1::2]
    texts = [key.text for key in keys if isinstance(key, Scalar)]
    return dict(zip(texts, values, strict=True)) if len(texts) == len(keys) == len(set(texts)) else None


def indexed_sets(source: Source) -> Iterator[tuple[int, str]]:
    """Offset and reason of each set that is written out and indexed inside of an expression."""
    for rule in source.rules:
        for body in bodies_of(rule):
            for term in terms_of(body):
                for part in parts(term):
                    if part is not term and isinstance(part, Ref) and _is_set(part.head):
                        yield (
                            part.offset,
                            f"{NOT_HERE}: a set that is indexed in an expression: give it a name first",
                        )


def deep_sets(source: Source) -> Iterator[tuple[int, str]]:
    """Offset and reason of each set within too many others."""
    for rule in source.rules:
        for body in bodies_of(rule):
            for term in terms_of(body):
                yield from _deep_sets(term, 0)


def _deep_sets(term: Term, depth: int) -> Iterator[tuple[int, str]]:
    depth += isinstance(term, Collection) and term.bracket == "{"
    if depth > SETS_MAX:
        yield term.offset, f"more than {SETS_MAX} sets stand within one another"
        return
    for each in inside(term):
        yield from _deep_sets(each, depth)


def outer_equations(source: Source, rules: Names) -> Iterator[tuple[int, str]]:
    """Offset and reason of each `=` in a comprehension with a variable from outside of it.

    The interpreter takes it for another variable there. `rules` are names of rules in other modules.
    """
    known = known_names(source, rules)
    for rule in source.rules:
        yield from _outer_equations(with_heads(rule), names(rule.arguments), known)


def _outer_equations(body: Body, outer: Names, known: Names) -> Iterator[tuple[int, str]]:
    mine = outer | ((names(terms_of(body)) | declared_in(body)) - known)
    for statement in body:
        if isinstance(statement, Every):
            own = mine | names(statement.variables)
            yield from _outer_equations(statement.body, own, known)
        for closure in closures(terms(statement)):
            yield from _made_equal(closure, mine - declared_in(closure.body))
            yield from _outer_equations(with_heads(closure), mine - declared_in(closure.body), known)


def _made_equal(closure: Closure, outer: Names) -> Iterator[tuple[int, str]]:
    for statement in closure.body:
        if isinstance(statement, Unification) and not statement.is_declaring:
            for side in (statement.left, statement.right):
                for var in variables(side):
                    if var.name in outer:
                        what = f"`=` with {var.name} from outside of the comprehension"
                        yield var.offset, f"{NOT_HERE}: {what}: write `==` to compare, `:=` to name"


def whole_data(source: Source) -> Iterator[tuple[int, str]]:
    """Offset and reason of each reference to data that holds the package of the module itself."""
    for rule in source.rules:
        for body in bodies_of(rule):
            for term in terms_of(body):
                yield from _whole_data_in(term, source.package)


def _whole_data_in(term: Term, package: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    headed = {id(part.head) for part in parts(term) if isinstance(part, Ref)}
    for part in parts(term):
        path = _data_path(part, is_headed=id(part) in headed)
        if path is not None and package[: len(path)] == path:
            what = ".".join(("data", *path))
            yield (
                part.offset,
                f"{what} holds this rule itself, so that it is recursive: name the rule that is meant",
            )


def _data_path(term: Term, *, is_headed: bool) -> tuple[str, ...] | None:
    """The names that are written out behind data; None where the term is something else."""
    if isinstance(term, Var):
        return () if term.name == "data" and not is_headed else None
    if not isinstance(term, Ref) or not isinstance(term.head, Var) or term.head.name != "data":
        return None
    return written_out(term)


def written_out(term: Ref) -> tuple[str, ...]:
    """The steps of the path up to the first that is not written out."""
    found: list[str] = []
    for step in term.path:
        if not isinstance(step, Scalar):
            break
        found.append(step.text.strip('"`'))
    return tuple(found)
