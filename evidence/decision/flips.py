"""Finds the fewest facts that would have to be otherwise for a state to be decided otherwise.

One fact is changed, in every way; then two together, then three: each time a set of states built in SQL
(varied) and decided by the real kernel in one pass. The first size at which something changes is the
smallest, and all that changes it is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeAlias

import duckdb

from evidence.decision.bundle import Bundle
from evidence.decision.codes import Recommendation, decode
from evidence.decision.facts import Fact, Piece, facts_near
from evidence.decision.kernel import Kernel
from evidence.decision.reach import State
from evidence.decision.varied import VARIED, Choice, choices_of, combinations_count, vary
from evidence.tables import open_memory

SIZE_MAX = 5
STATES_MAX = 250_000  # decided in one pass, so that an answer takes a second and not a minute
SETS_MAX = 200  # sets of facts that are told of

Found: TypeAlias = tuple[int, tuple[int, ...]]  # code, and the choices of a combination
Box: TypeAlias = tuple[tuple[int, ...], ...]  # per changed fact the choices any of which will do


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that would be otherwise, and the pieces of values any of which will do."""

    fact: Fact
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Flip:
    """Changes that together give another recommendation, whichever piece of each is taken."""

    changes: tuple[Change, ...]
    recommendation: Recommendation


@dataclass(frozen=True, slots=True)
class Flips:
    """The smallest changes of a state after which another recommendation is made.

    `size` is the number of changed facts; None when there was none up to `searched_size`, beyond which
    the search did not go. `left_out_count` sets of facts are not among `flips`. `sampled` are columns
    of which not every value could be tried, because of patterns.
    """

    recommendation: Recommendation
    flips: tuple[Flip, ...]
    size: int | None
    searched_size: int
    left_out_count: int
    sampled: tuple[str, ...]


def minimal_flips(
    bundle: Bundle, state: State, *, size_max: int = SIZE_MAX, states_max: int = STATES_MAX
) -> Flips:
    """Every smallest set of facts whose change flips the recommendation, by fact in the columns' order.

    `state` is a row of incident states graded by the bundle. `has_minimum_context` follows from the
    changed facts; the graded columns are facts of their own.
    """
    kernel, sampled = Kernel.of([bundle]), set[str]()
    with closing(open_memory()) as connection:
        for size in range(1, size_max + 1):
            facts = facts_near(bundle, state, size)
            if combinations_count(facts, size) > states_max:
                size_max = size - 1
                break
            sampled |= {fact.column for fact in facts if fact.is_sampled}
            recommendation, found = _decide(connection, kernel, state, facts, size)
            if found:
                flips, left_out_count = _flips(bundle, facts, found)
                return Flips(recommendation, flips, size, size, left_out_count, tuple(sorted(sampled)))
        recommendation, _ = _decide(connection, kernel, state, (), 0)
    return Flips(recommendation, (), None, size_max, 0, tuple(sorted(sampled)))


def _decide(
    connection: duckdb.DuckDBPyConnection, kernel: Kernel, state: State, facts: Sequence[Fact], size: int
) -> tuple[Recommendation, list[Found]]:
    """What is recommended as it is, and every combination of `size` changed facts that changes that."""
    (bundle,) = kernel.bundles
    vary(connection, bundle, state, facts, size)
    kernel.run(connection, VARIED)
    choices = ", ".join(f"choice_{place}" for place in range(size))
    rows = connection.execute(
        f"select code_0, [{choices}] from kernel_codes join varied_choices using (moment) order by moment"
    ).fetchall()
    as_it_is = rows[0][0]
    return decode(bundle, as_it_is), [(code, tuple(chosen)) for code, chosen in rows[1:] if code != as_it_is]


def _flips(bundle: Bundle, facts: Sequence[Fact], found: Sequence[Found]) -> tuple[tuple[Flip, ...], int]:
    """The combinations as flips, and how many sets of facts were left out."""
    choices = choices_of(facts)
    by_facts: dict[tuple[int, ...], dict[int, list[Box]]] = {}
    for code, chosen in found:
        by_code = by_facts.setdefault(tuple(choices[choice].fact_place for choice in chosen), {})
        by_code.setdefault(code, []).append(tuple((choice,) for choice in chosen))
    flips = tuple(
        Flip(tuple(_change(choices, some) for some in box), decode(bundle, code))
        for places in sorted(by_facts)[:SETS_MAX]
        for code, boxes in sorted(by_facts[places].items())
        for box in _merged(boxes)
    )
    return flips, max(len(by_facts) - SETS_MAX, 0)


def _merged(boxes: list[Box]) -> list[Box]:
    """The same combinations in fewer boxes: those that differ in one fact alone become one."""
    for fact in reversed(range(len(boxes[0]))):
        alike: dict[Box, list[int]] = {}
        for box in boxes:
            alike.setdefault(box[:fact] + box[fact + 1 :], []).extend(box[fact])
        boxes = [(*rest[:fact], tuple(sorted(some)), *rest[fact:]) for rest, some in alike.items()]
    return sorted(boxes)


def _change(choices: Sequence[Choice], some: Sequence[int]) -> Change:
    return Change(choices[some[0]].fact, tuple(choices[choice].piece for choice in some))
