"""Writes a report as Markdown; whatever is not ours stands in code spans. Charts are told by their tables."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.handoff.inert import code_span, markdown
from evidence.report.blocks import (
    Block,
    Bullets,
    Cell,
    Charts,
    Linked,
    Named,
    Paragraph,
    Section,
    Table,
    Text,
)
from evidence.report.document import NOTHING, headline, sections
from evidence.report.model import Incident, Report


def render_markdown(report: Report) -> str:
    """The whole report; what changed first."""
    parts = [_head(report), *map(_section, sections(report))]
    return "\n\n".join(parts) + "\n"


def _head(report: Report) -> str:
    lines = [
        f"# Weekly report {report.week}",
        "",
        f"Monday {report.monday} to Sunday {report.sunday}, UTC · {headline(report).lower()}"
        + (f" · active playbook {code_span(report.playbook)}" if report.playbook else ""),
        "",
        "## What changed",
        "",
        *(f"- {markdown(each)}" for each in report.changes),
        "",
        "## What cannot be said",
        "",
        *(f"- {markdown(each)}" for each in report.unsaid),
    ]
    return "\n".join(lines)


def _section(section: Section) -> str:
    blocks = [text for block in section.blocks if (text := "\n".join(_block(block)))]
    return "\n\n".join((f"## {section.title}", *blocks))


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(text=text):
            yield markdown(text)
        case Bullets(texts=texts):
            yield from (f"- {markdown(each)}" for each in texts)
        case Table():
            if block.folded:
                yield from (f"{markdown(block.folded.capitalize())}:", "")
            yield from _table(block)
        case Charts():
            return


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(table.head)} |"
    yield "|" + "---|" * len(table.head)
    for row in table.rows:
        cells = [_cell(cell) for cell in row]
        cells += [""] * (len(table.head) - len(cells))
        if len(row) < len(table.head):
            cells[0] = f"*{cells[0]}*"
        yield f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    match cell:
        case Text(text=text, detail=detail):
            return markdown(f"{text}, {detail}" if detail else text)
        case Named(incidents=incidents, more_count=more):
            told = ", ".join(map(_name, incidents))
            told = f"{cell.count:,}: {told}" if cell.is_counted else told
            return f"{told} and {more:,} more" if more else told
        case Linked(incident=incident):
            return " · ".join(f"[{link.label}](<{link.url}>)" for link in incident.links) or NOTHING


def _name(incident: Incident) -> str:
    """The incident's name, leading to the first of its links."""
    name = code_span(incident.name)
    return f"[{name}](<{incident.links[0].url}>)" if incident.links else name
