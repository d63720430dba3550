"""Owns what Rego source may contain: built-ins that answer here as in OPA, and declared inputs alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from evidence.decision.rego.arguments import called_variables, declared_arguments, function_sizes, wrong_calls
from evidence.decision.rego.builtins import NO_RULE_NAMES
from evidence.decision.rego.calls import call_faults
from evidence.decision.rego.circles import recursions
from evidence.decision.rego.hoisting import running_faults
from evidence.decision.rego.interpreter import has_private_text
from evidence.decision.rego.kinds import Named, clashes, reserved_names
from evidence.decision.rego.negation import negation_faults
from evidence.decision.rego.order import used_above
from evidence.decision.rego.patterns import (
    deep_sets,
    indexed_sets,
    outer_equations,
    unlike_patterns,
    valued_patterns,
    whole_data,
)
from evidence.decision.rego.rules import read_rego
from evidence.decision.rego.safety import unsafe_variables
from evidence.decision.rego.text import line_and_column, literals, without_strings
from evidence.decision.rego.tokens import NotRego
from evidence.errors import Place, PlaybookError

PACKAGE = "incidentresponse"
NESTING_MAX = 32  # brackets within one another
LENGTH_MAX = 200_000  # characters; to compile takes the square of the length
OPERATORS_MAX = 200  # on one line: the interpreter takes the cube of a chain
_INPUT = re.compile(r"(?<![\w.])input\b(?:\.request(?:\.([A-Za-z_]\w*))?)?")
_RULE_NAME = re.compile(r"^(?:default[ \t]+)?([a-z_]\w*)(?=\s*(?:[(:=\[]|if\b|contains\b))", re.MULTILINE)
# With an exponent, or of more than 15 digits.
_UNLIKE_NUMBER = re.compile(r"(?<![\w.\"])(?:\d[\d.]*[eE][-+]?\d+|(?=(?:\.?\d){16})[\d.]+)")
# A rule's body without `if`, and a set of results without `contains`, as before Rego v1.
_OLD_BODY = re.compile(r"^[A-Za-z_]\w*(?:\([^\n{]*\))?(?:\s*:?=\s*[\w.\"]+)?\s*\{", re.MULTILINE)
# A backslash in double quotes, with what it stands for where that is something.
_ESCAPE = re.compile(r"\\(?:([\"\\/bfnrt]|u[0-9a-fA-F]{4})|.)")
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(r"u[dD][89a-fA-F]")
_OLD_SET = re.compile(r"^([A-Za-z_]\w*)\s*\[[^\n\]]*\]\s*\{", re.MULTILINE)


def source_faults(source: str, path: Path, fields: frozenset[str]) -> Iterator[PlaybookError]:
    """Why a policy is impure or reads undeclared input, by place; `fields` are those of its requests."""
    code = without_strings(source)
    package = package_of(code)
    if package != PACKAGE:
        yield PlaybookError(f"a policy is in `package {PACKAGE}`", place=Place(path, 1))
    own = (*_bad_inputs(code, fields), *_bad_words(code))
    yield from placed((*own, *unlike_opa(source, code, lambda _: False)), source, path)


def package_of(code: str) -> str | None:
    """The package that a module states, as it is written; `code` is the source without strings."""
    found = re.search(r"^package[ \t]+(\S+)", code, re.MULTILINE)
    return None if found is None else found.group(1)


def unlike_opa(
    source: str, code: str, is_own: Callable[[str], bool], rules: frozenset[str] = frozenset()
) -> list[tuple[int, str]]:
    """Offset and reason of what would be answered otherwise than by OPA, or bring the interpreter down.

    `rules` are names of the package's rules in other modules.
    """
    # What is refused by its words is not read any further: it may be of a language that is not Rego v1.
    return list(_by_words(source, code, is_own)) or list(_by_meaning(source, rules))


def _by_meaning(source: str, rules: frozenset[str]) -> Iterator[tuple[int, str]]:
    try:
        read = read_rego(source)
    except NotRego as refused:
        yield refused.offset, refused.sentence
        return
    for rule in read.rules:
        if rule.name in read.imports:
            yield rule.offset, f"a rule named {rule.name} would hide the import of that name"
    yield from reserved_names(read)
    alone = (Named("", source, read),)
    yield from ((offset, what) for _, offset, what in clashes(alone))
    yield from wrong_calls(read, function_sizes((read,)))
    yield from declared_arguments(read)
    yield from called_variables(read)
    yield from unlike_patterns(read)
    yield from valued_patterns(read, rules)
    yield from deep_sets(read)
    yield from indexed_sets(read)
    yield from outer_equations(read, rules)
    yield from whole_data(read)
    above = list(used_above(read))
    yield from above or unsafe_variables(read, rules)
    yield from running_faults(source, read, rules)
    yield from ((offset, what) for _, offset, what in recursions(alone))


def _by_words(source: str, code: str, is_own: Callable[[str], bool]) -> Iterator[tuple[int, str]]:
    if len(source) > LENGTH_MAX:
        yield 0, f"is longer than {LENGTH_MAX} characters"
        return
    if has_private_text(source):
        yield 0, "holds characters that this interpreter needs for itself (U+F0000 to U+F007F)"
    yield from _bad_escapes(source)
    yield from call_faults(source, code, is_own)
    yield from negation_faults(source)
    yield from _too_deep(code)
    yield from _too_many(code)
    for found in _UNLIKE_NUMBER.finditer(code):
        yield found.start(), f"the number {found.group()} is kept less exactly here than by OPA"
    for found in re.finditer(r"(?<![\w.])with\b", code):
        yield found.start(), "'with' is refused: a policy depends on its declared input alone"
    for found in _RULE_NAME.finditer(code):
        if found.group(1) in NO_RULE_NAMES:
            yield found.start(1), f"a rule named {found.group(1)} would hide the built-in of that name"
    for found in _OLD_BODY.finditer(code):
        yield found.start(), "a rule's body begins with `if` (Rego v1)"
    for found in _OLD_SET.finditer(code):
        yield found.start(), f"write `{found.group(1)} contains message if {{ … }}` (Rego v1)"


def placed(faults: tuple[tuple[int, str], ...], source: str, path: Path) -> Iterator[PlaybookError]:
    """The faults as errors, in the order of their places."""
    for offset, what in sorted(set(faults)):
        yield PlaybookError(what, place=Place(path, *line_and_column(source, offset)))


def _bad_inputs(code: str, fields: frozenset[str]) -> Iterator[tuple[int, str]]:
    for found in _INPUT.finditer(code):
        name = found.group(1)
        if name is None:
            yield found.start(), "write input.request.<field> in full: other uses of input cannot be checked"
        elif name not in fields:
            yield found.start(), f"input.request.{name} is not declared, so that it would always be absent"


def _bad_words(code: str) -> Iterator[tuple[int, str]]:
    for found in re.finditer(r"(?<![\w.])data\b", code):
        yield found.start(), "'data' is refused: a policy depends on its declared input alone"
    for found in re.finditer(r"^import\s+(?!rego\.v1\b)\S+", code, re.MULTILINE):
        yield found.start(), "only `import rego.v1` is allowed"


def _bad_escapes(source: str) -> Iterator[tuple[int, str]]:
    for start, literal in literals(source):
        if literal[0] == "`":
            continue
        # A pair of surrogates is one character; blanked, so that what is left stands alone.
        alone = _PAIR.sub(lambda found: "x" * len(found.group()), literal)
        for found in _ESCAPE.finditer(alone):
            if found.group(1) is None:
                yield (
                    start + found.start(),
                    f"{found.group()} is no escape: write \\{found.group()}, or the text between backquotes",
                )
            elif _SURROGATE.match(found.group(1)):
                yield start + found.start(), f"{found.group()} is half of a character, and none alone"


def _too_deep(code: str) -> Iterator[tuple[int, str]]:
    """The first bracket within too many others: the interpreter would end the whole process over them."""
    depth = 0
    for found in re.finditer(r"[\[({\])}]", code):
        depth += 1 if found.group() in "[({" else -1
        if depth > NESTING_MAX:
            yield found.start(), f"is nested too deeply: at most {NESTING_MAX} brackets within one another"
            return


def _too_many(code: str) -> Iterator[tuple[int, str]]:
    """The first line with more operators than the interpreter takes in reasonable time."""
    offset = 0
    for line in code.split("\n"):
        if len(re.findall(r"[-+*/%&|<>=!]+|\bin\b", line)) > OPERATORS_MAX:
            yield offset, f"has more than {OPERATORS_MAX} operators on one line"
            return
        offset += len(line) + 1
