"""Owns the search for a state in which a bundle demands the approval of a role that another does not ask.

A role counts where a mode asks for it: who may begin at once asks nobody, whatever roles the matrix names.
So a state is searched in which something demands an approval (the default mode, an escalation, a policy,
too little confidence, too wide a blast radius) and no condition of the other bundle asks the role.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.decision import Bundle
from evidence.decision.conditions import Condition
from evidence.decision.matrix import Action, Mode
from simulator.weakening.confidence_ranges import confidence_pairs
from simulator.weakening.policy_gaps import PolicySide, Verdicts, asking_state
from simulator.weakening.restated import EVERYWHERE, Restating, shown, uncovered


@dataclass(frozen=True, slots=True)
class AskedRole:
    """A role of an action that the baseline asks for; `when` says where, None: wherever it asks anybody."""

    baseline: Bundle
    name: str
    when: str | None

    def lost_where(
        self, candidate: Bundle, after: Action, covers: Sequence[Condition], verdicts: Verdicts
    ) -> str | None:
        """A state in which the role is demanded and none of `covers` holds; None where there is none."""
        before = Restating.pair(self.baseline.grading, candidate.grading)[0]
        wanted = [] if self.when is None else [before.of(self.when)]
        state = uncovered(wanted, covers)
        if state is None or self._action.mode is not Mode.AUTOMATIC:
            return state
        for escalation in self.baseline.playbook.escalations:
            if self._action.scope in escalation.scopes and escalation.mode is not Mode.AUTOMATIC:
                found = uncovered([before.of(escalation.when), *wanted], covers)
                if found is not None:
                    return found
        for policy in self.baseline.policies:
            side = PolicySide((policy,), self.name, self._action, before)
            found = asking_state(verdicts, side, wanted, covers)
            if found is not None:
                return found
        graded = self._unsure(candidate, after) or self._wide()
        return graded if state == EVERYWHERE or not graded else f"{state}, {graded}"

    @property
    def _action(self) -> Action:
        return self.baseline.actions[self.name]

    def _unsure(self, candidate: Bundle, after: Action) -> str | None:
        """Evidence that is too little for the baseline to begin at once, and enough for the candidate."""
        pairs = confidence_pairs(self.baseline.grading.confidence, candidate.grading.confidence)
        for (old, new), evidence in pairs.items():
            if old < (self._action.auto_from or 0) and new >= (after.floor or 0):
                return f"{shown(evidence)}: confidence {old} before, {new} now"
        return None

    def _wide(self) -> str:
        return f"blast_radius above {self._action.auto_blast} or unknown"
