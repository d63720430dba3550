"""Writes a comparison for a terminal: plain text of at most 110 columns, the gravest first."""

from __future__ import annotations

import io

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evidence.redaction import shown
from simulator.comparison.model import (
    BundleRef,
    ChangeClass,
    ChangeKind,
    Comparison,
    StaticWeakening,
)
from simulator.comparison.rendering.change_words import (
    by_gravity,
    clause_words,
    parting_sentence,
    regressions,
)
from simulator.comparison.rendering.rows import decision_words, figures
from simulator.comparison.rendering.text_changes import LABEL_WIDTH, WIDTH, Block, change_block, grid, hanging
from simulator.comparison.rendering.wording import (
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

CLAUSES_MAX = 20
REGRESSIONS_MAX = 10
BAR_WIDTH = 24


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
        yield hanging("regresses: ", named + (", …" if len(lost) > REGRESSIONS_MAX else ""))
    yield Text()
    table = grid(LABEL_WIDTH)
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
    table = grid(8)
    if weakening.witness:
        table.add_row("  where", shown(weakening.witness, 300))
    if weakening.is_approval:
        table.add_row("  allow", f"--allow {weakening.id}")
    return Group(hanging("- ", shown(weakening.what, 300)), table)


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
    for place in range(6):
        table.add_column(justify="right" if 0 < place < 5 else "left", no_wrap=True)
    table.add_row("", "before", "now", "gained", "lost", "95 % interval, percentage points")
    for figure in figures(summary):
        counts = figure.counted
        numbers = (counts.baseline_count, counts.candidate_count, counts.gained_count, counts.lost_count)
        interval = ", ".join(part for part in (figure.interval, figure.test) if part)
        table.add_row(figure.label, *map(str, numbers), interval)
    yield table
    yield hanging("decided: ", time_sentence(summary.time_to_decision))
    if summary.role_loads:
        loads = [
            f"{shown(load.role, 60)} {load.baseline_count} → {load.candidate_count}"
            for load in moved_loads(summary)
        ]
        loads += [others] if (others := other_loads(summary)) else []
        yield hanging("asked to approve: ", ", ".join(loads))
    for note in summary.notes:
        yield hanging("note: ", shown(note))


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
        yield from change_block(change, clauses)


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
        name = shown(clause.id, 200) + ("" if clause.can_decide else " (decides nothing)")
        yield hanging("- ", f"{name}: {shown(clause_words(clause), 300)}")


def _title(text: str) -> RenderableType:
    return Text(f"== {text.upper()} ".ljust(WIDTH, "="))
