"""Writes a comparison for a terminal, as wide as it is: the gravest first, of many the first."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.console import Group as Lines
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from evidence.redaction import shown
from simulator.comparison.model import (
    BundleRef,
    Change,
    ChangeClass,
    ChangeKind,
    Comparison,
    StaticWeakening,
)
from simulator.comparison.rendering.change_words import (
    by_gravity,
    clause_words,
    is_edited_policy,
    parting_sentence,
    regressions,
    verdict_sentence,
)
from simulator.comparison.rendering.rows import decision_words, figures
from simulator.comparison.rendering.text_changes import LABEL_WIDTH, Block, change_block, grid, hanging
from simulator.comparison.rendering.text_detections import detections_block
from simulator.comparison.rendering.text_policies import policies_block
from simulator.comparison.rendering.wording import (
    CLASS_MEANINGS,
    Group,
    allowed_weakenings,
    clause_sentence,
    headline,
    history_words,
    is_same_bundle,
    label_sentence,
    listing_sentence,
    moved_loads,
    other_loads,
    silence_sentence,
    time_sentence,
    undecided_words,
    weakening_groups,
)

CLAUSES_MAX = 20
DIFF_LINES_MAX = 40
REGRESSIONS_MAX = 10
BAR_WIDTH, BAR_WIDTH_NARROW = 24, 8
NARROW = 100  # columns below which bars give way to words


@dataclass(frozen=True, slots=True)
class Layout:
    """How a comparison is laid out as text: columns, colours, and how many changes of a kind are told.

    `told_max` None tells all that the comparison lists.
    """

    width: int = 110
    told_max: int | None = 20
    is_coloured: bool = False


def render_text(comparison: Comparison, layout: Layout | None = None) -> str:
    """The whole comparison; texts that are not ours are cut, the JSON has them whole."""
    layout = layout or Layout()
    sections = (
        _head(comparison),
        _weakenings(comparison),
        _classes(comparison, layout),
        _detections(comparison, layout),
        _proposals(comparison, layout),
        _figures(comparison),
        _decisions(comparison, layout),
        _paths(comparison, layout),
        _cosmetics(comparison, layout),
        _clauses(comparison),
        _policies(comparison),
    )
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=layout.width,
        color_system="standard" if layout.is_coloured else None,
        force_terminal=layout.is_coloured,
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


@dataclass(frozen=True, slots=True)
class _Title:
    """A section's heading, as wide as the text."""

    text: str
    style: str = "bold"

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield Text(f"== {self.text.upper()} ".ljust(options.max_width, "="), style=self.style)


def _head(comparison: Comparison) -> Block:
    yield Text(headline(comparison.summary))
    for sentence in (silence_sentence(comparison), label_sentence(comparison)):
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
    groups = weakening_groups(comparison)
    for number, group in enumerate(groups):
        if number:
            yield Text()
        yield _Title(f"{'!!' if group.is_alarm else '!'} {group.title}", _style(group))
        yield Text(group.sentence)
        yield from (_weakening(each, group) for each in group.items)
    for allowed in allowed_weakenings(comparison):
        yield Text(f"allowed by name: {shown(allowed.what, 200)} ({shown(allowed.id, 200)})")


def _style(group: Group) -> str:
    return "bold red" if group.is_alarm else "bold yellow"


def _weakening(weakening: StaticWeakening, group: Group) -> RenderableType:
    table = grid(8)
    table.add_row("  where", shown(group.where(weakening), 300))
    table.add_row("  allow", f"--allow {weakening.id}")
    return Lines(hanging("- ", shown(weakening.what, 400)), table)


def _classes(comparison: Comparison, layout: Layout) -> Block:
    summary = comparison.summary
    if not summary.classes:
        return
    yield _Title("changes by class")
    bar_width = BAR_WIDTH_NARROW if layout.width < NARROW else BAR_WIDTH
    table = Table.grid(padding=(0, 2))
    most = max(summary.classes.values())
    table.add_column(width=22)
    table.add_column(justify="right")
    table.add_column(width=bar_width)
    table.add_column()
    for each in ChangeClass:
        if count := summary.classes.get(each.value):
            table.add_row(each.value, str(count), "█" * -(-count * bar_width // most), CLASS_MEANINGS[each])
    yield table


def _figures(comparison: Comparison) -> Block:
    summary = comparison.summary
    if not summary.incident_count or is_same_bundle(comparison):
        return
    yield _Title(f"over all {summary.incident_count} incidents")
    table = Table.grid(padding=(0, 2))
    for place in range(6):
        table.add_column(justify="right" if 0 < place < 5 else "left", no_wrap=place < 5)
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


def _decisions(comparison: Comparison, layout: Layout) -> Block:
    changes = by_gravity(comparison.changed, ChangeKind.DECISION)
    if not changes:
        return
    yield _Title("changed decisions")
    if sentence := listing_sentence(comparison):
        yield Text(sentence)
    clauses = {clause.id: clause for clause in comparison.clauses}
    for number, change in enumerate(changes[: layout.told_max]):
        if number:
            yield Text()
        yield from change_block(change, clauses)
    yield from _untold(changes, layout)


def _proposals(comparison: Comparison, layout: Layout) -> Block:
    if comparison.policies is not None:
        yield _Title("policies")
        yield from policies_block(comparison.policies, layout.told_max)


def _detections(comparison: Comparison, layout: Layout) -> Block:
    if comparison.detections is not None:
        yield _Title("detections")
        yield from detections_block(comparison.detections, layout.told_max)


def _paths(comparison: Comparison, layout: Layout) -> Block:
    changes = by_gravity(comparison.changed, ChangeKind.PATH)
    if changes:
        yield _Title("same decision, another path")
    for change in changes[: layout.told_max]:
        yield Text(f"{shown(change.incident_id, 100)}  {shown(decision_words(change.candidate), 200)}")
        yield Padding(Text(shown(parting_sentence(change.parting), 500)), (0, 0, 0, 2))
    yield from _untold(changes, layout)


def _cosmetics(comparison: Comparison, layout: Layout) -> Block:
    changes = by_gravity(comparison.changed, ChangeKind.COSMETIC)
    if changes:
        yield _Title("same decision and path, described otherwise")
    for change in changes[: layout.told_max]:
        yield Text(f"{shown(change.incident_id, 100)}  {shown(' '.join(change.reasons), 500)}")
    yield from _untold(changes, layout)


def _untold(changes: Sequence[Change], layout: Layout) -> Block:
    """How many more there are than are told, and how to see them."""
    more = 0 if layout.told_max is None else len(changes) - layout.told_max
    if more > 0:
        yield Text()
        yield Text(
            f"and {more} more, less grave: `--all`, `--format html` and `--format json` tell them too."
        )


def _clauses(comparison: Comparison) -> Block:
    if not comparison.clauses:
        return
    yield _Title("clauses")
    yield Text(clause_sentence(comparison))
    if len(comparison.clauses) > CLAUSES_MAX:
        yield Text("They are listed in the JSON and in the HTML page.")
        return
    for clause in comparison.clauses:
        undecided = undecided_words(clause)
        name = shown(clause.id, 200) + (f" ({undecided})" if undecided else "")
        yield hanging("- ", f"{name}: {shown(clause_words(clause), 300)}")


def _policies(comparison: Comparison) -> Block:
    edited = [clause for clause in comparison.clauses if is_edited_policy(clause)]
    if edited:
        yield _Title("edited policies")
    for clause in edited:
        yield Text(f"{shown(clause.id, 200)}  {shown(verdict_sentence(clause), 500)}")
        for line in clause.diff[:DIFF_LINES_MAX]:
            yield Padding(Text(shown(line, 300), style=_DIFF_STYLES.get(line[:1], "")), (0, 0, 0, 2))
        if len(clause.diff) > DIFF_LINES_MAX:
            yield Text(
                f"  and {len(clause.diff) - DIFF_LINES_MAX} lines more, in the JSON and in the HTML page."
            )


_DIFF_STYLES = {"-": "red", "+": "green"}
