"""Owns the mutation score: which slight changes of a playbook recorded history and its cases would notice.

A mutant that nothing notices marks a clause about which neither the past nor the cases say anything: a
change there is not to be trusted because nothing fell over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from simulator.checking.mutant_model import Kind, Mutant
from simulator.checking.mutants import mutants
from simulator.checking.trials import Noticed, Progress, Trials, Variant


class Outcome(StrEnum):
    """What became of a mutant."""

    REFUSED = "refused"  # no such bundle could be loaded
    ALIKE = "alike"  # provably decides every state as before
    BY_HISTORY = "noticed by history"
    BY_CASES = "noticed by cases alone"
    UNNOTICED = "unnoticed"


@dataclass(frozen=True, slots=True)
class Judged:
    """A mutant, what became of it, and where it was noticed: incidents, and places among the cases."""

    mutant: Mutant
    outcome: Outcome
    noticed: Noticed


@dataclass(frozen=True, slots=True)
class Score:
    """Of so many decidable mutants so many were noticed."""

    noticed: int
    decidable: int


@dataclass(frozen=True, slots=True)
class Mutations:
    """Every mutant with its outcome."""

    judged: tuple[Judged, ...]

    def score(self, kind: Kind | None = None) -> Score:
        """Noticed of decidable mutants, of one kind or of all."""
        among = [each for each in self.judged if kind in (None, each.mutant.site.kind)]
        counts = {outcome: sum(each.outcome is outcome for each in among) for outcome in Outcome}
        noticed = counts[Outcome.BY_HISTORY] + counts[Outcome.BY_CASES]
        return Score(noticed, noticed + counts[Outcome.UNNOTICED])

    def count(self, outcome: Outcome) -> int:
        """How many mutants came to this."""
        return sum(each.outcome is outcome for each in self.judged)

    @property
    def unnoticed(self) -> list[list[Mutant]]:
        """What nothing noticed, by clause."""
        left = [each.mutant for each in self.judged if each.outcome is Outcome.UNNOTICED]
        return [list(among) for _, among in groupby(left, key=lambda each: each.site.clause)]


def mutate(trials: Trials, progress: Progress | None = None) -> Mutations:
    """Try every mutant of the trials' bundle on the trials' history and cases."""
    made = mutants(trials.bundle)
    variants = {
        place: Variant(each.bundle, each.site.where)
        for place, each in enumerate(made)
        if each.bundle is not None and not each.is_alike
    }
    found = dict(zip(variants, trials.try_out(list(variants.values()), progress), strict=True))
    return Mutations(tuple(_judged(each, found.get(place)) for place, each in enumerate(made)))


def _judged(made: Mutant, noticed: Noticed | None) -> Judged:
    if made.bundle is None:
        return Judged(made, Outcome.REFUSED, Noticed())
    if noticed is None:
        return Judged(made, Outcome.ALIKE, Noticed())
    if noticed.incident_ids:
        return Judged(made, Outcome.BY_HISTORY, noticed)
    return Judged(made, Outcome.BY_CASES if noticed.cases else Outcome.UNNOTICED, noticed)


def changes_in_words(among: Sequence[Mutant]) -> list[str]:
    """The changes of one clause, such as `50 -> 45, 55` or `without is_mfa`; an old value stands once."""
    words = []
    for old, group in groupby(among, key=lambda each: each.old):
        made = list(group)
        changed = [each.new for each in made if each.new]
        is_removed = len(changed) < len(made)
        if made[0].site.kind is Kind.POINTS:
            words.append(f"{old} -> {', '.join([*changed, *(['none'] if is_removed else [])])}")
            continue
        words += [f"{old} -> {', '.join(changed)}"] if changed else []
        words += [f"without {old}"] if is_removed else []
    return words
