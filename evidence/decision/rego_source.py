"""Owns what Rego source may contain: built-ins that are pure and alike everywhere, and declared inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from evidence.errors import Place, PlaybookError

PACKAGE = "incidentresponse"
NESTING_MAX = 32  # brackets within one another

# Each is pure, total on its types, and gives the same answer in every Rego implementation.
ALLOWED_BUILTINS = frozenset({
    "abs", "all", "any", "array.concat", "array.reverse", "array.slice", "concat", "contains", "count",
    "endswith", "format_int", "indexof", "intersection", "is_array", "is_boolean", "is_number", "is_object",
    "is_set", "is_string", "lower", "max", "min", "object.get", "object.keys", "object.union", "replace",
    "sort", "split", "sprintf", "startswith", "substring", "sum", "trim", "trim_prefix", "trim_space",
    "trim_suffix", "union", "upper",
})  # fmt: skip
_OUTSIDE = "reaches outside its input"
_REFUSED = {
    "http": _OUTSIDE,
    "net": _OUTSIDE,
    "opa": _OUTSIDE,
    "providers": _OUTSIDE,
    "trace": _OUTSIDE,
    "print": _OUTSIDE,
    "rand": "is random",
    "uuid": "is random",
    "time": "reads the clock or is undefined in some implementations, where its rule would never fire",
    "regex": "differs between implementations and can take exponential time",
    "glob": "differs between implementations",
    "io": "differs between implementations",
    "crypto": "differs between implementations",
}
_KEYWORDS = frozenset(
    {"if", "in", "some", "every", "not", "else", "contains", "as", "default", "with", "import"}
)
_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`]*`|#[^\n]*')
_CALL = re.compile(r"(?<![\w.\"\]])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\(")
_INPUT = re.compile(r"(?<![\w.])input\b(?:\.request(?:\.([A-Za-z_]\w*))?)?")
_RULE = re.compile(r"^([A-Za-z_]\w*)\s*\(", re.MULTILINE)


def source_faults(source: str, path: Path, fields: frozenset[str]) -> Iterator[PlaybookError]:
    """Why a module is impure or reads undeclared input, by place; `fields` are those of its requests."""
    code = _without_strings(source)
    package = re.search(r"^package\s+(\S+)", code, re.MULTILINE)
    if package is None or package.group(1) != PACKAGE:
        yield PlaybookError(f"a policy is in `package {PACKAGE}`", place=Place(path, 1))
    for offset, what in sorted(
        (*_bad_calls(code), *_bad_inputs(code, fields), *_bad_words(code), *_too_deep(code))
    ):
        line = code.count("\n", 0, offset) + 1
        yield PlaybookError(what, place=Place(path, line, offset - code.rfind("\n", 0, offset)))


def _without_strings(source: str) -> str:
    """The source with strings and comments blanked out, offsets and lines kept."""
    return _TOKEN.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), source)


def _bad_calls(code: str) -> Iterator[tuple[int, str]]:
    own = set(_RULE.findall(code)) | _KEYWORDS
    for found in _CALL.finditer(code):
        name = found.group(1)
        if name not in own and name not in ALLOWED_BUILTINS:
            why = _REFUSED.get(name.partition(".")[0], "is not in the list of allowed built-ins")
            yield found.start(), f"the built-in {name} {why}"


def _bad_inputs(code: str, fields: frozenset[str]) -> Iterator[tuple[int, str]]:
    for found in _INPUT.finditer(code):
        name = found.group(1)
        if name is None:
            yield found.start(), "write input.request.<field> in full: other uses of input cannot be checked"
        elif name not in fields:
            yield found.start(), f"input.request.{name} is not declared, so that it would always be absent"


def _bad_words(code: str) -> Iterator[tuple[int, str]]:
    for found in re.finditer(r"(?<![\w.])(data|with)\b", code):
        yield found.start(), f"'{found.group(1)}' is refused: a policy depends on its declared input alone"
    for found in re.finditer(r"^import\s+(?!rego\.v1\b)\S+", code, re.MULTILINE):
        yield found.start(), "only `import rego.v1` is allowed"
    for found in re.finditer(r"^deny\s*\[", code, re.MULTILINE):
        yield found.start(), "write `deny contains message if { … }` (Rego v1)"


def _too_deep(code: str) -> Iterator[tuple[int, str]]:
    """The first bracket within too many others: the interpreter would end the whole process over them."""
    depth = 0
    for found in re.finditer(r"[\[({\])}]", code):
        depth += 1 if found.group() in "[({" else -1
        if depth > NESTING_MAX:
            yield found.start(), f"is nested too deeply: at most {NESTING_MAX} brackets within one another"
            return
