"""Writes the SQL that decides one bundle on distinct keys, as bit masks over rungs.

Bit r - 1 of a mask belongs to the action on rung r, so that "the lowest rung among those that pass every
gate" is the lowest set bit of the masks' conjunction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from operator import or_

from evidence.decision.bundle import Bundle
from evidence.decision.layout import Layout
from evidence.decision.matrix import ALSO_MAX, BOUNDED_OPTIONS, MODES, PASSIVE_PRECEDENCE, Action, Mode, Scope


class Masks:
    """The SQL fragments of one bundle under a layout."""

    def __init__(self, bundle: Bundle, layout: Layout) -> None:
        self.bundle = bundle
        self.layout = layout
        self.names = tuple(bundle.actions)

    def effects(self) -> str:
        """One column per action: the sum of the points of the matching rules that support it."""
        return ",\n        ".join(f"{self._effect(name)} as {self._column(name)}" for name in self.names)

    def gates(self) -> str:
        """One column per gate and per kind of raised mode."""
        columns = {
            "effective": self._where(lambda name, _: f"{self._column(name)} >= {self.bundle.need}"),
            "confident": self._by_band("confidence_band", self._confident),
            "prepared": self._where(lambda _, action: self._prepared(action)),
            "approval": f"{self._raised(Mode.APPROVAL_REQUIRED)} | {self._unsure()} | needing_approval",
            "gated": self._raised(Mode.POLICY_GATED),
        }
        for place in range(ALSO_MAX):
            columns[f"also_{place}"] = self._where(self._also_at(place))
        return ",\n        ".join(f"({sql})::bigint as {name}" for name, sql in columns.items())

    def passive_best(self) -> str:
        """Points * 64 + precedence of the best passive action that has points, else 0."""
        terms = ["0"]
        for precedence, name in enumerate(self.passive_order(), start=1):
            is_open = "" if self.bundle.actions[name].option in BOUNDED_OPTIONS else " and has_context"
            column = self._column(name)
            terms.append(f"case when {column} > 0{is_open} then {column} * 64 + {precedence} else 0 end")
        return f"greatest({', '.join(terms)})"

    def passive_order(self) -> tuple[str, ...]:
        """Passive actions from the weakest on equal points to the strongest; declared first is stronger."""
        passive = [name for name in reversed(self.names) if not self.bundle.actions[name].is_active]
        return tuple(
            sorted(passive, key=lambda name: PASSIVE_PRECEDENCE.index(self.bundle.actions[name].option))
        )

    def code(self) -> str:
        """The code of the decision, from the columns chosen, mode, also_mask, passive_best and the gates."""
        active = self._codes(self.bundle.ladder)
        passive = self._codes(self.passive_order())
        resorts = self.bundle.playbook.last_resorts
        return f"""case
            when chosen <> 0 then list_extract({active}, bit_count(chosen - 1) + 1) + mode * 8
                + case when mode = 0 then 0 else also_mask end
            when passive_best > 0 then list_extract({passive}, passive_best % 64)
            when (effective & (denied | ~prepared)) <> 0 then {self._passive_code(resorts.escalate)}
            when not has_context then {self._passive_code(resorts.missing_context)}
            when {self._any_support()} then {self._passive_code(resorts.enrich)}
            else {self._passive_code(resorts.monitor)}
        end"""

    # --- effects

    def _column(self, name: str) -> str:
        return f"effect_{self.names.index(name)}"

    def _effect(self, name: str) -> str:
        terms = [
            f"{rule.supports[name]} * {self.layout.is_set(self.layout.bit(rule.when, is_raising=False))}"
            for rule in self.bundle.rules
            if name in rule.supports
        ]
        return " + ".join(terms) or "0::bigint"

    def _any_support(self) -> str:
        return " or ".join(f"{self._column(name)} > 0" for name in self.bundle.ladder) or "false"

    # --- gates

    def _where(self, test: Callable[[str, Action], str]) -> str:
        """The mask of the rungs for which `test`, an SQL condition, holds."""
        return _sum(
            _weighted(test(name, self.bundle.actions[name]), 1 << place) for place, name in self._rungs()
        )

    def _rungs(self) -> Iterator[tuple[int, str]]:
        return enumerate(self.bundle.ladder)

    def _prepared(self, action: Action) -> str:
        bits = [self.layout.is_set(self.layout.bit(need.that, is_raising=False)) for need in action.needs]
        return " and ".join(f"{bit} = 1" for bit in bits) or "true"

    def _also_at(self, place: int) -> Callable[[str, Action], str]:
        def applies(_: str, action: Action) -> str:
            if place >= len(action.also):
                return "false"
            return f"{self.layout.is_set(self.layout.bit(action.also[place].when, is_raising=True))} = 1"

        return applies

    def _confident(self, action: Action, band: int) -> bool:
        return band > self.layout.confidence_cuts.index(action.floor or 0)

    def _by_band(self, column: str, test: Callable[[Action, int], bool]) -> str:
        """The mask looked up by a band: one constant per band."""
        cuts = self.layout.confidence_cuts if column == "confidence_band" else self.layout.blast_cuts
        masks = [
            sum(1 << place for place, name in self._rungs() if test(self.bundle.actions[name], band))
            for band in range(len(cuts) + 1)
        ]
        return f"list_extract({masks}, {column} + 1)"

    # --- modes

    def _raised(self, mode: Mode) -> str:
        """Rungs whose default or whose escalations demand at least `mode`."""
        terms = [str(self._static(lambda action: MODES.index(action.mode) >= MODES.index(mode)))]
        for escalation in self.bundle.playbook.escalations:
            if MODES.index(escalation.mode) < MODES.index(mode):
                continue
            mask = self._reached(escalation.scopes)
            bit = self.layout.is_set(self.layout.bit(escalation.when, is_raising=True))
            terms.append(f"case when {bit} = 1 then {mask} else 0 end")
        return "(" + " | ".join(terms) + ")"

    def _unsure(self) -> str:
        """Rungs whose auto_from is not reached or whose auto_blast is passed."""
        confidence = self._by_band(
            "confidence_band",
            lambda action, band: band <= self.layout.confidence_cuts.index(action.auto_from or 0),
        )
        blast = self._by_band(
            "blast_band", lambda action, band: band > self.layout.blast_cuts.index(action.auto_blast or 0)
        )
        return f"{confidence} | {blast}"

    def _reached(self, scopes: Sequence[Scope]) -> int:
        return self._static(lambda action: action.scope in scopes)

    def _static(self, test: Callable[[Action], bool]) -> int:
        return list(
            accumulate(
                (1 << place for place, name in self._rungs() if test(self.bundle.actions[name])),
                or_,
                initial=0,
            )
        )[-1]

    # --- codes

    def _codes(self, names: Iterable[str]) -> str:
        """A list of codes without mode for active actions, with their default mode for passive ones."""
        return "[" + ", ".join(str(self._code_of(name)) for name in names) + "]::bigint[]"

    def _code_of(self, name: str) -> int:
        return (
            self.names.index(name) * 32 if self.bundle.actions[name].is_active else self._passive_code(name)
        )

    def _passive_code(self, name: str) -> int:
        return self.names.index(name) * 32 + MODES.index(self.bundle.actions[name].mode) * 8


def _weighted(condition: str, weight: int) -> str:
    if condition in ("true", "false"):
        return str(weight if condition == "true" else 0)
    return f"case when {condition} then {weight} else 0 end"


def _sum(terms: Iterable[str]) -> str:
    return " + ".join(term for term in terms if term != "0") or "0"
