"""Writes what Dagster shows of the packages with a run: the gravest one, as it is pasted into a ticket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence.handoff.inert import code_span
from evidence.handoff.model import Package
from evidence.handoff.ticket import markdown_sections

# Dagster keeps what it shows with every run: one package, and of a very long one the first sections.
LENGTH_MAX = 40_000


def gravest(packages: Iterable[Package]) -> Package | None:
    """That of the highest severity, then impact, then the one decided last; None where there is none."""
    return max(packages, key=_gravity, default=None)


def _gravity(package: Package) -> tuple[int, int, str, str]:
    severity, impact = package.severity.value, package.impact.value
    return severity or 0, impact or 0, package.as_of, package.incident_id


def metadata_markdown(package: Package, length_max: int = LENGTH_MAX) -> str:
    """Its Markdown, cut between two sections and never within one: a cut could open what a fence closes."""
    sections = markdown_sections(package)
    shown = _fitting(sections, length_max)
    text = "\n\n".join(sections[:shown]) + "\n"
    if shown == len(sections):
        return text
    file = code_span(f"handoffs/{package.incident_id}.md")
    return f"{text}\nShortened: {len(sections) - shown} further sections stand in {file}.\n"


def _fitting(sections: Sequence[str], length_max: int) -> int:
    """How many sections are no longer together than so many characters; the first in any case."""
    length = 0
    for count, section in enumerate(sections):
        length += len(section) + 2
        if length > length_max and count:
            return count
    return len(sections)
