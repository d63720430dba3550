"""Owns how values stand in PostgreSQL's SQL: whatever a text holds, it stays a text.

Only printable ASCII is written, so that neither the encoding of a client nor what a terminal makes of a
character changes anything, and no line break, so that a line never begins with what psql takes for a command.
"""

from __future__ import annotations

import re
from typing import Any

from evidence.times import format_rfc3339

# PostgreSQL keeps no NUL in a text; it is shown as other pages show it.
NUL_SHOWN = "⟨U+0000⟩"
_SPECIAL = re.compile(r"[^ -&(-\[\]-~]")
_NS_PER_MICROSECOND = 1000


def literal(value: Any, type_name: str) -> str:
    """The value as a literal of the PostgreSQL type; a timestamptz is given in nanoseconds since 1970."""
    if value is None:
        return "null"
    if type_name == "timestamptz":
        return f"'{format_rfc3339(value - value % _NS_PER_MICROSECOND)}'"
    if type_name == "text[]":
        return f"array[{', '.join(literal(each, 'text') for each in value)}]::text[]"
    if type_name == "boolean":
        return "true" if value else "false"
    return text_literal(value) if type_name == "text" else str(int(value))


def text_literal(text: str) -> str:
    """The text in quotes; with an E before them where anything is escaped."""
    escaped = _SPECIAL.sub(_escaped, text.replace("\0", NUL_SHOWN))
    return f"E'{escaped}'" if "\\" in escaped else f"'{escaped}'"


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    if char in "'\\":
        return char * 2
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
