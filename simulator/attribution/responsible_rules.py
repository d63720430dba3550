"""Owns which edited rules are responsible for a changed decision: all minimal sets of them.

A rule is a clause where its edit moves a signal that was known in time. A hybrid sees the signals of the
baseline's rules but for those that are taken from the candidate. Where the bundles differ in other clauses as
well, sets hold both kinds, as long as they are few enough to try every one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from evidence.handoff.words import counted
from simulator.attribution.minimal_sets import Set, minimal_sets
from simulator.attribution.responsible import ALL_ASKED_MAX, EXACT_MAX, responsible
from simulator.attribution.signal_hybrids import SignalHybrids, Taken
from simulator.bundles.clauses import Clause, ClauseKind
from simulator.comparison.model import Responsibility
from simulator.histories.history import History
from simulator.histories.sights import sights_of
from simulator.signals.comparing import SignalChanges

Found = dict[str, Responsibility]


def responsible_rules(
    history: History, changes: SignalChanges, clauses: Sequence[Clause], incidents: Sequence[str]
) -> tuple[Found, str]:
    """Per changed incident what turns its decision; and why some have no answer, empty where all have one.

    `clauses` are those of `differences`. An incident is without answer where more than EXACT_MAX clauses,
    some of them no rules, can matter to it.
    """
    others = {each.id: each for each in clauses if each.can_decide and each.kind is not ClauseKind.DETECTION}
    elements = {
        incident: tuple(each.difference.clause for each in changes.moved_rules(incident))
        for incident in incidents
    }
    still = [incident for incident in incidents if not elements[incident]]
    sight = sights_of(history, changes.bundles)[1]
    found = responsible(history.connection, *changes.bundles, still, sight.states) if others else {}
    mixed = {incident: (*rules, *others) for incident, rules in elements.items() if rules}
    open_ = {incident: ids for incident, ids in mixed.items() if not others or len(ids) <= EXACT_MAX}
    found |= _answers(SignalHybrids(history, changes, others), open_)
    return found, _unattributed(len(mixed) - len(open_))


def _unattributed(count: int) -> str:
    if not count:
        return ""
    return (
        f"Of {counted(count, 'changed decision')} no clause is held responsible: rules and other parts of"
        f" the playbook differ at once, in more than {EXACT_MAX} clauses. --detections compares rules alone."
    )


def _answers(hybrids: SignalHybrids, wanted: dict[str, tuple[str, ...]]) -> Found:
    asked_max = max(2, min(2**EXACT_MAX, ALL_ASKED_MAX // max(len(wanted), 1)))
    exact = {incident: ids for incident, ids in wanted.items() if 2 ** len(ids) <= asked_max}
    several = {incident: ids for incident, ids in exact.items() if len(ids) > 1}
    hybrids.ask((incident, taken) for incident, ids in several.items() for taken in _subsets(ids))
    return {incident: _answer(hybrids, incident, ids, asked_max) for incident, ids in wanted.items()}


def _subsets(ids: Sequence[str]) -> Iterable[Taken]:
    return (frozenset(each) for size in range(len(ids) + 1) for each in combinations(ids, size))


def _answer(hybrids: SignalHybrids, incident: str, ids: tuple[str, ...], asked_max: int) -> Responsibility:
    if len(ids) == 1:  # nothing else differs that this decision can depend on
        return Responsibility(minimal_sets=(ids,), necessary=ids, is_exhaustive=True)

    def taken(numbers: Set) -> Taken:
        return frozenset(ids[number] for number in numbers)

    def ahead(sets: Sequence[Set]) -> None:
        hybrids.ask((incident, taken(numbers)) for numbers in sets)

    new = hybrids.decided(incident, frozenset(ids))
    found = minimal_sets(
        len(ids), lambda numbers: hybrids.decided(incident, taken(numbers)) == new, asked_max, ahead
    )
    return Responsibility(
        minimal_sets=tuple(tuple(ids[number] for number in each) for each in found.sets),
        necessary=tuple(ids[number] for number in found.necessary),
        is_exhaustive=found.is_exhaustive,
    )
