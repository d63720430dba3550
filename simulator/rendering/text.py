"""Writes a comparison for a terminal: plain text of at most 110 columns, the gravest first."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evidence.redaction import shown
from simulator.comparison_model import (
    BundleRef,
    Change,
    ChangeClass,
    ChangeKind,
    ClauseChange,
    ClauseEvidence,
    Comparison,
    Responsibility,
    StaticWeakening,
)
from simulator.rendering.change_words import (
    by_gravity,
    clause_words,
    label_words,
    marks,
    necessary_clauses,
    parting_sentence,
    regressions,
    responsible_sentence,
)
from simulator.rendering.rows import Row, change_rows, decision_words, figures
from simulator.rendering.wording import (
    CLASS_MEANINGS,
    allowed_weakenings,
    clause_sentence,
    headline,
    history_words,
    is_same_bundle,
    label_sentence,
    listing_sentence,
    moved_loads,
    other_loads,
    removal_sentence,
    removed_approvals,
    safety_sentence,
    silence_sentence,
    time_sentence,
    weakened_safeties,
)

WIDTH = 110
LABEL_WIDTH = 15
CLAUSES_MAX = 20
SETS_MAX = 5
REGRESSIONS_MAX = 10
BAR_WIDTH = 24

Block = Iterator[RenderableType]


def render_text(comparison: Comparison) -> str:
    """The whole comparison; texts that are not ours are cut, the JSON has them whole."""
    sections = (
        _head(comparison),
        _weakenings(comparison),
        _classes(comparison),
        _figures(comparison),
        _decisions(comparison),
        _paths(comparison),
        _cosmetics(comparison),
        _clauses(comparison),
    )
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=WIDTH,
        color_system=None,
        force_terminal=False,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
        _environ={},
    )
    for number, section in enumerate(listed for each in sections if (listed := list(each))):
        if number:
            console.print()
        for part in section:
            console.print(part)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"


def _head(comparison: Comparison) -> Block:
    yield Text(headline(comparison.summary))
    for sentence in (silence_sentence(comparison), label_sentence(comparison.summary)):
        if sentence:
            yield Text(sentence)
    if lost := regressions(comparison.changed):
        named = ", ".join(shown(change.incident_id, 100) for change in lost[:REGRESSIONS_MAX])
        yield _hanging("regresses: ", named + (", …" if len(lost) > REGRESSIONS_MAX else ""))
    yield Text()
    table = _grid(LABEL_WIDTH)
    table.add_row("baseline", _bundle(comparison.baseline))
    table.add_row("candidate", _bundle(comparison.candidate))
    table.add_row("history", f"{history_words(comparison)}  ({comparison.history.digest[:12]})")
    yield table


def _bundle(bundle: BundleRef) -> str:
    return f"{shown(bundle.name, 60)}  {shown(bundle.reference, 60)}  ({bundle.digest[:12]})"


def _weakenings(comparison: Comparison) -> Block:
    removed, weakened = removed_approvals(comparison), weakened_safeties(comparison)
    if removed:
        yield _title("!! approvals removed")
        yield Text(removal_sentence(len(removed)))
        yield from map(_weakening, removed)
    if weakened:
        if removed:
            yield Text()
        yield _title("! safeties weakened")
        yield Text(safety_sentence(len(weakened)))
        yield from map(_weakening, weakened)
    for allowed in allowed_weakenings(comparison):
        yield Text(f"allowed by name: {shown(allowed.what, 200)} ({shown(allowed.id, 200)})")


def _weakening(weakening: StaticWeakening) -> RenderableType:
    table = _grid(8)
    if weakening.witness:
        table.add_row("  where", shown(weakening.witness, 300))
    if weakening.is_approval:
        table.add_row("  allow", f"--allow {weakening.id}")
    return Group(_hanging("- ", shown(weakening.what, 300)), table)


def _classes(comparison: Comparison) -> Block:
    summary = comparison.summary
    if not summary.classes:
        return
    yield _title("changes by class")
    table = Table.grid(padding=(0, 2))
    most = max(summary.classes.values())
    table.add_column(width=22)
    table.add_column(justify="right")
    table.add_column(width=BAR_WIDTH)
    table.add_column()
    for each in ChangeClass:
        if count := summary.classes.get(each.value):
            table.add_row(each.value, str(count), "█" * -(-count * BAR_WIDTH // most), CLASS_MEANINGS[each])
    yield table


def _figures(comparison: Comparison) -> Block:
    summary = comparison.summary
    if not summary.incident_count or is_same_bundle(comparison):
        return
    yield _title(f"over all {summary.incident_count} incidents")
    table = Table.grid(padding=(0, 2))
    for _ in range(7):
        table.add_column(no_wrap=True)
    table.add_row("", "before", " now", "  of", "", "", "95 % interval, percentage points")
    for figure in figures(summary):
        counts = figure.counted
        table.add_row(
            figure.label,
            f"{counts.baseline_count:>6}",
            f"{counts.candidate_count:>4}",
            f"{counts.incident_count:>4}",
            f"{figure.difference:>4}",
            figure.moves,
            ", ".join(part for part in (figure.interval, figure.test) if part),
        )
    yield table
    yield _hanging("decided: ", time_sentence(summary.time_to_decision))
    if summary.role_loads:
        loads = [
            f"{shown(load.role, 60)} {load.baseline_count} → {load.candidate_count}"
            for load in moved_loads(summary)
        ]
        loads += [others] if (others := other_loads(summary)) else []
        yield _hanging("asked to approve: ", ", ".join(loads))
    for note in summary.notes:
        yield _hanging("note: ", shown(note))


def _decisions(comparison: Comparison) -> Block:
    changes = by_gravity(comparison.changed, ChangeKind.DECISION)
    if not changes:
        return
    yield _title("changed decisions")
    if sentence := listing_sentence(comparison):
        yield Text(sentence)
    clauses = {clause.id: clause for clause in comparison.clauses}
    for number, change in enumerate(changes):
        if number:
            yield Text()
        yield from _change(change, clauses)


def _change(change: Change, clauses: dict[str, ClauseChange]) -> Block:
    yield Text(f"{shown(change.incident_id, 100)}  {', '.join(marks(change))}")
    table = _grid(LABEL_WIDTH, indent=2)
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


def _responsible(found: Responsibility, clauses: dict[str, ClauseChange]) -> Block:
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


def _clause(name: str, clauses: dict[str, ClauseChange]) -> str:
    told = f": {clause_words(clauses[name])}" if name in clauses else ""
    return shown(f"{name}{told}", 240)


def _evidence(evidence: Sequence[ClauseEvidence]) -> Iterator[str]:
    """Each record once, with the columns that it stands behind."""
    columns: dict[tuple[str, int], list[str]] = {}
    for each in evidence:
        columns.setdefault((each.anchor.path, each.anchor.ordinal), []).append(each.column)
    for (path, ordinal), names in list(columns.items())[:CLAUSES_MAX]:
        yield shown(f"{path} record {ordinal}: {', '.join(sorted(set(names)))}", 300)
    if len(columns) > CLAUSES_MAX:
        yield f"and {len(columns) - CLAUSES_MAX} more records, in the JSON."


def _paths(comparison: Comparison) -> Block:
    changes = by_gravity(comparison.changed, ChangeKind.PATH)
    if changes:
        yield _title("same decision, another path")
    for change in changes:
        yield Text(f"{shown(change.incident_id, 100)}  {shown(decision_words(change.candidate), 200)}")
        yield Padding(Text(shown(parting_sentence(change.parting), 500)), (0, 0, 0, 2))


def _cosmetics(comparison: Comparison) -> Block:
    changes = by_gravity(comparison.changed, ChangeKind.COSMETIC)
    if changes:
        yield _title("same decision and path, described otherwise")
    for change in changes:
        yield Text(f"{shown(change.incident_id, 100)}  {shown(' '.join(change.reasons), 300)}")


def _clauses(comparison: Comparison) -> Block:
    if not comparison.clauses:
        return
    yield _title("clauses")
    yield Text(clause_sentence(comparison))
    if len(comparison.clauses) > CLAUSES_MAX:
        yield Text("They are listed in the JSON and in the HTML page.")
        return
    for clause in comparison.clauses:
        name = shown(clause.id, 200) + ("" if clause.can_decide else " (words)")
        yield _hanging("- ", f"{name}: {shown(clause_words(clause), 300)}")


def _grid(width: int, indent: int = 0) -> Table:
    """Two columns: a label of fixed width, and text that wraps."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=width, no_wrap=True)
    table.add_column(overflow="fold", max_width=WIDTH - width - indent - 1)
    return table


def _hanging(mark: str, text: str) -> RenderableType:
    """The text behind a mark, its further lines below its first word."""
    table = Table.grid()
    table.add_column(width=len(mark), no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(mark, text)
    return table


def _title(text: str) -> RenderableType:
    return Text(f"== {text.upper()} ".ljust(WIDTH, "="))
