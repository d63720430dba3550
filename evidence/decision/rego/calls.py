"""Looks at calls of built-ins: some are refused, some answer as OPA's only where written with care."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from evidence.decision.rego.builtins import ASCII_ALONE, UNKNOWN, why_refused
from evidence.decision.rego.text import arguments, closing, literals

CALL = re.compile(r"(?<![\w.\"\]])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\(")
KEYWORDS = frozenset(
    {"if", "in", "some", "every", "not", "else", "contains", "as", "default", "with", "import"}
)
_RULE = re.compile(r"^(?:default\s+)?([A-Za-z_]\w*(?:\.\w+)*)\s*\(", re.MULTILINE)
_VERB = re.compile(r"%(?:%|[^a-zA-Z%]*[a-zA-Z]|.?)", re.DOTALL)
_PLAIN_VERBS = ("%s", "%d", "%v")
Span = tuple[int, int]
Fault = tuple[int, str]


def call_faults(source: str, code: str, is_own: Callable[[str], bool]) -> Iterator[Fault]:
    """Offset and reason of every call that is refused; `code` is the source without strings.

    `is_own` says of a dotted name whether it leads to a function of the modules themselves.
    """
    rules = {name for name in _RULE.findall(code) if why_refused(name) == UNKNOWN or "." not in name}
    own = rules | KEYWORDS
    is_ascii = all(text.isascii() for _, text in literals(source))
    for found in CALL.finditer(code):
        name, opening = found.group(1), found.end() - 1
        is_empty = not code[opening + 1 : closing(code, opening)].strip()
        if name in own or is_own(name) or (name == "set" and is_empty):
            continue
        if why_refused(name) == UNKNOWN:
            yield found.start(), f"there is no function {name}: no rule has that name, and no built-in of OPA"
        elif why := why_refused(name):
            yield found.start(), f"the built-in {name} {why}"
        elif name in ASCII_ALONE and not is_ascii:
            yield found.start(), f"{name} leaves letters beyond ASCII as they are here, which OPA does not"
        elif is_empty:
            yield found.start(), f"{name} is called without an argument"
        elif why := _why_unlike(name, source, arguments(code, opening + 1, closing(code, opening)), code):
            yield found.start(), why


def _why_unlike(name: str, source: str, spans: list[Span], code: str) -> str | None:
    texts = [source[start:end] for start, end in spans]
    if len(texts) < 2:
        return None  # OPA and the interpreter both refuse it
    if name in ("replace", "indexof") and not _is_text_of_some_length(texts[1]):
        return f'the second argument of {name} is written out, such as ",": an empty one never ends here'
    if name == "concat" and not _is_in_order(texts[1]):
        return "a set is joined in another order than OPA's: write concat(…, sort(…))"
    if name == "sprintf":
        return _why_format(texts, spans, code)
    return None


def _is_text_of_some_length(text: str) -> bool:
    return text[:1] in ('"', "`") and text[-1:] == text[:1] and len(text) > 2


def _is_in_order(text: str) -> bool:
    if text.startswith("["):
        return "|" not in text
    return re.match(r"(sort|split|array\.\w+)\s*\(|input\b", text) is not None


def _why_format(texts: list[str], spans: list[Span], code: str) -> str | None:
    if not _is_text_of_some_length(texts[0]):
        return "the format of sprintf is written out, so that its verbs can be checked"
    verbs = [verb for verb in _VERB.findall(texts[0]) if verb != "%%"]
    for verb in verbs:
        if verb not in _PLAIN_VERBS:
            return f"sprintf writes {verb} otherwise than OPA does: use %v, %s or %d as they are"
    start, end = spans[1]
    if code[start : start + 1] != "[" or closing(code, start) != end - 1:
        return "the values of sprintf are written as an array, so that they can be counted"
    count = len(arguments(code, start + 1, end - 1))
    return None if count == len(verbs) else f"sprintf has {len(verbs)} verbs and {count} values"
