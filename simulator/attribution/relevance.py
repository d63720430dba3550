"""Owns which clauses can matter to the decision of one incident: soundly, so that the others never do.

A clause is irrelevant when taking it or not changes no decision of the incident under any hybrid. Each
test below says when that is certain from bounds over all hybrids (`simulator.attribution.possibilities`);
whatever is not certain is relevant.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from evidence.decision import Rule
from evidence.decision.bundle import Escalation
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import COLUMNS, columns_read
from evidence.decision.matrix import Action, AlsoApprovers, Mode, Precondition
from evidence.decision.policies import Policy, Verdict
from evidence.enrichment.grading import LEVEL_WORDS, SCALES
from expectations.contracts import Role
from simulator.attribution.key_decisions import KeyDecider
from simulator.attribution.possibilities import Possibilities, Rows
from simulator.bundles.clauses import Clause

ROLES_MAX, ASKED_MAX = 16, 8  # combinations of approvers and of request fields that a policy is asked about
# Facts that a grading reads, beside those that thresholds are laid on.
FACTS = (
    "signal_sources",
    "signal_source_count",
    "detection_level",
    "gap_count",
    "contradiction_count",
    *(f"severity_{source}" for source in SCALES),
)
DERIVED = {
    "error_rate_ppm": "is_error_rate_over_policy",
    "latency_ms": "is_latency_over_policy",
    "resource_pressure_ppm": "is_resource_pressure_over_policy",
}
_LEVELS = {"high": 4, "critical": 5, "fatal": 6}


@dataclass(frozen=True)
class Relevance:
    """Tells the relevant clauses of one incident. `facts` are its rows with the columns FACTS."""

    possible: Possibilities
    facts: Sequence[Mapping[str, Any]]

    @property
    def decider(self) -> KeyDecider:
        """Decides keys."""
        return self.possible.decider

    def of(self, clauses: Sequence[Clause]) -> list[Clause]:
        """Those of the clauses that can matter, in the same order."""
        return [clause for clause in clauses if clause.can_decide and self._matters(clause.path)]

    def _matters(self, path: tuple[str, ...]) -> bool:
        match path:
            case ("need",):
                return any(self.possible.may_turn(name) for name in self.possible.actions)
            case ("last_resorts", name):
                return self._last_resort_matters(name)
            case ("rules", name, *rest):
                return bool(self.possible.may_match(name)) and self._rule_matters(name, rest)
            case ("escalations", name, *rest):
                return self._escalation_matters(name, rest)
            case ("actions", name, *rest):
                return self._action_matters(name, rest)
            case ("policies", name):
                return any(self._policy_matters(name, action) for action in self._effective)
            case ("grading", *rest):
                return self._grading_matters(rest)
            case ("order", "actions"):
                return self._order_matters()
        return True

    def _order_matters(self) -> bool:
        """Whether actions that can be recommended stand in another order, or have no order of their own."""
        names = [name for name in self.possible.actions if self.possible.may_be_supported(name)]
        orders = [
            [name for name in bundle.actions if name in names]
            for bundle in (self.possible.baseline, self.possible.candidate)
        ]
        return orders[0] != orders[1]

    # --- rules

    def _rule_matters(self, name: str, rest: Sequence[str]) -> bool:
        before, after = self.possible.rules[name]
        match rest:
            case ("when",) if before is not None and after is not None:
                return self._differ(before.when, after.when)
            case ("supports", action) if before is not None and after is not None:
                return self._points_matter(before, after, action)
        return True

    def _points_matter(self, before: Rule, after: Rule, name: str) -> bool:
        rows = self.possible.may_match(before.id)
        if self.possible.can_be_passive(name):
            return True
        is_there = name in before.supports and name in after.supports
        # Any points at all tell the last resort for what is supported from the one for what is not.
        return bool(rows & self.possible.may_turn(name)) or (
            not is_there and bool(rows & self.possible.resorting)
        )

    def _differ(self, before: str, after: str, *, is_raising: bool = False) -> bool:
        """Whether the two conditions, closed alike, can come out differently at some row."""
        possible = self.possible
        if possible.varies(before) or possible.varies(after):
            return True
        return possible.must_hold(before, is_raising=is_raising) != possible.must_hold(
            after, is_raising=is_raising
        )

    # --- actions

    @cached_property
    def _effective(self) -> dict[str, Rows]:
        """Actions that can have enough points, with the rows at which they can."""
        rows = {name: self.possible.may_be_effective(name) for name in self.possible.actions}
        return {name: each for name, each in rows.items() if each}

    def _action_matters(self, name: str, rest: Sequence[str]) -> bool:
        before, after = self.possible.actions[name]
        if not rest or before is None or after is None:
            return bool(self.possible.may_be_supported(name)) or name in self._resorts
        if not before.is_active:
            is_left = bool(self.possible.may_be_supported(name)) or name in self._resorts
            return is_left and rest[0] in ("mode", "approvers", "option")
        rows = self._effective.get(name, 0)
        return bool(rows) and self._gate_matters(before, after, rows, rest)

    @cached_property
    def _resorts(self) -> set[str]:
        both = (self.possible.baseline, self.possible.candidate)
        return {name for bundle in both for _, name in bundle.playbook.last_resorts}

    def _gate_matters(self, before: Action, after: Action, rows: Rows, rest: Sequence[str]) -> bool:
        is_demanded = Mode.APPROVAL_REQUIRED is before.mode is after.mode
        match rest:
            case ("floor",):
                cuts = self._cuts(before.floor, after.floor)
                return self._parts(cuts, rows & self.possible.with_context, of_confidence=True)
            case ("auto_from",):
                cuts = self._cuts(before.auto_from, after.auto_from)
                return not is_demanded and self._parts(cuts, rows, of_confidence=True)
            case ("auto_blast",):
                blasts = self.decider.layout.blast_cuts
                cuts = [blasts.index(each.auto_blast or 0) for each in (before, after)]
                return not is_demanded and self._parts(cuts, rows, of_confidence=False)
            case ("needs", need):
                return self._need_matters(_by_id(before.needs).get(need), _by_id(after.needs).get(need), rows)
            case ("also", also, *cell):
                return self._also_matters(
                    _by_id(before.also).get(also), _by_id(after.also).get(also), rows, cell
                )
            case ("option" | "request",):
                return bool(self.possible.baseline.policies or self.possible.candidate.policies)
        return True

    def _cuts(self, *figures: int | None) -> list[int]:
        return [self.decider.layout.confidence_cuts.index(figure or 0) for figure in figures]

    def _parts(self, cuts: Sequence[int], rows: Rows, *, of_confidence: bool) -> bool:
        """Whether some band can lie on different sides of two cuts (both above a band's number or not)."""
        return any(
            low <= max(cuts) and high > min(cuts)
            for low, high in self.possible.bands(rows, of_confidence=of_confidence)
        )

    def _need_matters(self, before: Precondition | None, after: Precondition | None, rows: Rows) -> bool:
        if before is not None and after is not None:
            return self._differ(before.that, after.that)
        only = before or after
        return only is None or bool(rows & ~self.possible.must_hold(only.that))

    def _also_matters(
        self, before: AlsoApprovers | None, after: AlsoApprovers | None, rows: Rows, cell: Sequence[str]
    ) -> bool:
        versions = [each for each in (before, after) if each is not None]
        may = 0
        for each in versions:
            may |= self.possible.may_hold(each.when, is_raising=True)
        if cell == ["when"] and before is not None and after is not None:
            return self._differ(before.when, after.when, is_raising=True)
        return bool(rows & may) or not versions

    # --- escalations, policies, last resorts

    def _escalation_matters(self, name: str, rest: Sequence[str]) -> bool:
        both = (self.possible.baseline, self.possible.candidate)
        versions = [each for bundle in both for each in bundle.playbook.escalations if each.id == name]
        if rest == ["when"] and len(versions) == 2:
            before, after = versions
            if not self._differ(before.when, after.when, is_raising=True):
                return False
        may = 0
        for each in versions:
            may |= self.possible.may_hold(each.when, is_raising=True)
        return any(
            rows & may and self._is_reached(action, versions) for action, rows in self._effective.items()
        )

    def _is_reached(self, name: str, escalations: Sequence[Escalation]) -> bool:
        actions = [each for each in self.possible.actions[name] if each is not None]
        is_demanded = all(each.mode is Mode.APPROVAL_REQUIRED for each in actions)
        scopes = {scope for each in escalations for scope in each.scopes}
        return not is_demanded and any(each.scope in scopes for each in actions)

    def _policy_matters(self, name: str, action: str) -> bool:
        """Whether the two modules can answer differently about the action at a row where it has enough."""
        both = (self.possible.baseline, self.possible.candidate)
        modules = [{each.name: each for each in bundle.policies}.get(name) for bundle in both]
        if any(module is not None and self._reads_varying(module) for module in modules):
            return True
        versions = self.possible.actions[action]
        asked = _variants(tuple(each for each in versions if each is not None and each.is_active))
        roles = self._role_sets(action)
        if len(asked) > ASKED_MAX or len(roles) > ROLES_MAX:
            return True
        keys = self.possible.policy_keys(self._effective[action])
        return any(
            self._verdict(modules[0], action, each, named, key)
            is not self._verdict(modules[1], action, each, named, key)
            for each in asked
            for named in roles
            for key in keys
        )

    def _verdict(
        self, module: Policy | None, name: str, action: Action, roles: tuple[str, ...], key: int
    ) -> Verdict:
        return Verdict.ALLOW if module is None else self.decider.verdict(module, name, action, roles, key)

    def _reads_varying(self, module: Policy) -> bool:
        return not self.possible.varying.isdisjoint(_policy_columns(module))

    def _role_sets(self, name: str) -> set[tuple[str, ...]]:
        """Whoever can be the approvers at a row where the action has enough points, under any hybrid."""
        actions = [each for each in self.possible.actions[name] if each is not None]
        found = {frozenset(each.approvers) for each in actions}
        for also in {also for action in actions for also in action.also}:
            if self._effective[name] & self.possible.may_hold(also.when, is_raising=True):
                found |= {roles | set(also.approvers) for roles in found}
            if len(found) > ROLES_MAX:
                break
        return {tuple(sorted(roles)) for roles in found}

    def _last_resort_matters(self, field_name: str) -> bool:
        possible, left = self.possible, self.possible.resorting
        both = (possible.baseline, possible.candidate)
        named = {getattr(bundle.playbook.last_resorts, field_name) for bundle in both}
        # What a last resort names cannot be removed, which matters where rules support it as well.
        if any(possible.may_be_supported(name) for name in named if not possible.is_stable(name)):
            return True
        supported = any(
            possible.may_be_supported(name) & left
            for name in possible.actions
            if possible.can_be_active(name)
        )
        return bool(left) and {
            "escalate": bool(self._effective),
            "missing_context": bool(left & ~possible.with_context),
            "enrich": supported,
            "monitor": bool(left & possible.with_context),
        }.get(field_name, True)

    # --- grading

    def _grading_matters(self, rest: Sequence[str]) -> bool:
        match rest:
            case ("tick_minutes",):
                return any(COLUMNS[column].role is Role.AGEING for column in self._read)
            case ("thresholds", column):
                is_read = not self._read.isdisjoint({DERIVED[column], "impact"})
                return is_read and DERIVED[column] in self.possible.varying
            case ("severity", source, word):
                level = LEVEL_WORDS.index(word) + 1
                is_used = any(row[f"severity_{source}"] == level for row in self.facts)
                return is_used and "severity" in self._read
            case ("confidence", *weight):
                return self._confidence_matters() and self._is_weighed(weight)
            case ("impact", *_):
                return "impact" in self._read
        return True

    def _confidence_matters(self) -> bool:
        """Whether hybrids can lie on different sides of a figure that an action compares confidence with."""
        if "confidence" in self._read and "confidence" in self.possible.varying:
            return True
        for name, rows in self._effective.items():
            for action in self.possible.actions[name]:
                if action is not None and action.is_active:
                    for cut in self._cuts(action.floor, action.auto_from):
                        if self._parts([cut], rows, of_confidence=True):
                            return True
        return False

    def _is_weighed(self, weight: Sequence[str]) -> bool:
        """Whether any row has the evidence that the weight is for."""
        match weight:
            case ("source_trust", "watch"):
                return any(set(row["signal_sources"]) - set(SCALES) for row in self.facts)
            case ("source_trust", source):
                return any(source in row["signal_sources"] for row in self.facts)
            case ("level", word):
                return any(row["detection_level"] == _LEVELS[word] for row in self.facts)
            case ("corroboration_points" | "corroboration_sources_max",):
                return any(row["signal_source_count"] > 1 for row in self.facts)
            case ("gap_points" | "gap_points_max",):
                return any(row["gap_count"] > 0 for row in self.facts)
            case ("contradiction_points",):
                return any(row["contradiction_count"] > 0 for row in self.facts)
        return True

    @cached_property
    def _read(self) -> frozenset[str]:
        """Columns that some condition which can matter here reads."""
        columns: set[str] = set()
        for text in self._texts():
            columns |= columns_read(parse_condition(text))
        for bundle in (self.possible.baseline, self.possible.candidate):
            for policy in bundle.policies if self._effective else ():
                columns |= _policy_columns(policy)
        return frozenset(columns)

    def _texts(self) -> Iterator[str]:
        for name, versions in self.possible.rules.items():
            if self.possible.may_match(name):
                yield from (rule.when for rule in versions if rule is not None)
        for name in self._effective:
            for action in self.possible.actions[name]:
                if action is not None:
                    yield from (need.that for need in action.needs)
                    yield from (also.when for also in action.also)
        for bundle in (self.possible.baseline, self.possible.candidate):
            yield from (each.when for each in bundle.playbook.escalations if self._effective)


def _by_id(parts: Sequence[Any]) -> dict[str, Any]:
    return {part.id: part for part in parts}


@lru_cache(maxsize=1024)
def _variants(actions: tuple[Action, ...]) -> list[Action]:
    """The action with every mixture of what a policy sees of it beside its approvers."""
    fields = ("option", "scope", "undo", "request")
    choices = [dict.fromkeys(getattr(action, name) for action in actions) for name in fields]
    mixtures = itertools.product(*choices)
    return [
        actions[0].model_copy(update=dict(zip(fields, values, strict=True)))
        for values in itertools.islice(mixtures, ASKED_MAX + 1)
    ]


def _policy_columns(policy: Policy) -> set[str]:
    columns: set[str] = set()
    for declared in policy.declaration.inputs.values():
        if declared.that is not None:
            columns |= columns_read(parse_condition(declared.that))
        if declared.column is not None:
            columns.add(declared.column)
    return columns
