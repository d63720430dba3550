"""Owns the gates at which an approval of an action is demanded, each asked of any mixture of two bundles.

An action needs a mode, or the approval of a role, as soon as one gate says so: its default mode, too little
confidence, too wide a reach, an escalation, a policy; for a role the matrix and each also clause. Each gate
reads a few facts and can change by a few clauses, so that what mixtures demand need not be tried for all
clauses at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from evidence.decision import Bundle
from evidence.decision.conditions import Compare, Condition
from evidence.decision.matrix import Action, Mode
from evidence.decision.policies import Verdict
from evidence.decision.satisfiability import NOT_FALSE, Cell, Undecided, outcomes
from evidence.enrichment.grading import ConfidenceWeights
from simulator.bundles.bundle_parts import PartPath, merged_order
from simulator.bundles.clauses import Clause, hybrid
from simulator.weakening.allowances import ALL_WEIGHTS
from simulator.weakening.confidence_ranges import confidence_pairs
from simulator.weakening.lapses import is_at_least
from simulator.weakening.policy_gaps import PolicySide, Verdicts, states_of
from simulator.weakening.restated import Restating

ASKED = ("option", "scope", "undo", "request", "approvers", "also")  # what a policy sees of an action
FLAGS: tuple[PartPath, ...] = (("grading", "thresholds"), ("grading", "severity"))
WEIGHTS: PartPath = ("grading", "confidence")
EVIDENCE = "evidence"  # cell of two confidences, the baseline's and the candidate's, of the same evidence

CONFIDENCE, BLAST = "auto_from", "auto_blast"  # labels of the gates that read what is graded

Taken: TypeAlias = frozenset[str]  # ids of the clauses that are the candidate's


@dataclass(frozen=True, slots=True)
class Mixture:
    """The baseline with some of the candidate's clauses, and the action as it is called there."""

    bundle: Bundle
    name: str
    restating: Restating

    @property
    def action(self) -> Action:
        """The row of the matrix."""
        return self.bundle.actions[self.name]


@dataclass(frozen=True)
class Mixtures:
    """Every mixture of two bundles, seen by one action; `after` is its name in the candidate."""

    baseline: Bundle
    candidate: Bundle
    clauses: Sequence[Clause]
    name: str
    after: str
    verdicts: Verdicts
    _known: dict[Taken, Mixture] = field(default_factory=dict)

    def of(self, taken: Taken) -> Mixture:
        """The baseline with these clauses."""
        if taken not in self._known:
            clauses = [each for each in self.clauses if self._id(each) in taken]
            bundle = hybrid(self.baseline, self.candidate, clauses)
            is_renamed = self.after != self.name and f"actions.{self.after}" in taken
            name = self.after if is_renamed else self.name
            sources = self.ends[0].restating.sources
            self._known[taken] = Mixture(bundle, name, Restating(bundle.grading, sources))
        return self._known[taken]

    @cached_property
    def ends(self) -> tuple[Mixture, Mixture]:
        """The two bundles themselves."""
        restatings = Restating.pair(self.baseline.grading, self.candidate.grading)
        return (
            Mixture(self.baseline, self.name, restatings[0]),
            Mixture(self.candidate, self.after, restatings[1]),
        )

    def touching(self, paths: Iterable[PartPath]) -> tuple[str, ...]:
        """Ids of the clauses at, below or around these paths, or of the action's new name as a whole."""
        found = (self._id(each) for each in self.clauses if touches(each.path, paths))
        ids = tuple(dict.fromkeys(found))
        if self.after == self.name:
            return ids
        # The old name stays beside the new one until this is taken.
        return (*(each for each in ids if each != f"actions.{self.name}"), f"actions.{self.after}")

    def _id(self, clause: Clause) -> str:
        """Which of many weights lift a confidence depends on the evidence: they are taken as one."""
        is_weight = clause.path[:2] == WEIGHTS
        return ALL_WEIGHTS if is_weight and self._weight_count > 1 else clause.id

    @cached_property
    def _weight_count(self) -> int:
        return sum(each.path[:2] == WEIGHTS for each in self.clauses)

    def at(self, *fields: str) -> list[PartPath]:
        """Paths of fields of the action."""
        return [("actions", self.name, each) for each in fields]


def touches(path: PartPath, touched: Iterable[PartPath]) -> bool:
    """Whether the path lies at, below or around one of these."""
    return any(path[: len(each)] == each[: len(path)] for each in touched)


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """One reason to demand; `clauses` are all by which it can change, `conditions` cut the facts it reads."""

    label: str
    clauses: tuple[str, ...]
    conditions: tuple[Condition, ...]
    holds: Callable[[Mixture, Cell], bool]
    evidence: tuple[tuple[int, int], ...] = ()


def mode_gates(mixtures: Mixtures, mode: Mode) -> list[Gate]:
    """What can demand at least that mode of the action."""
    return [
        _default(mixtures, mode),
        _confidence(mixtures),
        _blast(mixtures),
        *_escalations(mixtures, mode),
        *_policies(mixtures),
    ]


def role_gates(mixtures: Mixtures, role: str) -> list[Gate]:
    """What can demand the approval of the role, where anybody's is demanded."""

    def is_named(mixture: Mixture, _: Cell) -> bool:
        return role in mixture.action.approvers

    before, after = mixtures.ends
    old, new = (tuple(also.id for also in end.action.also) for end in (before, after))
    named = Gate("the matrix", mixtures.touching(mixtures.at("approvers")), (), is_named)
    return [named, *(_also(mixtures, role, each) for each in merged_order(old, new))]


def _default(mixtures: Mixtures, mode: Mode) -> Gate:
    def holds(mixture: Mixture, _: Cell) -> bool:
        return is_at_least(mixture.action.mode, mode)

    return Gate("its default mode", mixtures.touching(mixtures.at("mode")), (), holds)


def _confidence(mixtures: Mixtures) -> Gate:
    before, after = mixtures.ends
    cuts = tuple(dict.fromkeys(end.action.auto_from or 0 for end in (before, after)))
    clauses = mixtures.touching([*mixtures.at("auto_from"), WEIGHTS])
    gradings = (before.bundle.grading.confidence, after.bundle.grading.confidence)
    if gradings[0] != gradings[1]:
        return Gate(CONFIDENCE, clauses, (), _unsure(gradings[1]), _bands(gradings, cuts))

    def holds(mixture: Mixture, cell: Cell) -> bool:
        return mixture.action.is_active and cell["confidence"] < (mixture.action.auto_from or 0)

    return Gate(CONFIDENCE, clauses, tuple(Compare("confidence", "<", cut) for cut in cuts), holds)


def _unsure(weights: ConfidenceWeights) -> Callable[[Mixture, Cell], bool]:
    """Of evidence that the candidate weighs otherwise."""

    def holds(mixture: Mixture, cell: Cell) -> bool:
        before, after = cell[EVIDENCE]
        found = after if mixture.bundle.grading.confidence == weights else before
        return bool(mixture.action.is_active and found < (mixture.action.auto_from or 0))

    return holds


def _bands(
    gradings: tuple[ConfidenceWeights, ConfidenceWeights], cuts: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """A pair of confidences for each way in which they can lie to the cuts."""
    bands: dict[tuple[bool, ...], tuple[int, int]] = {}
    for pair in confidence_pairs(*gradings):
        bands.setdefault(tuple(each < cut for each in pair for cut in cuts), pair)
    return tuple(bands.values())


def _blast(mixtures: Mixtures) -> Gate:
    def holds(mixture: Mixture, cell: Cell) -> bool:
        reach = cell["blast_radius"]
        return mixture.action.is_active and (reach is None or reach > (mixture.action.auto_blast or 0))

    cuts = dict.fromkeys(end.action.auto_blast or 0 for end in mixtures.ends)
    conditions = tuple(Compare("blast_radius", "<=", cut) for cut in cuts)
    return Gate(BLAST, mixtures.touching(mixtures.at("auto_blast")), conditions, holds)


def _escalations(mixtures: Mixtures, mode: Mode) -> Iterator[Gate]:
    before, after = mixtures.ends
    old, new = ({each.id: each for each in end.bundle.playbook.escalations} for end in (before, after))
    for name in merged_order(tuple(old), tuple(new)):
        whens = tuple(each.when for each in (old.get(name), new.get(name)) if each is not None)
        paths: list[PartPath] = [("escalations", name), *mixtures.at("scope")]
        clauses, conditions = _read(mixtures, paths, whens)
        if clauses or _reaches(before, name, mode):
            yield Gate(f"escalation {name}", clauses, conditions, _escalated(name, mode))


def _reaches(mixture: Mixture, name: str, mode: Mode) -> bool:
    return any(
        each.id == name and is_at_least(each.mode, mode) and mixture.action.scope in each.scopes
        for each in mixture.bundle.playbook.escalations
    )


def _escalated(name: str, mode: Mode) -> Callable[[Mixture, Cell], bool]:
    def holds(mixture: Mixture, cell: Cell) -> bool:
        whens = [each.when for each in mixture.bundle.playbook.escalations if each.id == name]
        is_reached = _reaches(mixture, name, mode)
        return is_reached and bool(outcomes(mixture.restating.of(whens[0]), cell) & NOT_FALSE)

    return holds


def _also(mixtures: Mixtures, role: str, name: str) -> Gate:
    def holds(mixture: Mixture, cell: Cell) -> bool:
        for each in mixture.action.also:
            if each.id == name and role in each.approvers:
                return bool(outcomes(mixture.restating.of(each.when), cell) & NOT_FALSE)
        return False

    whens = tuple(each.when for end in mixtures.ends for each in end.action.also if each.id == name)
    paths: list[PartPath] = [("actions", mixtures.name, "also", name)]
    clauses, conditions = _read(mixtures, paths, whens)
    return Gate(f"also clause {name}", clauses, conditions, holds)


def _read(
    mixtures: Mixtures, paths: list[PartPath], whens: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[Condition, ...]]:
    """The clauses by which conditions can change, and the conditions in facts, as both gradings have them."""
    sides = [tuple(end.restating.of(when) for when in whens) for end in mixtures.ends]
    flags = FLAGS if sides[0] != sides[1] else ()
    return mixtures.touching([*paths, *flags]), (*sides[0], *sides[1])


def _policies(mixtures: Mixtures) -> Iterator[Gate]:
    """Policies that ask about the action under either bundle."""
    before, after = mixtures.ends
    old, new = (tuple(each.name for each in end.bundle.policies) for end in (before, after))
    for name in merged_order(old, new):
        sides = [_side(end, name) for end in (before, after) if end.action.is_active]
        whens = [tuple(side.conditions()) for side in sides]
        flags = FLAGS if len(whens) < 2 or whens[0] != whens[1] else ()
        clauses = mixtures.touching([("policies", name), *mixtures.at(*ASKED), *flags])
        conditions = tuple(each for side in whens for each in side)
        gate = Gate(f"policy {name}", clauses, conditions, _asking(name, mixtures.verdicts))
        if _ever_holds(gate, mixtures.ends):
            yield gate


def _ever_holds(gate: Gate, ends: Iterable[Mixture]) -> bool:
    """Whether it holds in any state of either bundle; also where there are too many to try."""
    try:
        return any(gate.holds(end, cell) for cell in states_of(gate.conditions) for end in ends)
    except Undecided:
        return True


def _side(mixture: Mixture, name: str) -> PolicySide:
    policies = [each for each in mixture.bundle.policies if each.name == name]
    return PolicySide(policies, mixture.name, mixture.action, mixture.restating)


def _asking(name: str, verdicts: Verdicts) -> Callable[[Mixture, Cell], bool]:
    def holds(mixture: Mixture, cell: Cell) -> bool:
        if not mixture.action.is_active:
            return False
        return _side(mixture, name).verdict(verdicts, cell) is not Verdict.ALLOW

    return holds


def values_of(gate: Gate) -> dict[str, tuple[Any, ...]]:
    """Cells that are no column: the two confidences of one evidence."""
    return {EVIDENCE: gate.evidence} if gate.evidence else {}
