"""Writes changed decisions in Markdown: all at a glance, the grave ones whole, the others folded in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from evidence.handoff.inert import code_span
from evidence.handoff.words import counted, source_name
from evidence.redaction import shown
from simulator.comparison.model import (
    Change,
    ChangeClass,
    ChangeKind,
    ClauseChange,
    ClauseEvidence,
    Comparison,
    LabelEffect,
    Responsibility,
)
from simulator.comparison.rendering.change_words import (
    by_gravity,
    clause_words,
    label_words,
    marks,
    necessary_clauses,
    parting_sentence,
    responsible_sentence,
)
from simulator.comparison.rendering.identifiers import markdown
from simulator.comparison.rendering.rows import Row, change_rows, glance_rows
from simulator.comparison.rendering.venues import PULL_REQUEST, Venue
from simulator.comparison.rendering.wording import listing_sentence

GLANCE_MAX = 100
GLANCE_MARGIN = 500  # characters of what stands around the lines
EVIDENCE_MAX = 30
SETS_MAX = 5
# Looked at by every reviewer, and so never folded in; a regression is grave whatever its class.
GRAVE = (ChangeClass.APPROVAL_WEAKENING, ChangeClass.RISKIER)

Clauses = Mapping[str, ClauseChange]


def changed_decisions(comparison: Comparison, length_max: int) -> Iterator[str]:
    """The section, part by part; what does not fit into so many characters is told at a glance."""
    changes = by_gravity(comparison.changed, ChangeKind.DECISION)
    if not changes:
        return
    glance = "\n".join(glance_lines(comparison, changes, length_max))
    yield glance
    clauses = {clause.id: clause for clause in comparison.clauses}
    whole, length = [], length_max - len(glance)
    for change in sorted(changes, key=lambda change: not _is_grave(change)):
        block = "\n".join(_change(change, clauses))
        length -= len(block)
        if length < 0:
            break
        whole.append((change, block))
    yield from (block for change, block in whole if _is_grave(change))
    folded = [block for change, block in whole if not _is_grave(change)]
    if folded:
        what = counted(len(folded), "less grave change", "less grave changes")
        yield f"<details><summary>{what} in full</summary>"
        yield from folded
        yield "</details>"
    if len(whole) < len(changes):
        left = counted(len(changes) - len(whole), "more change")
        yield f"{left} in full: in the HTML page and in the JSON."


def _is_grave(change: Change) -> bool:
    return change.label is LabelEffect.REGRESSES or any(each in GRAVE for each in change.classes)


def glance_lines(
    comparison: Comparison,
    changes: Sequence[Change],
    length_max: int,
    listed_max: int = GLANCE_MAX,
    venue: Venue = PULL_REQUEST,
) -> Iterator[str]:
    """The changes on a line each, as many as may be listed and fit into so many characters."""
    yield "### Changed decisions"
    yield ""
    if sentence := listing_sentence(comparison):
        yield sentence
        yield ""
    yield "| incident | change | decision | asked |"
    yield "|---|---|---|---|"
    lines = [_glance_line(change) for change in changes[:listed_max]]
    ends = accumulate(len(line) for line in lines)
    fitting = [line for line, end in zip(lines, ends, strict=True) if end <= length_max - GLANCE_MARGIN]
    yield from fitting
    yield from rest(len(changes), len(fitting), venue)


def _glance_line(change: Change) -> str:
    cells = [name_of(change), _marks(change), *map(_glance_cell, glance_rows(change))]
    return f"| {' | '.join(cells)} |"


def _marks(change: Change) -> str:
    """The classes and the effect, with those in bold that nobody may overlook."""
    loud = (ChangeClass.APPROVAL_WEAKENING.value, "regression")
    return ", ".join(f"**{mark}**" if mark in loud else mark for mark in marks(change))


def _glance_cell(row: Row) -> str:
    old, new = (markdown(shown(words, 120)) for words in row.words)
    return f"{old} → **{new}**" if row.is_changed else old


def name_of(change: Change) -> str:
    """The incident's id as code."""
    return code_span(shown(change.incident_id, 100))


def rest(count: int, listed_max: int, venue: Venue = PULL_REQUEST) -> Iterator[str]:
    """How many more there are than are listed, as a paragraph of its own."""
    if count > listed_max:
        yield ""
        yield f"And {count - listed_max} more, {venue.elsewhere}."


def _change(change: Change, clauses: Clauses) -> Iterator[str]:
    yield f"#### {name_of(change)}: {', '.join(marks(change))}"
    yield ""
    yield f"“{markdown(shown(change.title, 200))}”"
    yield ""
    yield "| | baseline | candidate |"
    yield "|---|---|---|"
    yield from map(_table_row, change_rows(change))
    yield ""
    for reason in change.reasons:
        yield f"- **Because:** {markdown(shown(reason, 500))}"
    yield f"- **Reviewer:** {label_words(change)}."
    yield f"- **Parted:** {markdown(shown(parting_sentence(change.parting), 500))}"
    if change.responsible is not None:
        yield from _responsible(change.responsible, clauses)
    if change.evidence:
        yield ""
        yield from _evidence(change.evidence)


def _table_row(row: Row) -> str:
    old, new = (markdown(shown(words, 300)) for words in row.words)
    if not row.is_changed:
        return f"| {row.label} | {old} | same |"
    if not row.is_list or not row.new:
        return f"| {row.label} | {old} | **{new}** |"
    names = ", ".join(_name_in_list(name, is_new=name not in row.old) for name in row.new)
    return f"| {row.label} | {old} | {names} |"


def _name_in_list(name: str, *, is_new: bool) -> str:
    told = code_span(shown(name, 100))
    return f"**{told}**" if is_new else told


def _responsible(found: Responsibility, clauses: Clauses) -> Iterator[str]:
    sets = found.minimal_sets[:SETS_MAX]
    yield f"- **Responsible:** {responsible_sentence(found)}{':' if sets else '.'}"
    for group in sets:
        yield f"  - {'<br>and '.join(_clause(name, clauses) for name in group)}"
    if len(found.minimal_sets) > SETS_MAX:
        yield f"  - and {len(found.minimal_sets) - SETS_MAX} more sets, in the JSON"
    if necessary := necessary_clauses(found):
        names = ", ".join(code_span(shown(name, 200)) for name in necessary[:EVIDENCE_MAX])
        yield f"- **Not without:** {names}"


def _clause(name: str, clauses: Clauses) -> str:
    told = f": {code_span(shown(clause_words(clauses[name]), 240))}" if name in clauses else ""
    return f"{code_span(shown(name, 200))}{told}"


def _evidence(evidence: Sequence[ClauseEvidence]) -> Iterator[str]:
    yield f"<details><summary>Evidence that these clauses read: {counted(len(evidence), 'anchor')}</summary>"
    yield ""
    yield "| clause | column | source | file | record | bytes | field |"
    yield "|---|---|---|---|---|---|---|"
    for each in evidence[:EVIDENCE_MAX]:
        anchor = each.anchor
        cells = (
            code_span(shown(each.clause, 200)),
            code_span(shown(each.column, 100)),
            markdown(shown(source_name(each.source), 60)),
            code_span(shown(anchor.path, 200)),
            code_span(anchor.record_sha256[:12]),
            f"{anchor.byte_offset} to {anchor.byte_offset + anchor.byte_length}",
            code_span(shown(anchor.pointer, 200)) if anchor.pointer else "whole record",
        )
        yield f"| {' | '.join(cells)} |"
    yield from rest(len(evidence), EVIDENCE_MAX)
    yield ""
    yield "</details>"
