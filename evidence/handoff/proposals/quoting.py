r"""Quotes values for the formats of proposals, so that no value can leave its place in the text.

Every format gets a double-quoted text in plain ASCII: what a terminal or an editor shows is what is there.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterable
from typing import Any

from evidence.redaction import make_visible, shown

_DIGEST_SHOWN = 8  # characters of a digest that are enough to tell two names apart


def json_text(value: Any) -> str:
    """A JSON document, indented, keys as given, ASCII only."""
    return json.dumps(value, indent=2, ensure_ascii=True)


def yaml_text(value: str) -> str:
    r"""A YAML double-quoted scalar; beyond the basic plane `\U0001F600`, as YAML has no surrogate pairs."""
    return f'"{_escaped(value)}"'


def hcl_text(value: str) -> str:
    """An HCL string literal; `${` and `%{` would begin a template and are doubled."""
    return f'"{_escaped(value)}"'.replace("${", "$${").replace("%{", "%%{")


def query_text(value: str) -> str:
    """A string literal of LogQL, PromQL and TraceQL (Go's escapes)."""
    return f'"{_escaped(value)}"'


def hcl_name(value: str) -> str:
    """A Terraform identifier made from the value."""
    name = re.sub(r"[^a-z0-9_]+", "_", value.lower()).strip("_")
    return name if name and name[0].isalpha() else f"r_{name or 'resource'}"


def kubernetes_name(value: str, length_max: int = 63) -> str:
    """A DNS-1123 label made from the value; a long one is cut, and ends in a digest that tells it apart."""
    name = re.sub(r"[^a-z0-9-]+", "-", value.lower()).strip("-") or "unnamed"
    if len(name) <= length_max:
        return name
    digest = hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()[:_DIGEST_SHOWN]
    return f"{name[: length_max - _DIGEST_SHOWN - 1].rstrip('-')}-{digest}"


class ShellWord(str):
    """A part of a shell word that is quoted already."""


def shell_word(*parts: str) -> ShellWord:
    """One word of exactly these parts, quoted where a shell would read them otherwise."""
    return ShellWord(
        "".join(part if isinstance(part, ShellWord) else shlex.quote(make_visible(part)) for part in parts)
    )


def command_line(words: Iterable[str]) -> str:
    """A shell command of exactly these words, on one line."""
    return " ".join(shell_word(word) for word in words)


def comment_lines(lines: Iterable[str], mark: str = "#") -> list[str]:
    """Each line as a comment, without secrets; a line break within one cannot end it."""
    return [f"{mark} {shown(line)}" for line in lines]


def heading(verb: str, incident_id: str, title: str) -> list[str]:
    """What every proposal begins with: that nobody has `verb` it ("applied", "run"), and what it is about."""
    return comment_lines([f"Proposal, not {verb}.", f"Incident {incident_id}: {title}"])


def _escaped(value: str) -> str:
    return "".join(_escape(char) for char in value)


def _escape(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if " " <= char <= "~":
        return char
    return f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}"
