"""Finds rules that cannot stand beside one another, and names that are taken: they end the interpreter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.decision.rego.syntax import Every, Rule, RuleKind, Source, Var
from evidence.decision.rego.text import line_and_column
from evidence.decision.rego.walks import bodies_of, declaring, variables

_TAKEN = frozenset({"data", "input"})
_Path = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A module as it is read; `name` is empty where there is but one."""

    name: str
    text: str
    source: Source


def reserved_names(source: Source) -> Iterator[tuple[int, str]]:
    """Offset and reason of each rule, argument, variable or import that is called data or input."""
    for name in sorted(_TAKEN & set(source.imports)):
        yield 0, _taken("an import", name)
    for rule in source.rules:
        if rule.name in _TAKEN:
            yield rule.offset, _taken("a rule", rule.name)
        arguments = (var for each in rule.arguments for var in variables(each))
        for var in (*arguments, *_declared(rule)):
            if var.name in _TAKEN:
                yield var.offset, _taken("a variable", var.name)


def _taken(what: str, name: str) -> str:
    return f"{what} must not be named {name}, which hides the {name} document: give it another name"


def _declared(rule: Rule) -> Iterator[Var]:
    """All variables that are declared in the rule."""
    for body in bodies_of(rule):
        for statement in body:
            yield from declaring(statement)
            if isinstance(statement, Every):
                yield from statement.variables


def clashes(modules: Sequence[Named]) -> Iterator[tuple[Named, int, str]]:
    """Module, offset and reason of each rule that does not go with one before it; all are of one package."""
    at: dict[_Path, tuple[Named, Rule]] = {}  # the first rule of each path, its default once there is one
    below: dict[_Path, tuple[Named, Rule]] = {}  # the first rule of a key of the path, however deep
    for module in modules:
        for rule in module.source.rules:
            path = (rule.name, *rule.steps)
            starts = [path[:size] for size in range(1, len(path)) if None not in path[:size]]
            found = at.get(path) or below.get(path) or next((at[each] for each in starts if each in at), None)
            if found and (why := _why_not_beside(rule, *found)):
                yield module, rule.offset, why
            if path not in at or rule.is_default:
                at[path] = module, rule
            below.update({each: (module, rule) for each in starts if each not in below})


def _why_not_beside(rule: Rule, module: Named, other: Rule) -> str:
    """The reason; nothing where both may stand."""
    where = f"in line {line_and_column(module.text, other.offset)[0]}"
    where = f"{where} of {module.name}" if module.name else where
    name, deeper = _shown(rule), _shown(other)
    if rule.steps == other.steps:
        if _kind(rule) != _kind(other):
            return f"{name} is {_kind(rule)} here and {_kind(other)} {where}: give one another name"
        are_defaults = rule.is_default and other.is_default
        return f"{name} has a default {where}, too: leave one" if are_defaults else ""
    if len(rule.steps) > len(other.steps):
        name, deeper = deeper, name
    return f"{name} is a rule of its own beside {deeper} ({where}): give one of them another name"


def package_clashes(modules: Sequence[Named]) -> Iterator[tuple[Named, int, str]]:
    """Module, offset and reason of each rule whose name is the way to a package of other modules."""
    paths = {each.source.package for each in modules}
    ways = {path[:size] for path in paths for size in range(1, len(path) + 1)}
    for module in modules:
        for rule in module.source.rules:
            if (*module.source.package, rule.name) in ways:
                yield module, rule.offset, f"{rule.name} is a package here, too: give the rule another name"


def _shown(rule: Rule) -> str:
    return rule.name + "".join(f".{step}" if step else "[…]" for step in rule.steps)


def _kind(rule: Rule) -> str:
    if rule.kind is not RuleKind.FUNCTION:
        return rule.kind.value
    count = len(rule.arguments)
    return f"{rule.kind.value} of {count} argument{'s' if count > 1 else ''}"
