"""Random edits of a bundle, as people make them: any field of any part; added, removed, reordered parts."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from evidence.decision import Bundle, Rule
from evidence.decision.approvers import Role
from evidence.decision.bundle import Escalation
from evidence.decision.matrix import Action, AlsoApprovers, Mode, Precondition, Request, Scope, Undo
from evidence.decision.policies import Policy, PolicyDeclaration

CONDITIONS = (
    "is_error_rate_over_policy",
    "is_change_seen",
    "is_stateful",
    "not is_stateful",
    "environment = 'production'",
    "environment in ('production', 'staging')",
    "criticality = 'customer_facing' and not is_stateful",
    "severity >= 5",
    "has_signal('CrashLoop')",
    "change_to_symptom_seconds between 0 and 900",
    "known(workload) or is_latency_over_policy",
    "error_rate_ppm > 60000",
)
ROLES = ("app_owner", "cloud_team", "incident_commander")
DENIALS = {
    "when_stateful": 'input.request.is_stateful != false\n\tinput.request.kind.kind == "Node"',
    "without_approval": "input.request.is_stateful == true\n\tcount(input.request.approvals) == 0",
    "in_production": 'input.request.environment == "production"\n\tcount(input.request.approvals) == 0',
    "rollbacks": 'input.request.kind.kind == "Application"\n\tnot "cloud_team" in input.request.approvals',
}
Edit = Callable[[Bundle, random.Random], Bundle]


def bundles_near(bundle: Bundle, edits_max: int = 6) -> st.SearchStrategy[Bundle]:
    """The bundle after up to `edits_max` edits."""
    edit = st.tuples(st.sampled_from(EDITS), st.integers(0, 10_000))
    return st.lists(edit, max_size=edits_max).map(lambda edits: edited(bundle, edits))


def edited(bundle: Bundle, edits: list[tuple[Edit, int]]) -> Bundle:
    for edit, seed in edits:
        bundle = edit(bundle, random.Random(seed))
    return bundle


def with_playbook(bundle: Bundle, **fields: Any) -> Bundle:
    playbook = bundle.playbook.model_copy(update=fields)
    return Bundle("edited", playbook, bundle.approvers, bundle.policies, bundle.detections)


def with_action(bundle: Bundle, name: str, **fields: Any) -> Bundle:
    action = bundle.actions[name].model_copy(update=fields)
    return with_playbook(bundle, actions={**bundle.actions, name: action})


def with_rule(bundle: Bundle, place: int, **fields: Any) -> Bundle:
    rule = bundle.rules[place].model_copy(update=fields)
    return with_playbook(bundle, rules=(*bundle.rules[:place], rule, *bundle.rules[place + 1 :]))


def active_of(bundle: Bundle, by: random.Random) -> str:
    return by.choice(sorted(bundle.ladder))


def edit_need(bundle: Bundle, by: random.Random) -> Bundle:
    return with_playbook(bundle, need=by.choice((20, 40, 50, 70)))


def edit_when(bundle: Bundle, by: random.Random) -> Bundle:
    return with_rule(bundle, by.randrange(len(bundle.rules)), when=by.choice(CONDITIONS))


def edit_words(bundle: Bundle, by: random.Random) -> Bundle:
    return with_rule(bundle, by.randrange(len(bundle.rules)), because="For another reason.")


def edit_points(bundle: Bundle, by: random.Random) -> Bundle:
    place, name = by.randrange(len(bundle.rules)), by.choice(sorted(bundle.actions))
    supports = dict(bundle.rules[place].supports)
    if name in supports and len(supports) > 1 and by.random() < 0.4:
        del supports[name]
    else:
        supports[name] = by.choice((10, 20, 30, 50, 60))
    return with_rule(bundle, place, supports=supports)


def add_rule(bundle: Bundle, by: random.Random) -> Bundle:
    supports = {by.choice(sorted(bundle.actions)): by.choice((10, 50))}
    rule = Rule(id=f"new-{len(bundle.rules)}", when=by.choice(CONDITIONS), supports=supports, because="New.")
    if rule.id in {each.id for each in bundle.rules}:
        return bundle
    rules = list(bundle.rules)
    rules.insert(by.randrange(len(rules) + 1), rule)
    return with_playbook(bundle, rules=tuple(rules))


def remove_rule(bundle: Bundle, by: random.Random) -> Bundle:
    place = by.randrange(len(bundle.rules))
    rules = (*bundle.rules[:place], *bundle.rules[place + 1 :])
    return with_playbook(bundle, rules=rules or bundle.rules)


def reorder(bundle: Bundle, by: random.Random) -> Bundle:
    rules, actions = list(bundle.rules), list(bundle.actions.items())
    by.shuffle(by.choice((rules, actions)))
    return with_playbook(bundle, rules=tuple(rules), actions=dict(actions))


def edit_gates(bundle: Bundle, by: random.Random) -> Bundle:
    fields: dict[str, tuple[Any, ...]] = {
        "mode": tuple(Mode),
        "approvers": (("app_owner",), ("cloud_team",), ("app_owner", "cloud_team")),
        "floor": (20, 40, 60, 70),
        "auto_from": (40, 60, 80, 90),
        "auto_blast": (0, 1, 3, 9),
        "undo": tuple(Undo),
        "scope": tuple(each for each in Scope if each is not Scope.NONE),
        "request": (Request(kind="Node", operation="UPDATE"), Request(kind="Pod", operation="DELETE")),
        "reason": ("For another reason.",),
    }
    field = by.choice(sorted(fields))
    return with_action(bundle, active_of(bundle, by), **{field: by.choice(fields[field])})


def edit_passive(bundle: Bundle, by: random.Random) -> Bundle:
    name = by.choice(sorted(set(bundle.actions) - set(bundle.ladder)))
    return with_action(bundle, name, mode=by.choice(tuple(Mode)), approvers=(by.choice(ROLES),))


def edit_needs(bundle: Bundle, by: random.Random) -> Bundle:
    name = active_of(bundle, by)
    needs = {need.id: need for need in bundle.actions[name].needs}
    need = Precondition(id=by.choice((*sorted(needs), "new-need")), that=by.choice(CONDITIONS))
    if need.id in needs and by.random() < 0.4:
        del needs[need.id]
    else:
        needs[need.id] = need
    return with_action(bundle, name, needs=tuple(needs.values()))


def edit_also(bundle: Bundle, by: random.Random) -> Bundle:
    name = active_of(bundle, by)
    also = {each.id: each for each in bundle.actions[name].also}
    clause = AlsoApprovers(
        id=by.choice((*sorted(also), "second", "third", "fourth")),
        when=by.choice(CONDITIONS),
        approvers=(by.choice(ROLES),),
    )
    if clause.id in also and by.random() < 0.4:
        del also[clause.id]
    else:
        also[clause.id] = clause
    return with_action(bundle, name, also=tuple(also.values())[-3:])


def edit_escalations(bundle: Bundle, by: random.Random) -> Bundle:
    escalations = {each.id: each for each in bundle.playbook.escalations}
    scopes = tuple(each for each in Scope if each is not Scope.NONE and by.random() < 0.5)
    clause = Escalation(
        id=by.choice((*sorted(escalations), "new-escalation")),
        when=by.choice(CONDITIONS),
        mode=by.choice((Mode.POLICY_GATED, Mode.APPROVAL_REQUIRED)),
        scopes=scopes or (Scope.POD,),
        because="Because.",
    )
    if clause.id in escalations and by.random() < 0.4:
        del escalations[clause.id]
    elif clause.id in escalations:
        field = by.choice(("when", "mode", "scopes", "because"))
        escalations[clause.id] = escalations[clause.id].model_copy(update={field: getattr(clause, field)})
    else:
        escalations[clause.id] = clause
    return with_playbook(bundle, escalations=tuple(escalations.values()))


def edit_resort(bundle: Bundle, by: random.Random) -> Bundle:
    resorts = bundle.playbook.last_resorts
    field = by.choice(sorted(type(resorts).model_fields))
    option = bundle.actions[getattr(resorts, field)].option
    same = sorted(name for name, action in bundle.actions.items() if action.option is option)
    return with_playbook(bundle, last_resorts=resorts.model_copy(update={field: by.choice(same)}))


def add_action(bundle: Bundle, by: random.Random) -> Bundle:
    name, like = f"new_{len(bundle.actions)}", by.choice(sorted(bundle.actions))
    actions = list(bundle.actions.items())
    actions.insert(by.randrange(len(actions) + 1), (name, bundle.actions[like]))
    bundle = with_playbook(bundle, actions=dict(actions))
    place = by.randrange(len(bundle.rules))
    return with_rule(bundle, place, supports={**bundle.rules[place].supports, name: by.choice((20, 60))})


def remove_action(bundle: Bundle, by: random.Random) -> Bundle:
    name = by.choice(sorted(bundle.actions))
    if name in dict(bundle.playbook.last_resorts).values() or bundle.ladder == (name,):
        return bundle
    actions = {each: action for each, action in bundle.actions.items() if each != name}
    return with_playbook(bundle, actions=actions, rules=_without_points_for(bundle, name))


def _without_points_for(bundle: Bundle, name: str) -> tuple[Rule, ...]:
    supports = [{each: n for each, n in rule.supports.items() if each != name} for rule in bundle.rules]
    pairs = zip(bundle.rules, supports, strict=True)
    return tuple(rule.model_copy(update={"supports": left}) for rule, left in pairs if left)


def replace_passive(bundle: Bundle, by: random.Random) -> Bundle:
    """`draft` begins to change a running system, or stops doing so."""
    like: Action = bundle.actions[by.choice(sorted(bundle.actions))]
    return with_playbook(bundle, actions={**bundle.actions, "draft": like})


def edit_grading(bundle: Bundle, by: random.Random) -> Bundle:
    grading = bundle.grading.model_dump()
    path, values = by.choice(GRADES)
    part = grading
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = by.choice(values)
    return with_playbook(bundle, grading=type(bundle.grading).model_validate(grading))


GRADES: tuple[tuple[tuple[str, ...], tuple[Any, ...]], ...] = (
    (("tick_minutes",), ((), (15,), (15, 60))),
    (("severity", "falco", "critical"), (4, 5, 6)),
    (("severity", "alertmanager", "fatal"), (5, 6)),
    (("thresholds", "error_rate_ppm"), (20_000, 50_000, 80_000)),
    (("thresholds", "latency_ms"), (1000, 1500)),
    (("confidence", "source_trust", "alertmanager"), (40, 70, 90)),
    (("confidence", "source_trust", "falco"), (30, 45, 80)),
    (("confidence", "corroboration_points"), (0, 20, 30)),
    (("confidence", "level", "critical"), (0, 10, 30)),
    (("confidence", "gap_points"), (0, 2, 10)),
    (("impact", "dependency_hot"), (0, 5)),
)


def edit_policies(bundle: Bundle, by: random.Random) -> Bundle:
    policies = {policy.name: policy for policy in bundle.policies}
    name = by.choice((*sorted(policies), "second_policy"))
    if name in policies and by.random() < 0.4:
        del policies[name]
    else:
        policies[name] = small_policy(name, by.choice(sorted(DENIALS)))
    return Bundle(
        "edited",
        bundle.playbook,
        bundle.approvers,
        tuple(policies[n] for n in sorted(policies)),
        bundle.detections,
    )


def small_policy(name: str, denial: str) -> Policy:
    source = (
        "package incidentresponse\n\nimport rego.v1\n\n"
        f'deny contains message if {{\n\t{DENIALS[denial]}\n\tmessage := "{denial}"\n}}\n'
    )
    declaration = {
        "because": "Because.",
        "inputs": {"environment": {"column": "environment"}, "is_stateful": {"that": "is_stateful"}},
        "cases": [{"id": "any", "action": "drain", "verdict": "denied"}],
    }
    return Policy(name, source, PolicyDeclaration.model_validate(declaration))


def edit_approvers(bundle: Bundle, by: random.Random) -> Bundle:
    role = Role(title="Another title", contact=f"desk {by.randrange(3)}")
    roles = {**bundle.approvers.roles, by.choice(ROLES): role}
    approvers = bundle.approvers.model_copy(update={"roles": roles})
    return Bundle("edited", bundle.playbook, approvers, bundle.policies, bundle.detections)


EDITS: tuple[Edit, ...] = (
    edit_need, edit_when, edit_words, edit_points, add_rule, remove_rule, reorder, edit_gates, edit_passive,
    edit_needs, edit_also, edit_escalations, edit_resort, add_action, remove_action, replace_passive,
    edit_grading, edit_policies, edit_approvers,
)  # fmt: skip
