"""Finds calls with too many or too few arguments, and arguments that a rule declares again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evidence.decision.rego.builtins import ARGUMENT_COUNTS
from evidence.decision.rego.syntax import Call, Rule, RuleKind, Source, Var
from evidence.decision.rego.tokens import NOT_HERE
from evidence.decision.rego.walks import declaring, parts_of, variables


def function_sizes(sources: Sequence[Source]) -> dict[str, int]:
    """How many arguments the functions of the modules take, by their full name: `data.t.f`."""
    return {
        _full_name(source, ".".join((rule.name, *map(str, rule.steps)))): len(rule.arguments)
        for source in sources
        for rule in source.rules
        if rule.kind is RuleKind.FUNCTION
    }


def _full_name(source: Source, name: str) -> str:
    return ".".join(("data", *source.package, name))


def wrong_calls(source: Source, sizes: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    """Offset and reason of each call of a function or a built-in with another number of arguments."""
    for rule in source.rules:
        for part in parts_of(rule):
            if isinstance(part, Call):
                yield from _wrong_call(part, source, sizes)


def _wrong_call(call: Call, source: Source, sizes: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    names = (call.name, _full_name(source, call.name))
    size = next((sizes[name] for name in names if name in sizes), ARGUMENT_COUNTS.get(call.name))
    if size is not None and size != len(call.arguments):
        takes = f"{size} argument{'s' if size > 1 else ''}"
        yield call.offset, f"{call.name} takes {takes}, not {len(call.arguments)}: name the result with `:=`"


def called_variables(source: Source) -> Iterator[tuple[int, str]]:
    """Offset and reason of each variable with the name of a function that its rule calls."""
    for rule in source.rules:
        found = list(parts_of(rule))
        called = {part.name for part in found if isinstance(part, Call)}
        arguments = (var for each in rule.arguments for var in variables(each))
        for var in (*arguments, *(part for part in found if isinstance(part, Var))):
            if var.name in called:
                yield (
                    var.offset,
                    f"a variable named {var.name} hides the function {var.name}: name it otherwise",
                )


def declared_arguments(source: Source) -> Iterator[tuple[int, str]]:
    """Offset and reason of each argument that stands twice, or is declared again in the body."""
    for rule in source.rules:
        yield from _declared_arguments(rule)


def _declared_arguments(rule: Rule) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for each in rule.arguments:
        for var in variables(each):
            if var.name in seen:
                what = f"{var.name} is an argument twice: name one otherwise, and compare them behind `if`"
                yield var.offset, f"{NOT_HERE}: {what}"
            seen.add(var.name)
    for statement in rule.body:
        for var in declaring(statement):
            if var.name in seen:
                yield (
                    var.offset,
                    f"{var.name} is an argument of the rule, and declared again: name it otherwise",
                )
