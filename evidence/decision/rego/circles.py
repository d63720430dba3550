"""Finds rules that ask for themselves, also through modules and packages: OPA refuses them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.decision.rego.kinds import Named
from evidence.decision.rego.syntax import Body, Call, Every, Ref, Rule, Scalar, Source, Term, Var
from evidence.decision.rego.walks import Names, closures, declared_in, names, parts, terms_of, with_heads

_Path = tuple[str | None, ...]  # below data; None stands for any step


@dataclass(frozen=True, slots=True)
class _Node:
    """A rule with all that it asks for, as paths."""

    module: Named
    rule: Rule
    path: _Path
    asked: frozenset[_Path]


def recursions(modules: Sequence[Named]) -> Iterator[tuple[Named, int, str]]:
    """Module, offset and reason of the first rule that asks for itself, through others or not."""
    nodes = [_node(module, rule) for module in modules for rule in module.source.rules]
    paths = sorted({node.path for node in nodes}, key=repr)
    asked = {path: set[_Path]() for path in paths}
    for node in nodes:
        asked[node.path] |= {path for path in paths for each in node.asked if _meets(path, each)}
    for node in nodes:
        if circle := _circle(node.path, asked):
            are_near = len({path[: len(node.module.source.package)] for path in circle}) == 1
            shown = [_shown(path, node.module.source.package if are_near else ()) for path in circle]
            what = f"asks for itself ({' → '.join(shown)}): OPA refuses a rule that is recursive"
            yield node.module, node.rule.offset, f"{shown[0]} {what}"
            return


def _shown(path: _Path, package: tuple[str, ...]) -> str:
    steps = path[len(package) :]
    first = steps[0] if package else f"data.{steps[0]}"
    return f"{first}" + "".join(f".{step}" if step else "[…]" for step in steps[1:])


def _meets(rule: _Path, asked: _Path) -> bool:
    """Whether one leads to the other."""
    return all(None in pair or pair[0] == pair[1] for pair in zip(rule, asked, strict=False))


def _node(module: Named, rule: Rule) -> _Node:
    source = module.source
    own = names(rule.arguments) | declared_in(rule.body)
    found = _deeply(with_heads(rule), own)
    asked = frozenset(path for steps in found if (path := _resolved(steps, source)))
    return _Node(module, rule, (*source.package, rule.name, *rule.steps), asked)


def _resolved(steps: _Path, source: Source) -> _Path:
    """The path below data; empty where it leads to no rule."""
    first, *rest = steps
    if first == "data":
        return tuple(rest)
    imported = {alias or path[-1]: path for path, alias in source.imported}
    if first in imported:
        path = imported[str(first)]
        return (*path[1:], *rest) if path[0] == "data" else ()
    return (*source.package, *steps)


def _deeply(body: Body, own: Names) -> Iterator[_Path]:
    """All references of a body, also in closures, but for those to variables of its own."""
    for term in terms_of(body):
        yield from _asked(term, own)
    for closure in closures(terms_of(body)):
        yield from _deeply(with_heads(closure), own | declared_in(closure.body))
    for statement in body:
        if isinstance(statement, Every):
            inner = {each.name for each in statement.variables} | declared_in(statement.body)
            yield from _deeply(statement.body, own | inner)


def _asked(term: Term, own: Names) -> Iterator[_Path]:
    headed = {id(part.head) for part in parts(term) if isinstance(part, Ref)}
    for part in parts(term):
        steps: _Path = ()
        if isinstance(part, Var) and id(part) not in headed:
            steps = (part.name,)
        elif isinstance(part, Ref) and isinstance(part.head, Var):
            steps = (part.head.name, *map(_step, part.path))
        elif isinstance(part, Call) and part.name and (part.name[0].isalpha() or part.name[0] == "_"):
            steps = tuple(part.name.split("."))
        if steps and steps[0] not in own | {"input"}:
            yield steps


def _step(term: Term) -> str | None:
    return term.text.strip('"`') if isinstance(term, Scalar) else None


def _circle(start: _Path, asked: dict[_Path, set[_Path]]) -> tuple[_Path, ...]:
    """The shortest way from the rule back to itself, both ends included; empty where there is none."""
    ways: list[tuple[_Path, ...]] = [(start,)]
    seen = set[_Path]()
    for way in ways:
        for each in sorted(asked[way[-1]], key=repr):
            if each == start:
                return (*way, start)
            if each not in seen:
                seen.add(each)
                ways.append((*way, each))
    return ()
