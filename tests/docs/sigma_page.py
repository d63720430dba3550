"""Writes docs/reference/sigma.md: the words of sigma_page.md, with the tables that the code holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from evidence.detections.log_sources import LOG_SOURCES
from evidence.detections.modifiers import CLASHES, HONOURED, REFUSED

SOURCES = "`evidence/detections/` and `tests/docs/sigma_page.md`"
NOTE = f"<!-- Written by `make golden` from {SOURCES}; do not edit. -->\n\n"


def sigma_page() -> str:
    """The whole page."""
    text = Path(__file__).with_suffix(".md").read_text(encoding="utf-8")
    for name, table in _tables().items():
        text = text.replace(f"{{{name}}}\n", f"{table}\n" if f"{{{name}}}\n\n" not in text else table)
    return NOTE + text


def _tables() -> Mapping[str, str]:
    sources = (
        (_pairs(each.attributes), _pairs(each.optional), _names(each.formats), each.lookup)
        for each in LOG_SOURCES
    )
    clashes = ((_names(sorted(each.modifiers)), each.what, each.remedy) for each in CLASHES)
    return {
        "log_sources": _table(("`logsource`", "may add", "formats", "what a rule sees"), sources),
        "modifiers": _table(
            ("modifier", "meaning"), ((f"`{name}`", said) for name, said in HONOURED.items())
        ),
        "refused": _refused_modifiers(),
        "clashes": _table(("modifiers", "because", "instead"), clashes),
    }


def _refused_modifiers() -> str:
    rows = [(f"`{name}`", reason) for name, reason in REFUSED.items()]
    return _table(("refused", "because"), rows) if rows else "No modifier of pySigma's is refused.\n"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _pairs(attributes: Mapping[str, str]) -> str:
    return ", ".join(f"`{key}: {value}`" for key, value in attributes.items()) or "nothing"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
