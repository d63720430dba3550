"""Owns the drill-down links from an incident to the incident system, logs, traces, changes and audit."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from evidence.errors import InputError

SCHEME = "https://"
KINDS = ("incident", "logs", "traces", "changes", "audit")
FIELDS = frozenset(
    {
        "account",
        "application",
        "cluster",
        "credential",
        "from_ms",
        "incident_id",
        "namespace",
        "region",
        "service",
        "to_ms",
        "user",
    }
)

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\"'`\\]|\A\.{0,2}\Z")

Values = Mapping[str, str | int | None]


def link(templates: str | Sequence[str] | None, values: Values) -> str | None:
    """The template with every placeholder filled, percent-encoded; None when a value is unknown or unsafe.

    Of several templates the first that can be filled. Values come from logs: each is encoded whole, so
    that none can leave its place in the address. A value with quotes, backslashes or control characters
    gives no link: a template may hold an encoded query (as Grafana's do), which such a value could end
    early. Nor does an empty one or `..`, which a browser would take for the folder above.
    Raises InputError for a template that does not begin with https:// and a fixed host, or that names
    an unknown placeholder.
    """
    for template in (templates,) if isinstance(templates, str) else templates or ():
        fields = check_template(template, frozenset(values))
        filled = {field: values[field] for field in fields}
        if not any(value is None or _UNSAFE.search(str(value)) for value in filled.values()):
            return template.format_map({field: quote(str(value), safe="") for field, value in filled.items()})
    return None


@lru_cache(maxsize=256)
def check_template(template: str, known: frozenset[str] = FIELDS) -> tuple[str, ...]:
    """The placeholders of a template, in order. Raises InputError for one that could lead elsewhere."""
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
        if field not in known or format_spec or conversion:
            raise InputError(
                f"link template {template!r} has the unknown placeholder {{{field}}}",
                remedy="Use one of " + ", ".join(f"{{{name}}}" for name in sorted(known)),
            )
    return tuple(field for _, field, _, _ in parts if field is not None)


def audit_place(
    events: Iterable[Mapping[str, Any]], credential: str | None, principal: str | None
) -> dict[str, str | None]:
    """Account and region whose trail holds most calls of the credential or principal; of equals the least."""
    about = [(key, value) for key, value in (("credential_uid", credential), ("actor", principal)) if value]
    places = Counter(
        (event["region"], event["account_uid"])
        for event in events
        if event["source"] == "aws_cloudtrail"
        and event["region"] is not None
        and any(event[key] == value for key, value in about)
    )
    ranked = sorted(places.items(), key=lambda item: (-item[1], item[0][0], item[0][1] or ""))
    region, account = ranked[0][0] if ranked else (None, None)
    return {"account": account, "region": region}
