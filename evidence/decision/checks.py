"""Owns what a bundle must keep so that the proofs hold by construction; each fault says what, and where.

The proofs: there is always exactly one decision; with less confidence or a wider blast radius it is the
same action with at least the same approval, or a passive one; no admissible effective action on a lower
rung is passed over. The checks are numbered as in the decision model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.decision.bundle import Bundle, Path_, Playbook, Role, Use
from evidence.decision.conditions import COLUMNS, columns_read
from evidence.decision.matrix import PASSIVE_OPTIONS, Option
from evidence.decision.policies import Policy
from expectations.contracts import Role as ColumnRole

BLAST_COLUMNS = frozenset({"blast_radius", "customer_facing_count"})
# What everything is written right for and the proofs still do not hold. A graded column where none may be
# read, (1) and (4), is a slip like any other column that a condition may not read.
PROOF_CHECKS = frozenset({2, 3, 5})
RESORT_OPTIONS = {
    "monitor": Option.MONITOR,
    "enrich": Option.ENRICH,
    "missing_context": Option.ENRICH,
    "escalate": Option.ESCALATE,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and where: in playbook.yaml or the named policy's file, `offset` characters in.

    `check` is the number of the compile check, 0 for a mere reference that does not resolve; `columns`
    are those whose values show the fault; `witness` is a counterexample found without running the kernel.
    A warning is doubtful, not wrong: the bundle can be decided by.
    """

    what: str
    path: Path_
    check: int = 0
    offset: int = 0
    policy: str = ""
    columns: frozenset[str] = frozenset()
    is_key: bool = False
    witness: str = ""
    remedy: str = ""
    is_warning: bool = False


def repeated_faults(bundle: Bundle) -> Iterator[Fault]:
    """Ids that stand twice."""
    yield from _repeats("rule", "rules", [rule.id for rule in bundle.rules])
    yield from _repeats("escalation", "escalations", [each.id for each in bundle.playbook.escalations])


def graded_faults(bundle: Bundle, uses: Sequence[Use]) -> Iterator[Fault]:
    """(1) and (4): `uses`, the readable conditions, and policy inputs that read a graded or ageing column."""
    for use in uses:
        yield from _graded_faults(bundle, use)
    for policy in bundle.policies:
        for name, declared in policy.declaration.inputs.items():
            if declared.column and COLUMNS[declared.column].role is not ColumnRole.FEATURE:
                what = (
                    f"policy input {name} reads {declared.column}: verdicts must not depend on graded columns"
                )
                path: Path_ = ("inputs", name, "column")
                yield Fault(what, path, 1, policy=policy.name, columns=frozenset({declared.column}))


def rule_faults(playbook: Playbook) -> Iterator[Fault]:
    """Rules that support what is no action, or suggest to close without an action that does."""
    for index, rule in enumerate(playbook.rules):
        for name in rule.supports:
            if name not in playbook.actions:
                yield Fault(
                    f"rule {rule.id} supports {name}, which is no action",
                    ("rules", index, "supports", name),
                    is_key=True,
                )
        monitors = [name for name in rule.supports if _option(playbook, name) is Option.MONITOR]
        if rule.disposition and not monitors:
            yield Fault(
                f"rule {rule.id} suggests to close but supports no action of monitor",
                ("rules", index, "disposition"),
            )


def _option(playbook: Playbook, name: str) -> Option | None:
    action = playbook.actions.get(name)
    return action.option if action else None


def approver_faults(bundle: Bundle) -> Iterator[Fault]:
    """Roles of the matrix that nobody holds."""
    for name, action in bundle.actions.items():
        paths: list[tuple[Path_, str]] = [
            (("actions", name, "approvers", index), role) for index, role in enumerate(action.approvers)
        ]
        for at, also in enumerate(action.also):
            paths += [
                (("actions", name, "also", at, "approvers", index), role)
                for index, role in enumerate(also.approvers)
            ]
        for path, role in paths:
            if role not in bundle.approvers.roles:
                yield Fault(
                    f"{name} is to be approved by {role}, a role that approvers.yaml does not name", path
                )


def resort_faults(playbook: Playbook) -> Iterator[Fault]:
    """Last resorts that are not passive actions of their option, so that a state could be left undecided."""
    for field, option in RESORT_OPTIONS.items():
        name = getattr(playbook.last_resorts, field)
        if _option(playbook, name) is not option:
            what = f"the last resort {name} is no action of {option}"
            yield Fault(what, ("last_resorts", field), witness=_undecided_state(playbook, field, name))


def _undecided_state(playbook: Playbook, field: str, name: str) -> str:
    """A state in which only this last resort is left, although it may itself be refused."""
    action = playbook.actions.get(name)
    if action is not None and not action.is_active:
        return ""
    where = {
        "monitor": "where no rule holds",
        "enrich": "where an active action has points, but too few",
        "missing_context": "where nothing has arrived yet",
        "escalate": "where the action that is enough is denied by policy",
    }[field]
    refusal = f"is active and needs confidence {action.floor}" if action else "does not exist"
    return f"{where} and no passive action has points, only {name} is left, which {refusal}: no decision"


def policy_case_faults(bundle: Bundle) -> Iterator[Fault]:
    """Cases of policies about passive actions or undeclared inputs."""
    for policy in bundle.policies:
        yield from _case_faults(bundle, policy)


def _case_faults(bundle: Bundle, policy: Policy) -> Iterator[Fault]:
    for index, case in enumerate(policy.declaration.cases):
        action = bundle.actions.get(case.action)
        if action is not None and not action.is_active:
            yield Fault(
                f"{case.action} is passive: no policy is asked",
                ("cases", index, "action"),
                policy=policy.name,
            )
        for name in case.given:
            if name not in policy.declaration.inputs:
                yield Fault(
                    f"{name} is no declared input",
                    ("cases", index, "given", name),
                    policy=policy.name,
                    is_key=True,
                )


def _repeats(what: str, section: str, ids: list[str]) -> Iterator[Fault]:
    for index, each in enumerate(ids):
        if each in ids[:index]:
            yield Fault(f"the {what} {each} is repeated", (section, index, "id"))


def _graded_faults(bundle: Bundle, use: Use) -> Iterator[Fault]:
    """What supports or admits an active action reads no graded or ageing column."""
    read = columns_read(use.condition)
    graded = sorted(name for name in read if COLUMNS[name].role in (ColumnRole.GRADED, ColumnRole.AGEING))
    if not graded or (use.role is Role.RULE and not _supports_active(bundle, use)):
        return
    column = graded[0]
    offset = use.text.index(column)
    yield Fault(
        _why_refused(use, column), use.path, _check_of(use, column), offset, use.policy, frozenset(read)
    )


def _supports_active(bundle: Bundle, use: Use) -> bool:
    return any(_option(bundle.playbook, name) not in (*PASSIVE_OPTIONS, None) for name in use.supports)


def _check_of(use: Use, column: str) -> int:
    return 4 if use.role is Role.PRECONDITION and column in BLAST_COLUMNS else 1


def _why_refused(use: Use, column: str) -> str:
    if COLUMNS[column].role is ColumnRole.AGEING:
        return (
            f"{use.role} {use.owner} reads {column}, which grows with the moment: "
            "a recommendation would lapse without new evidence"
        )
    if _check_of(use, column) == 4:
        return f"{use.role} {use.owner} reads {column}: blast radius raises the mode and never excludes"
    return (
        f"{use.role} {use.owner} reads {column}: what decides on active actions must not read graded columns"
    )


def floor_faults(bundle: Bundle) -> Iterator[Fault]:
    """(2): a floor below that of a lower rung lets less confidence reach higher."""
    highest, holder = 0, ""
    for name in bundle.ladder:
        floor = bundle.actions[name].floor or 0
        if floor < highest:
            what = (
                f"{name} has floor {floor}, below {highest} of {holder} on a lower rung: "
                "less confidence would reach a riskier action"
            )
            yield Fault(what, ("actions", name, "floor"), 2, columns=frozenset({"confidence"}))
        elif floor > highest:
            highest, holder = floor, name
