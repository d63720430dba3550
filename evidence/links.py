"""Owns the drill-down links from an incident to the incident system, logs, traces and changes."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from urllib.parse import quote

from evidence.errors import InputError

SCHEME = "https://"

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"'`\\]")


def link(template: str | None, values: Mapping[str, str | int | None]) -> str | None:
    """The template with every placeholder filled, percent-encoded; None when a value is unknown or unsafe.

    Values come from logs: each is encoded whole, so that none can leave its place in the address. A
    value with quotes, backslashes or control characters gives no link: a template may hold an encoded
    query (as Grafana's do), which such a value could end early.
    Raises InputError for a template that does not begin with https:// and a fixed host, or that names
    an unknown placeholder.
    """
    if template is None:
        return None
    fields = _fields(template, values)
    filled = {field: values[field] for field in fields}
    if any(value is None or _UNSAFE.search(str(value)) for value in filled.values()):
        return None
    return template.format_map({field: quote(str(value), safe="") for field, value in filled.items()})


def _fields(template: str, values: Mapping[str, str | int | None]) -> list[str]:
    try:
        parts = [part for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        raise InputError(f"link template {template!r}: {error}", remedy="Write braces as {name}") from error
    host = template.removeprefix(SCHEME).partition("/")[0]
    if not template.startswith(SCHEME) or not host or "{" in host:
        raise InputError(
            f"link template {template!r} does not name a fixed https host",
            remedy="Begin it with https://host/",
        )
    for _, field, format_spec, conversion in parts:
        if field not in values or format_spec or conversion:
            raise InputError(
                f"link template {template!r} has the unknown placeholder {{{field}}}",
                remedy="Use one of " + ", ".join(f"{{{name}}}" for name in sorted(values)),
            )
    return [field for _, field, _, _ in parts if field is not None]
