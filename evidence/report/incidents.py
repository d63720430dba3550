"""Owns the incidents that a report names: title, handoff page and links to the tools."""

from __future__ import annotations

from urllib.parse import quote

from evidence.redaction import shown
from evidence.report.model import Incident, Link
from evidence.report.reading import Read, Row

# A report lies in a folder beside that of the handoff pages.
ABOVE = "../"
HANDOFF = "handoff"
TITLE_MAX = 140
_LABELS = (
    ("incident_url", "incident"),
    ("logs_url", "logs"),
    ("traces_url", "traces"),
    ("changes_url", "changes"),
    ("audit_url", "audit"),
)


def incidents(read: Read) -> tuple[Incident, ...]:
    """The incidents that count in the week, or did at its end."""
    return tuple(
        Incident(incident_id=row["incident_id"], title=shown(row["title"], TITLE_MAX), links=_links(row))
        for row in read["incidents"]
    )


def handoff_urls(read: Read) -> dict[str, str]:
    """Where the handoff page of each incident lies, seen from the report."""
    return {
        row["incident_id"]: _page(row["handoff_path"]) for row in read["incidents"] if row["handoff_path"]
    }


def _links(row: Row) -> tuple[Link, ...]:
    page = [Link(label=HANDOFF, url=_page(row["handoff_path"]))] if row["handoff_path"] else []
    tools = [Link(label=label, url=row[column]) for column, label in _LABELS if row[column]]
    return (*page, *tools)


def _page(path: str) -> str:
    """Percent-encoded: a name of an incident leads nowhere else."""
    folder, _, name = path.partition("/")
    return f"{ABOVE}{folder}/{quote(name, safe='')}"
