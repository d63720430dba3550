"""Owns which clauses are responsible for a changed decision: all minimal sets of them, and what is necessary.

A set is sufficient when the baseline with just these clauses of the candidate (a hybrid) gives the
candidate's whole decision of record: action, mode, approvers and time. Where two paths first part says
nothing of it. Clauses that cannot matter to an incident are left out first, incidents with the same
moments are answered once, and hybrids are decided on the few keys of the incidents concerned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache

import duckdb

from evidence.decision import Bundle
from simulator.attribution.key_decisions import Decided, Key, KeyDecider, Recommended, decision_of
from simulator.attribution.minimal_sets import ASKED_MAX, Set, minimal_sets
from simulator.attribution.moments import MomentReader
from simulator.attribution.possibilities import Possibilities, extreme_gradings
from simulator.attribution.regraded_keys import GRADED, Keyed, RegradedKeys, Row, Values, columns_to_regrade
from simulator.attribution.relevance import DERIVED, FACTS, Relevance
from simulator.bundles.clauses import Clause, ClauseKind, differences, hybrid
from simulator.comparison.model import Responsibility
from simulator.histories.history import STATES

ALL_ASKED_MAX = 16_000  # questions about all cases together: some seconds
EXACT_MAX = 6  # clauses up to which every set is tried, however many cases there are
_LOW, _HIGH = 0, 1  # numbers of the extreme gradings in the first pass
_TICKS, _IMPACT = ("grading", "tick_minutes"), ("grading", "impact")

Taken = frozenset[Clause]


def responsible(
    history: duckdb.DuckDBPyConnection,
    baseline: Bundle,
    candidate: Bundle,
    incidents: Sequence[str],
    states: str = STATES,
) -> dict[str, Responsibility]:
    """Per incident the clauses that turn the baseline's decision into the candidate's.

    Reads `states`, which both see alike, and `intake.incidents`. Clause ids are those of `differences`; sets
    are ordered by size, then like `differences`. An incident that both decide alike has no sets, and no
    clause is necessary for it.
    """
    wanted = sorted(set(incidents))
    if not wanted:
        return {}
    with closing(MomentReader(history, baseline, candidate, wanted, states)) as reader:
        attribution = _Attribution(reader, baseline, candidate)
        cases = attribution.cases(wanted)
        asked_max = min(ASKED_MAX, max(2**EXACT_MAX, ALL_ASKED_MAX // len(cases)))
        answers = [(case, attribution.answer(case, asked_max)) for case in cases]
    found = {incident: answer for case, answer in answers for incident in case.incidents}
    return {incident: found[incident] for incident in wanted}


@dataclass(frozen=True, slots=True)
class _Case:
    """Incidents with the same moments under every grading, the first for all, and what can matter to them."""

    incidents: tuple[str, ...]
    clauses: tuple[Clause, ...]
    is_ticking: bool  # ticks matter

    @property
    def incident(self) -> str:
        """The incident that stands for all."""
        return self.incidents[0]


class _Attribution:
    """The hybrids of one pair of bundles, and the keys of some incidents under their gradings."""

    def __init__(self, reader: MomentReader, baseline: Bundle, candidate: Bundle) -> None:
        self.reader = reader
        self.baseline = baseline
        self.candidate = candidate
        self.clauses = tuple(
            each for each in differences(baseline, candidate) if each.kind is not ClauseKind.DETECTION
        )
        self.keys = KeyDecider(reader.layout)
        self.decider = lru_cache(maxsize=2048)(self._decider)
        self._moments: dict[tuple[Taken, str], Keyed] = {}
        self._values: dict[Taken, list[Values]] = {}  # graded columns of the distinct states

    # --- which clauses can matter

    def cases(self, incidents: Sequence[str]) -> list[_Case]:
        """The incidents grouped by what can tell them apart, each with its relevant clauses."""
        gradings = extreme_gradings(self.baseline.grading, self.candidate.grading)
        moments = self.reader.read(gradings, [(n, each) for n in (_LOW, _HIGH) for each in incidents])
        columns = columns_to_regrade(self.reader.layout, gradings[_LOW])
        low, high = (self.reader.rows(number, columns) for number in (_LOW, _HIGH))
        lows = {incident: moments[_LOW, incident] for incident in incidents}
        self.regraded = RegradedKeys(self.reader.connection, self.reader.layout, lows, low)
        groups: dict[object, list[str]] = {}
        relevant: dict[object, tuple[Clause, ...]] = {}
        for incident in incidents:
            both = [tuple(key for _, key in moments[n, incident]) for n in (_LOW, _HIGH)]
            varying = _varying(low[incident], high[incident], self.baseline, self.candidate)
            possible = Possibilities(
                self.baseline, self.candidate, self.keys, both[_LOW], both[_HIGH], varying
            )
            clauses = tuple(Relevance(possible, low[incident]).of(self.clauses))
            alike = self._told_apart_by(clauses, incident, list(zip(*both, strict=True)), low[incident])
            groups.setdefault(alike, []).append(incident)
            relevant[alike] = clauses
        return [_case(tuple(each), relevant[alike]) for alike, each in groups.items()]

    def _told_apart_by(
        self,
        clauses: tuple[Clause, ...],
        incident: str,
        keys: Sequence[tuple[Key, Key]],
        states: Sequence[Row],
    ) -> object:
        """Equal for incidents that every hybrid decides alike, but for the time itself."""
        if any(clause.path[:2] in (_TICKS, _IMPACT) for clause in clauses):
            return incident  # these read more than the columns below
        columns = sorted({*FACTS, *DERIVED} | self.regraded.columns_read) if _graded(clauses) else ()
        rows = [
            (*both, *(str(state[column]) for column in columns))
            for both, state in zip(keys, states, strict=True)
        ]
        # What does not change from one moment to the next changes no decision either.
        return clauses, tuple(row for place, row in enumerate(rows) if not place or row != rows[place - 1])

    # --- what a case asks

    def answer(self, case: _Case, asked_max: int) -> Responsibility:
        """The responsibility for the case's decision."""
        every = frozenset(case.clauses)
        new = self.decided(case, every)
        if new == self.decided(case, frozenset()):
            return Responsibility(minimal_sets=(), necessary=(), is_exhaustive=True)

        def taken(numbers: Iterable[int]) -> Taken:
            return frozenset(case.clauses[number] for number in numbers)

        def ahead(sets: Sequence[Set]) -> None:
            self._grade(_graded(taken(numbers)) for numbers in sets)

        found = minimal_sets(
            len(case.clauses), lambda numbers: self.decided(case, taken(numbers)) == new, asked_max, ahead
        )
        return Responsibility(
            minimal_sets=tuple(tuple(case.clauses[n].id for n in each) for each in found.sets),
            necessary=tuple(case.clauses[n].id for n in found.necessary),
            is_exhaustive=found.is_exhaustive,
        )

    def decided(self, case: _Case, taken: Taken) -> Decided:
        """The decision of record on the case's incident under the hybrid with these clauses."""
        asked = (_graded(taken), case.incident)
        if asked not in self._moments:
            self._moments[asked] = self._read(case, asked[0])
        return decision_of(self._moments[asked], self.decider(taken))

    def _decider(self, taken: Taken) -> Callable[[Key], Recommended]:
        return self.keys.decider(hybrid(self.baseline, self.candidate, taken))

    def _read(self, case: _Case, graded: Taken) -> Keyed:
        """The moments of the case under the grading of the hybrid with these clauses."""
        if case.is_ticking:  # moments come and go: they are read as they are decided
            grading = hybrid(self.baseline, self.candidate, graded).grading
            return self.reader.read([grading], [(0, case.incident)])[0, case.incident]
        self._grade([graded])
        return self.regraded.regraded(case.incident, self._values[graded])

    def _grade(self, wanted: Iterable[Taken]) -> None:
        """Grade the distinct states by the gradings of hybrids with these clauses, as far as not done yet."""
        missing = [graded for graded in dict.fromkeys(wanted) if graded not in self._values]
        gradings = [hybrid(self.baseline, self.candidate, graded).grading for graded in missing]
        self._values |= zip(missing, self.regraded.graded(gradings), strict=True)


def _case(incidents: tuple[str, ...], clauses: tuple[Clause, ...]) -> _Case:
    is_ticking = any(clause.path == _TICKS for clause in clauses)
    return _Case(incidents, clauses, is_ticking)


def _graded(taken: Iterable[Clause]) -> Taken:
    """The clauses by which the grading differs."""
    return frozenset(clause for clause in taken if clause.path[0] == "grading")


def _varying(low: Sequence[Row], high: Sequence[Row], baseline: Bundle, candidate: Bundle) -> frozenset[str]:
    """Columns that hybrids can grade differently at some moment."""
    rows = list(zip(low, high, strict=True))
    found = {name for name in GRADED if any(one[name] != other[name] for one, other in rows)}
    has_other_ticks = baseline.grading.tick_minutes != candidate.grading.tick_minutes
    return frozenset(found | ({"tick_count"} if has_other_ticks else set()))
