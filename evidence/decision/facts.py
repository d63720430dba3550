"""Owns the facts of a state that a decision reads, and the other values that each of them could have.

A fact is a column of the incident states, or whether a signal of one name has arrived. Its values are
cut at the bundle's own constants: within a piece all values are decided alike, so that finitely many
pieces stand for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from evidence.decision.bundle import Bundle
from evidence.decision.conditions import COLUMNS, INTEGERS, Condition, HasSignal, Matches, leaves
from evidence.decision.reach import EVERYTHING, State, conditions_near, value_at
from evidence.decision.satisfiability import (
    Elsewhere,
    Truths,
    Undecided,
    bounds,
    cell_name,
    cells_of,
    outcomes,
)

OTHER_TEXT = "another"  # stands for every text that no constant names
# Once there was a signal there is no state without one: what comes before it is not decided.
_NEVER_BACK_TO_NONE = ("signal_count", "signal_source_count")


@dataclass(frozen=True, slots=True)
class Piece:
    """Values that are decided alike; `value` stands for them, of integers the one nearest to the state's.

    Integers reach from `low` to `high`, both included, None is no bound; of others all are in `values`.
    """

    value: Any
    values: tuple[Any, ...] = ()
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a state: its value, and every other piece of values.

    `signal` is the name of a signal, whose values are whether it has arrived; empty for a column.
    `is_sampled`: the bundle matches the column with patterns, and some pieces may be missing.
    """

    column: str
    signal: str
    old: Any
    others: tuple[Piece, ...]
    is_sampled: bool = False

    @property
    def name(self) -> str:
        """Unique among the facts of a state."""
        return f"has_signal('{self.signal}')" if self.signal else self.column


def facts_near(bundle: Bundle, state: State, changes_max: int = EVERYTHING) -> tuple[Fact, ...]:
    """The facts that can matter to the decision within so many changes, by column in declared order."""
    order = list(COLUMNS)
    read = sorted(
        {leaf for each in conditions_near(bundle, state, changes_max) for leaf in leaves(each)},
        key=lambda leaf: (order.index(_column(leaf)), cell_name(leaf), repr(leaf)),
    )
    facts = [_fact(state, tuple(among)) for _, among in groupby(read, key=cell_name)]
    return tuple(each for each in facts if each.others)


def _fact(state: State, among: Sequence[Condition]) -> Fact:
    """The fact that these leaves read."""
    column, old = _column(among[0]), value_at(among[0], state)
    signal = among[0].name if isinstance(among[0], HasSignal) else ""
    values, is_sampled = _values(column, old, among)
    cut = _integer_pieces if COLUMNS[column].type in INTEGERS else _pieces
    return Fact(column, signal, old, tuple(cut(column, old, among, values)), is_sampled)


def _column(leaf: Condition) -> str:
    return "signal_names" if isinstance(leaf, HasSignal) else cell_name(leaf)


def _signature(among: Sequence[Condition], value: Any) -> tuple[Truths, ...]:
    """What each leaf makes of a value: values of one signature are decided alike."""
    return tuple(outcomes(leaf, {cell_name(leaf): value}) for leaf in among)


def _values(column: str, old: Any, among: Sequence[Condition]) -> tuple[list[Any], bool]:
    """Values that stand for all, and whether they may fail to: texts for patterns are only tried."""
    try:
        cells = next(iter(cells_of(among).values()))
    except Undecided:
        return [*_texts(among), None], True
    known = [each for each in cells if not isinstance(each, Elsewhere)]
    texts = [*_texts(among), OTHER_TEXT] if len(known) < len(cells) else []
    if column in _NEVER_BACK_TO_NONE and old:
        known = [each for each in known if each]
    values = [
        *(each for each in known if each is not None),
        *texts,
        *(each for each in known if each is None),
    ]
    signatures = [{_signature(among, each) for each in some} for some in (cells, values)]
    return values, bool(texts) and not signatures[0] <= signatures[1]


def _texts(among: Sequence[Condition]) -> list[str]:
    """Texts that likely match the patterns."""
    patterns = [leaf.pattern for leaf in among if isinstance(leaf, Matches)]
    return sorted({pattern.strip("%^$") for pattern in patterns})


def _pieces(_: str, old: Any, among: Sequence[Condition], values: Sequence[Any]) -> Iterator[Piece]:
    alike: dict[tuple[Truths, ...], list[Any]] = {}
    for value in values:
        alike.setdefault(_signature(among, value), []).append(value)
    for signature, some in alike.items():
        if signature != _signature(among, old):
            yield Piece(some[0], tuple(some))


def _integer_pieces(
    column: str, old: Any, among: Sequence[Condition], values: Sequence[Any]
) -> Iterator[Piece]:
    """From the lowest up, unknown last."""
    least, most = bounds(column)
    integers = sorted(each for each in values if each is not None)
    for signature, run in groupby(integers, key=lambda each: _signature(among, each)):
        first, *_, last = (*run,) * 2
        if signature != _signature(among, old):
            yield Piece(
                min(max(old or 0, first), last),
                low=None if first == integers[0] and first > least else first,
                high=None if last == integers[-1] and last < most else last,
            )
    if None in values and old is not None:
        yield Piece(None, (None,))
