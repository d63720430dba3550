"""Makes mutants of a bundle: the same bundle with one threshold, operator, points cell or approval changed.

A figure is moved by a tenth, at least by one; points by the least that can change a decision.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from evidence.decision import Bundle
from evidence.decision.bundle import Path_, Role, Use
from evidence.decision.condition_checks import RAISING
from evidence.decision.condition_parser import parse_condition
from evidence.decision.condition_text import condition_text
from evidence.decision.conditions import Condition, condition_sql
from evidence.decision.matrix import MODES, Mode
from evidence.decision.satisfiability import are_alike, is_never_true, measured
from evidence.enrichment.grading import Grading
from simulator.checking.condition_mutants import alterations, stepped
from simulator.checking.mutant_model import Kind, Mutant, Site, mutant, with_action, with_parts
from simulator.checking.point_mutants import matters_sql, point_steps
from simulator.checking.trials import holds_sql


def mutants(bundle: Bundle) -> list[Mutant]:
    """All mutants, those of one grading beside each other; each decides somewhere or is set aside."""
    return [
        *_of_thresholds(bundle),
        *_of_need(bundle),
        *(each for name in bundle.ladder for each in _of_gates(bundle, name)),
        *_of_conditions(bundle),
        *_of_points(bundle),
        *_of_modes(bundle),
        *_of_approvers(bundle),
        *_of_escalations(bundle),
        *_of_policies(bundle),
    ]


# --- thresholds


def _of_thresholds(bundle: Bundle) -> Iterator[Mutant]:
    written = bundle.grading.model_dump()
    for name, at in written["thresholds"].items():
        for figure in stepped(at):
            low, high = sorted((at, figure))
            # A case gives what is over policy itself.
            where = f"case_place is null and {name} > {low} and {name} <= {high}"
            site = Site(Kind.THRESHOLD, f"threshold of {name}", ("grading", "thresholds", name), where)
            moved = {**written, "thresholds": {**written["thresholds"], name: figure}}
            yield mutant(
                site,
                at,
                figure,
                lambda moved=moved: with_parts(bundle, grading=Grading.model_validate(moved)),
            )


def _of_need(bundle: Bundle) -> Iterator[Mutant]:
    for figure in stepped(bundle.need):
        site = Site(Kind.THRESHOLD, "need", ("need",))
        yield mutant(site, bundle.need, figure, with_parts, bundle, need=figure)


def _of_gates(bundle: Bundle, name: str) -> Iterator[Mutant]:
    """Floor, auto_from and auto_blast: they tell apart the states between the old figure and the new one."""
    action, is_chosen = bundle.actions[name], f"action = '{name}'"
    confidence = "coalesce(confidence, 0)"
    gates = {
        "floor": (action.floor or 0, confidence, f"{_is_effective(bundle, name)} and has_minimum_context"),
        "auto_from": (action.auto_from or 0, confidence, is_chosen),
        # Above auto_blast, where from auto_from on.
        "auto_blast": (action.auto_blast or 0, "blast_radius - 1", is_chosen),
    }
    for gate, (at, graded, reached) in gates.items():
        for figure in stepped(at):
            low, high = sorted((at, figure))
            where = f"{reached} and {graded} >= {low} and {graded} < {high}"
            site = Site(Kind.THRESHOLD, f"{gate} of {name}", ("actions", name, gate), where)
            made = mutant(site, at, figure, with_action, bundle, name, **{gate: figure})
            # What needs approval anyway asks neither auto_from nor auto_blast.
            is_alike = gate != "floor" and action.mode is MODES[-1]
            yield dataclasses.replace(made, is_alike=is_alike and made.bundle is not None)


# --- conditions


def _of_conditions(bundle: Bundle) -> Iterator[Mutant]:
    for use in bundle.uses:
        seen = {use.text, condition_text(use.condition)}
        for each in alterations(use.condition):
            text = condition_text(each.condition)
            if text not in seen:
                seen.add(text)
                kind = Kind.THRESHOLD if each.is_figure else Kind.OPERATOR
                where = _parting_sql(bundle, use, each.condition)
                site = Site(kind, f"{use.role} {use.owner}", use.path, where, use.policy)
                yield _condition_mutant(bundle, use, site, (each.old, each.new), each.condition)


def _condition_mutant(
    bundle: Bundle, use: Use, site: Site, words: tuple[str, str], condition: Condition
) -> Mutant:
    old, new = (measured(each, bundle.grading.thresholds) for each in (use.condition, condition))
    if is_never_true(new):
        return Mutant(site, *words, None)
    is_alike = are_alike(old, new, is_raising=use.role in RAISING) and (
        use.role is not Role.POLICY_INPUT or are_alike(old, new, is_raising=True)
    )
    return Mutant(site, *words, _with_condition(bundle, use, condition_text(condition)), is_alike)


def _parting_sql(bundle: Bundle, use: Use, condition: Condition) -> str:
    """SQL: the two conditions come to something else, as their role closes them, and it can matter."""
    before, after = f"({condition_sql(use.condition)})", f"({condition_sql(condition)})"
    if use.role is Role.POLICY_INPUT:
        return f"{before} is distinct from {after} and effective <> 0"
    closed = "is not false" if use.role in RAISING else "is true"
    parts = f"({before} {closed}) <> ({after} {closed})"
    if use.role is Role.ESCALATION:
        return f"{parts} and {_is_chosen_among(bundle, int(use.path[1]))}"
    if use.role is Role.RULE:
        rule = bundle.rules[int(use.path[1])]
        return f"{parts} and ({matters_sql(bundle, rule.supports, f'case when {before} then -1 else 1 end')})"
    return f"{parts} and {_is_effective(bundle, use.supports[0])}"


def _with_condition(bundle: Bundle, use: Use, text: str) -> Bundle:
    """The bundle with another text of one condition, which was checked before."""
    if use.role is Role.POLICY_INPUT:
        return _with_policy_input(bundle, use.policy, str(use.path[1]), text)
    section, key, *rest = use.path
    if section != "actions":
        entries = list(getattr(bundle.playbook, str(section)))
        entries[int(key)] = entries[int(key)].model_copy(update={"when": text})
        return with_parts(bundle, **{str(section): tuple(entries)})
    field, index, word = rest
    action = bundle.actions[str(key)]
    parts = list(getattr(action, str(field)))
    parts[int(index)] = parts[int(index)].model_copy(update={str(word): text})
    changed = action.model_copy(update={str(field): tuple(parts)})
    return with_parts(bundle, actions={**bundle.actions, str(key): changed})


def _with_policy_input(bundle: Bundle, policy: str, name: str, text: str) -> Bundle:
    policies = []
    for each in bundle.policies:
        if each.name == policy:
            changed = each.declaration.inputs[name].model_copy(update={"that": text})
            declaration = each.declaration.model_copy(
                update={"inputs": {**each.declaration.inputs, name: changed}}
            )
            each = dataclasses.replace(each, declaration=declaration)
        policies.append(each)
    return dataclasses.replace(bundle, policies=tuple(policies))


# --- points


def _of_points(bundle: Bundle) -> Iterator[Mutant]:
    for index, rule in enumerate(bundle.rules):
        holds = holds_sql(rule.when)
        for name, points in rule.supports.items():
            path: Path_ = ("rules", index, "supports", name)
            for figure in (*point_steps(bundle, rule, name), None):
                where = f"{holds} and ({matters_sql(bundle, {name: (figure or 0) - points})})"
                site = Site(Kind.POINTS, f"rule {rule.id}, points of {name}", path, where)
                supports = {**rule.supports, name: figure}
                kept = {each: at for each, at in supports.items() if at is not None}
                yield mutant(site, points, figure or "", _with_supports, bundle, index, kept)


def _with_supports(bundle: Bundle, index: int, supports: dict[str, int]) -> Bundle:
    rule = bundle.rules[index]
    changed = type(rule).model_validate({**rule.model_dump(), "supports": supports})
    return with_parts(bundle, rules=(*bundle.rules[:index], changed, *bundle.rules[index + 1 :]))


# --- approvals


def _of_modes(bundle: Bundle) -> Iterator[Mutant]:
    for name, action in bundle.actions.items():
        site = Site(Kind.APPROVAL, f"mode of {name}", ("actions", name, "mode"), f"action = '{name}'")
        for mode in _near(action.mode):
            yield mutant(site, action.mode, mode, with_action, bundle, name, mode=mode)


def _near(mode: Mode) -> list[Mode]:
    place = MODES.index(mode)
    return [MODES[at] for at in (place - 1, place + 1) if 0 <= at < len(MODES)]


def _of_approvers(bundle: Bundle) -> Iterator[Mutant]:
    """A role left out, or an also clause. Policies see the roles, so that even the choice may change."""
    for name, action in bundle.actions.items():
        where = _is_effective(bundle, name) if name in bundle.ladder else f"action = '{name}'"
        for place, role in enumerate(action.approvers):
            site = Site(Kind.APPROVAL, f"approvers of {name}", ("actions", name, "approvers", place), where)
            kept = tuple(each for each in action.approvers if each != role)
            yield mutant(site, role, "", with_action, bundle, name, approvers=kept)
        for place, also in enumerate(action.also):
            site = Site(Kind.APPROVAL, f"also {also.id} of {name}", ("actions", name, "also", place), where)
            fewer = [each.model_dump() for each in action.also if each is not also]
            yield mutant(site, ", ".join(also.approvers), "", with_action, bundle, name, also=fewer)


def _of_escalations(bundle: Bundle) -> Iterator[Mutant]:
    escalations = bundle.playbook.escalations
    for place, each in enumerate(escalations):
        holds = f"({condition_sql(parse_condition(each.when))}) is not false"
        where = f"{holds} and {_is_chosen_among(bundle, place)}"
        path: Path_ = ("escalations", place)
        site = Site(Kind.APPROVAL, f"escalation {each.id}", path, where)
        fewer = escalations[:place] + escalations[place + 1 :]
        yield mutant(site, each.mode, "", with_parts, bundle, escalations=fewer)
        site = Site(Kind.APPROVAL, f"mode of escalation {each.id}", (*path, "mode"), where)
        for mode in _near(each.mode):
            changed = each.model_copy(update={"mode": mode})
            whole = (*escalations[:place], changed, *escalations[place + 1 :])
            yield mutant(site, each.mode, mode, with_parts, bundle, escalations=whole)


def _is_chosen_among(bundle: Bundle, escalation: int) -> str:
    scopes = bundle.playbook.escalations[escalation].scopes
    names = [f"'{name}'" for name in bundle.ladder if bundle.actions[name].scope in scopes]
    return f"action in ({', '.join(names) or 'null'})"


def _of_policies(bundle: Bundle) -> Iterator[Mutant]:
    for policy in bundle.policies:
        fewer = tuple(each for each in bundle.policies if each is not policy)
        site = Site(Kind.APPROVAL, f"policy {policy.name}", (), "effective <> 0", policy.name)
        without = dataclasses.replace(bundle, policies=fewer)
        yield Mutant(site, policy.name, "", without)


def _is_effective(bundle: Bundle, name: str) -> str:
    return f"(effective >> {bundle.rung(name) - 1}) & 1 = 1"
