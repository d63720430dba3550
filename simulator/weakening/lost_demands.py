"""Owns the minimal sets of clauses by which a demand is lost, in every state in which the candidate loses it.

A state is one choice of facts for every gate. Gates that share no column are cut apart, so that only few
distinct states are left; in each every minimal set is found by switching off one gate after the other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from evidence.decision.satisfiability import Cell, Undecided, cells_of
from simulator.weakening.gates import Gate, Mixtures, Taken, values_of

CELLS_MAX = 4_000
# Up to so many clauses of one gate every set of them is tried; beyond it they count as one, taken together.
TRIED_MAX = 4

Chosen: TypeAlias = "dict[Gate, Cell]"  # facts for each gate
UNTRIED = "untried"  # stands for facts that are too many: whether the gate holds until all of it is changed


@dataclass(frozen=True, slots=True)
class Loss:
    """A minimal set of clauses, the gates that the baseline holds by in one state, and this state."""

    taken: Taken
    held: tuple[Gate, ...]
    cell: Cell

    @property
    def is_searched(self) -> bool:
        """Whether the facts are known, or were too many to try."""
        return UNTRIED not in self.cell


@dataclass
class LostDemands:
    """Where the candidate's gates all stay open although one of the baseline's holds."""

    mixtures: Mixtures
    gates: Sequence[Gate]
    _known: dict[tuple[Any, ...], bool] = field(default_factory=dict)

    def losses(self) -> dict[Taken, Loss]:
        """Every minimal set, with the first state in which it is one."""
        found: dict[Taken, Loss] = {}
        parts = [self._part(gates) for gates in _sharing(self.gates)]
        for chosen in itertools.product(*parts):
            facts = {gate: cell for part in chosen for gate, cell in part.items()}
            held = tuple(gate for gate in self.gates if self._holds(gate, frozenset(), facts))
            for taken in self._minimal(facts) if held else ():
                found.setdefault(taken, Loss(taken, held, _shown(facts)))
        return found

    def _holds(self, gate: Gate, taken: Iterable[str], facts: Chosen) -> bool:
        every = frozenset(gate.clauses)
        within, cell = every.intersection(taken), facts[gate]
        if UNTRIED in cell:
            return cell[UNTRIED] and within != every
        if len(every) > TRIED_MAX and within != every:
            within = frozenset()
        key = (gate, within, tuple(cell.values()))
        if key not in self._known:
            self._known[key] = gate.holds(self.mixtures.of(within), cell)
        return self._known[key]

    # --- states

    def _part(self, gates: Sequence[Gate]) -> list[Chosen]:
        """Distinct facts for gates that share columns under which the candidate opens all of them."""
        try:
            cells = _cells(gates)
        except Undecided:
            return self._unsearched(gates)
        if math.prod(map(len, cells.values())) > CELLS_MAX:
            if len(gates) == 1:
                return self._unsearched(gates)
            # Columns that gates share count as different ones: more states than there are.
            apart = [self._part([gate]) for gate in gates]
            return [
                {gate: cell for each in chosen for gate, cell in each.items()}
                for chosen in itertools.product(*apart)
            ]
        distinct: dict[tuple[Any, ...], Chosen] = {}
        for values in itertools.product(*cells.values()):
            facts = _alike(gates, dict(zip(cells, values, strict=True)))
            if any(self._holds(gate, gate.clauses, facts) for gate in gates):
                continue
            distinct.setdefault(tuple(self._signature(gate, facts) for gate in gates), facts)
            if not any(gate.clauses for gate in gates):
                break  # nothing that they say can change: one state in which they let it pass will do
        return list(distinct.values())

    def _unsearched(self, gates: Sequence[Gate]) -> list[Chosen]:
        is_changed = any(gate.clauses for gate in gates)
        return [_alike(gates, {UNTRIED: is_held}) for is_held in (True, False) if is_changed or not is_held]

    def _signature(self, gate: Gate, facts: Chosen) -> tuple[bool, ...]:
        """What mixtures can make of the gate under these facts."""
        is_tried = len(gate.clauses) <= TRIED_MAX
        return tuple(self._holds(gate, taken, facts) for taken in _subsets(gate.clauses if is_tried else ()))

    # --- sets

    def _minimal(self, facts: Chosen) -> list[Taken]:
        """Every minimal set with which no gate holds."""
        found: list[Taken] = []

        def search(taken: Taken) -> None:
            if any(each <= taken for each in found):
                return
            holding = next((gate for gate in self.gates if self._holds(gate, taken, facts)), None)
            if holding is None:
                found[:] = [each for each in found if not taken <= each] + [taken]
                return
            for more in self._opening(holding, taken, facts):
                search(taken | more)

        search(frozenset())
        return found

    def _opening(self, gate: Gate, taken: Taken, facts: Chosen) -> list[Taken]:
        """Minimal sets of further clauses of the gate that open it."""
        left = [each for each in gate.clauses if each not in taken]
        if len(gate.clauses) > TRIED_MAX or UNTRIED in facts[gate]:
            return [frozenset(left)]
        found: list[Taken] = []
        for more in _subsets(left):
            if not any(each <= more for each in found) and not self._holds(gate, taken | more, facts):
                found.append(more)
        return found


def _alike(gates: Sequence[Gate], cell: Cell) -> Chosen:
    return dict.fromkeys(gates, cell)


def _shown(facts: Chosen) -> Cell:
    """The facts of all gates: of those that hold in the baseline, and of those that the candidate passes."""
    shown: Cell = {}
    for gate, cell in facts.items():
        shown |= cell if UNTRIED in cell else {name: cell[name] for name in _cells([gate])}
    return shown


def _cells(gates: Sequence[Gate]) -> dict[str, tuple[Any, ...]]:
    """Values of everything that the gates read. Raises Undecided where they cannot be counted."""
    cells = cells_of(condition for gate in gates for condition in gate.conditions)
    for gate in gates:
        cells |= values_of(gate)
    return cells


def _sharing(gates: Sequence[Gate]) -> list[list[Gate]]:
    """The gates in groups of which no two read the same column."""
    groups: list[tuple[set[str], list[Gate]]] = []
    for gate in gates:
        columns, members = set(_columns(gate)), [gate]
        for group in [each for each in groups if each[0] & columns]:
            groups.remove(group)
            columns, members = columns | group[0], [*group[1], *members]
        groups.append((columns, members))
    return [members for _, members in groups]


def _columns(gate: Gate) -> Iterator[str]:
    try:
        yield from _cells([gate])
    except Undecided:
        return


def _subsets(names: Sequence[str]) -> Iterator[Taken]:
    """All subsets, small ones first."""
    for size in range(len(names) + 1):
        yield from map(frozenset, itertools.combinations(names, size))
