"""Finds patterns that can never be unified, and `data` that holds its own rule: both end the interpreter."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.decision.rego_syntax import Collection, Ref, Scalar, Source, Term, Unification, Var
from evidence.decision.rego_walks import bodies_of, parts, terms_of

_HERE = "cannot be evaluated by this tool"


def unlike_patterns(source: Source) -> Iterator[tuple[int, str]]:
    """Offset and reason of each `left = right` of two arrays or objects that are not of one shape."""
    for rule in source.rules:
        for body in bodies_of(rule):
            for statement in body:
                if isinstance(statement, Unification):
                    yield from _unlike(statement.left, statement.right)


def _unlike(left: Term, right: Term) -> Iterator[tuple[int, str]]:
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


def _unlike_objects(left: Collection, right: Collection) -> Iterator[tuple[int, str]]:
    mine, theirs = _values(left), _values(right)
    if mine is None or theirs is None:
        yield left.offset, f"{_HERE}: an object whose keys are not written out beside another: give it a name"
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
