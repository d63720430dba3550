"""Writes a bundle as a Python function that makes the same full decision as the kernel, one state at a time.

The fastest plain Python that we know how to write: every column read once, straight-line code, constants
folded, and policies as tables of the verdicts that Rego gave on every input beforehand.
"""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.python_conditions import columns_used, is_false_python, is_true_python, not_false_python
from evidence.decision import Bundle
from evidence.decision.condition_parser import parse_condition
from evidence.decision.matrix import (
    BOUNDED_OPTIONS,
    MODES,
    PASSIVE_PRECEDENCE,
    Action,
    Mode,
    required_approvers,
)
from evidence.decision.policies import Court, Policy, PolicyInput, Verdict

Decision: TypeAlias = tuple[str, str, tuple[str, ...]]
Decide: TypeAlias = Callable[[Sequence[Any]], Decision]
VERDICTS = (Verdict.ALLOW, Verdict.NEEDS_APPROVAL, Verdict.DENIED)


def compile_decide(bundle: Bundle, folder: Path) -> Decide:
    """The function, imported from the module that is written into `folder`.

    It takes the values of `columns_used`, in their order, and gives (action, mode, approvers).
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"decide_{bundle.digest[:12]}.py"
    path.write_text(module_source(bundle), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    decide: Decide = module.decide
    return decide


def module_source(bundle: Bundle) -> str:
    """The module's text: verdict tables, then one function `decide(state)` over a state's values."""
    tables = {name: list(_tables(bundle, name)) for name in bundle.ladder}
    lines = ["import re", ""]
    for name, found in tables.items():
        lines += [f"VERDICTS_{name}_{policy.name} = {table!r}" for policy, table in found]
    lines += ["", "", "def decide(state):"]
    # Unpacking once is twice as quick as looking fifty names up.
    lines += [f"    {', '.join(columns_used(bundle))} = state"]
    lines += ["    sure = confidence or 0", "    is_refused = False"]
    lines += [f"    {_effect(name)} = 0" for name in bundle.actions]
    for rule in bundle.rules:
        lines.append(f"    if {is_true_python(parse_condition(rule.when))}:")
        lines += [f"        {_effect(name)} += {points}" for name, points in rule.supports.items()]
    for name in bundle.ladder:
        lines += _active_lines(bundle, name, [policy for policy, _ in tables[name]])
    return "\n".join([*lines, *_passive_lines(bundle), ""])


def _effect(name: str) -> str:
    return f"points_{name}"


def _active_lines(bundle: Bundle, name: str, policies: Sequence[Policy]) -> Iterator[str]:
    """Returns the action's decision where it is admissible; called from the lowest rung up."""
    action = bundle.actions[name]
    yield f"    if {_effect(name)} >= {bundle.need}:"
    alsos = [
        f"(1 if {not_false_python(parse_condition(also.when))} else 0) << {place}"
        for place, also in enumerate(action.also)
    ]
    yield f"        also = {' | '.join(alsos) or '0'}"
    asked = [f"VERDICTS_{name}_{policy.name}[{_question(policy)}]" for policy in policies]
    verdict = f"max({', '.join(asked)})" if len(asked) > 1 else "".join(asked) or "0"
    yield f"        verdict = {verdict}"
    needs = [is_true_python(parse_condition(need.that)) for need in action.needs]
    yield f"        if verdict == 2 or not ({' and '.join(needs) or 'True'}):"
    yield "            is_refused = True"
    yield f"        elif has_minimum_context and sure >= {action.floor}:"
    yield from _mode_lines(bundle, name, action)


def _mode_lines(bundle: Bundle, name: str, action: Action) -> Iterator[str]:
    if action.mode is not Mode.APPROVAL_REQUIRED:
        unsure = [
            "verdict == 1",
            f"sure < {action.auto_from}",
            "blast_radius is None",
            f"blast_radius > {action.auto_blast}",
            *_escalations(bundle, action, (Mode.APPROVAL_REQUIRED,)),
        ]
        yield f"            if not ({' or '.join(unsure)}):"
        gated = " or ".join(_escalations(bundle, action, (Mode.POLICY_GATED,)))
        if action.mode is Mode.POLICY_GATED:
            gated = "True"
        if gated:
            yield f"                if {gated}:"
            yield f"                    return {_outcomes(name, action, Mode.POLICY_GATED)}[also]"
        if gated != "True":
            yield f"                return {(name, Mode.AUTOMATIC.value, ())!r}"
    yield f"            return {_outcomes(name, action, Mode.APPROVAL_REQUIRED)}[also]"


def _escalations(bundle: Bundle, action: Action, modes: Sequence[Mode]) -> list[str]:
    return [
        not_false_python(parse_condition(each.when))
        for each in bundle.playbook.escalations
        if action.scope in each.scopes and each.mode in modes
    ]


def _outcomes(name: str, action: Action, mode: Mode) -> str:
    """One decision per combination of the action's also clauses."""
    return repr(
        tuple((name, mode.value, required_approvers(action, also)) for also in range(1 << len(action.also)))
    )


def _passive_lines(bundle: Bundle) -> Iterator[str]:
    """Most points wins; on equal points the option that involves more people, then what is declared first."""
    names = [name for name in reversed(tuple(bundle.actions)) if not bundle.actions[name].is_active]
    names.sort(key=lambda name: PASSIVE_PRECEDENCE.index(bundle.actions[name].option))
    yield "    most, best = 1, None"
    for name in names:
        is_open = "" if bundle.actions[name].option in BOUNDED_OPTIONS else " and has_minimum_context"
        yield f"    if {_effect(name)} >= most{is_open}:"
        yield f"        most, best = {_effect(name)}, {_passive(bundle, name)}"
    resorts = bundle.playbook.last_resorts
    yield "    if best is not None:"
    yield "        return best"
    yield "    if is_refused:"
    yield f"        return {_passive(bundle, resorts.escalate)}"
    yield "    if not has_minimum_context:"
    yield f"        return {_passive(bundle, resorts.missing_context)}"
    yield f"    if {' or '.join(map(_effect, bundle.ladder)) or 'False'}:"
    yield f"        return {_passive(bundle, resorts.enrich)}"
    yield f"    return {_passive(bundle, resorts.monitor)}"


def _passive(bundle: Bundle, name: str) -> str:
    action = bundle.actions[name]
    roles = () if action.mode is MODES[0] else required_approvers(action, 0)
    return repr((name, action.mode.value, roles))


# --- policies


def _tables(bundle: Bundle, name: str) -> Iterator[tuple[Policy, dict[tuple[object, ...], int]]]:
    """Per policy that ever objects to the action: its verdict on every input and set of also clauses."""
    court, action = Court(), bundle.actions[name]
    for policy in bundle.policies:
        table: dict[tuple[object, ...], int] = {}
        inputs = policy.declaration.inputs
        for also in range(1 << len(action.also)):
            roles = required_approvers(action, also)
            for values in itertools.product(*((*each.domain, None) for each in inputs.values())):
                known = dict(zip(inputs, values, strict=True))
                verdict = court.answer(policy, name, action, roles, known).verdict
                table[(*values, also)] = VERDICTS.index(verdict)
        if any(table.values()):
            yield policy, table


def _question(policy: Policy) -> str:
    return ", ".join([*(_input(each) for each in policy.declaration.inputs.values()), "also"])


def _input(declared: PolicyInput) -> str:
    """The input's value as the policy is asked about it: within its domain, or None where unknown."""
    if declared.that is not None:
        condition = parse_condition(declared.that)
        return f"(True if {is_true_python(condition)} else False if {is_false_python(condition)} else None)"
    column = str(declared.column)
    if declared.values:
        return f"({column} if {column} is None or {column} in {declared.values!r} else 'other')"
    return f"({column} if {column} in {declared.domain!r} else None)"
