"""Writes one changed decision for a terminal: old to new, why, by which clauses, on what evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evidence.cut_lists import cut_list
from evidence.redaction import shown
from simulator.comparison.model import Change, ClauseChange, ClauseEvidence, Responsibility
from simulator.comparison.rendering.change_words import (
    clause_words,
    label_words,
    marks,
    necessary_clauses,
    parting_sentence,
    responsible_sentence,
)
from simulator.comparison.rendering.rows import Row, change_rows

LABEL_WIDTH = 15
EVIDENCE_MAX = 20
RECORDS_MAX = 5  # of one file that stand behind the same
SETS_MAX = 5

Block = Iterator[RenderableType]


def change_block(change: Change, clauses: Mapping[str, ClauseChange]) -> Block:
    """The incident with its classes, then its rows, indented."""
    yield Text(f"{shown(change.incident_id, 100)}  {', '.join(marks(change))}")
    table = grid(LABEL_WIDTH)
    table.add_row("", shown(change.title, 200))
    for row in change_rows(change):
        table.add_row(row.label, _old_and_new(row))
    for reason in change.reasons:
        table.add_row("because", shown(reason, 500))
    table.add_row("reviewer", label_words(change))
    table.add_row("parted", shown(parting_sentence(change.parting), 500))
    if change.responsible is not None:
        table.add_row("responsible", Group(*_responsible(change.responsible, clauses)))
    if change.evidence:
        table.add_row("evidence", Text("\n".join(_evidence(change.evidence))))
    yield Padding(table, (0, 0, 0, 2))


def _old_and_new(row: Row) -> str:
    if row.is_changed and row.is_list and row.old and row.new:
        return "; ".join(_sorted_out(row.old, row.new))
    old, new = (shown(words, 300) for words in row.words)
    return f"{old}  →  {new}" if row.is_changed else old


def _sorted_out(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """What both name, then what only one of them does."""
    both = [name for name in new if name in old]
    before = [name for name in old if name not in new]
    now = [name for name in new if name not in old]
    for words, names in (("", both), ("no longer ", before), ("now also " if both else "now ", now)):
        if names:
            yield words + shown(", ".join(names), 300)


def _responsible(found: Responsibility, clauses: Mapping[str, ClauseChange]) -> Block:
    if not found.minimal_sets:
        yield Text(f"{responsible_sentence(found)}.")
        return
    yield Text(f"{responsible_sentence(found)}:")
    sets = Table.grid(padding=(0, 1))
    sets.add_column(width=3, no_wrap=True)
    sets.add_column(overflow="fold")
    is_one = len(found.minimal_sets) == 1
    for number, group in enumerate(found.minimal_sets[:SETS_MAX], start=1):
        for place, clause in enumerate(group):
            sets.add_row("and" if place else "-" if is_one else f"{number}.", _clause(clause, clauses))
    yield sets
    if len(found.minimal_sets) > SETS_MAX:
        yield Text(f"and {len(found.minimal_sets) - SETS_MAX} more sets, in the JSON.")
    if necessary := necessary_clauses(found):
        yield Text(shown(f"The candidate decides otherwise without {', '.join(necessary)}.", 500))


def _clause(name: str, clauses: Mapping[str, ClauseChange]) -> str:
    told = f": {clause_words(clauses[name])}" if name in clauses else ""
    return shown(f"{name}{told}", 240)


def _evidence(evidence: Sequence[ClauseEvidence]) -> Iterator[str]:
    """Each record once, with the columns that it stands behind; those of a file that stand behind the same
    together."""
    columns: dict[tuple[str, int], set[str]] = {}
    for each in evidence:
        columns.setdefault((each.anchor.path, each.anchor.ordinal), set()).add(each.column)
    alike: dict[tuple[str, str], list[int]] = {}
    for (path, ordinal), names in list(columns.items()):
        alike.setdefault((path, ", ".join(sorted(names))), []).append(ordinal)
    for (path, read), ordinals in list(alike.items())[:EVIDENCE_MAX]:
        records = "record" if len(ordinals) == 1 else "records"
        yield shown(f"{path} {records} {cut_list(ordinals, RECORDS_MAX)}: {read}", 300)
    if len(alike) > EVIDENCE_MAX:
        more = sum(len(each) for each in list(alike.values())[EVIDENCE_MAX:])
        yield f"and {more} more records, in the JSON."


def grid(width: int) -> Table:
    """Two columns: a label of fixed width, and text that wraps."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=width, no_wrap=True)
    table.add_column(overflow="fold")
    return table


def hanging(mark: str, text: str) -> RenderableType:
    """The text behind a mark, its further lines below its first word."""
    table = Table.grid()
    table.add_column(width=len(mark), no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(mark, text)
    return table
