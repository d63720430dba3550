"""Replays with either side's policies the decisions that OPA logged of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from evidence.decision import Bundle
from evidence.decision.rego.interpreter import UNDEFINED
from simulator.histories.history import History
from simulator.policies.alikeness import as_value, differences
from simulator.policies.decision_model import Outcome, Reason, ReplayedDecision
from simulator.policies.evaluating import Answered, evaluator
from simulator.policies.logged import Logged, logged_decisions
from simulator.policies.modules import Module, ModuleSet
from simulator.policies.policy_model import RecordedChange, RecordedDecisions
from simulator.policies.replaying import replayed

LISTED_MAX = 1000


def recorded_decisions(history: History, bundles: tuple[Bundle, Bundle]) -> RecordedDecisions | None:
    """How the two sides answer what was logged; None where nothing was, or the records are not at hand."""
    if history.recording is None:
        return None
    sides = [_modules(bundle) for bundle in bundles]
    with closing(history.recording.connect()) as connection:
        logged = [
            each
            for each in logged_decisions(connection)
            if each.reason is not Reason.NO_PATH and any(side.has(each.path) for side in sides)
        ]
    logged = list({each.identity: each for each in reversed(logged)}.values())[::-1]
    return _compared(logged, sides[0], sides[1]) if logged else None


def _modules(bundle: Bundle) -> ModuleSet:
    modules = (
        Module(f"{policy.name}.rego", Path(f"{policy.name}.rego"), policy.source)
        for policy in bundle.policies
    )
    return ModuleSet(Path(), tuple(modules))


def _compared(logged: list[Logged], old: ModuleSet, new: ModuleSet) -> RecordedDecisions:
    pairs = list(zip(_replayed(logged, old), _replayed(logged, new), strict=True))
    unanswered = [next((each for each in pair if _is_unanswered(each)), None) for pair in pairs]
    refused = [each for each in unanswered if each is not None]
    changes = [_change(*pair) for pair, none in zip(pairs, unanswered, strict=True) if none is None]
    changed = [change for change in changes if change.differences]
    counts = Counter(each.reason for each in refused if each.reason is not None)
    return RecordedDecisions(
        decision_count=len(logged),
        changed_count=len(changed),
        not_replayable_count=len(refused),
        reasons={reason: counts[reason] for reason in Reason if counts[reason]},
        changes=tuple(changed[:LISTED_MAX]),
    )


def _is_unanswered(decision: ReplayedDecision) -> bool:
    """Not replayable; a side without the path says nothing, which is undefined."""
    return decision.outcome is Outcome.NOT_REPLAYABLE and decision.reason is not Reason.NO_SUCH_PATH


def _replayed(logged: list[Logged], modules: ModuleSet) -> Iterator[ReplayedDecision]:
    paths = sorted({each.path for each in logged if modules.has(each.path)})
    if not modules.modules:
        yield from (replayed(each, modules, _never) for each in logged)
        return
    with evaluator(modules, paths) as asked:
        for each in logged:
            yield replayed(each, modules, lambda one: asked.ask(one.path, one.given))


def _never(logged: Logged) -> Answered:
    raise AssertionError(f"no module is at {logged.path}")


def _change(old: ReplayedDecision, new: ReplayedDecision) -> RecordedChange:
    before, now = (each.new.value if each.new.is_defined else UNDEFINED for each in (old, new))
    return RecordedChange(
        incident_id=old.incident_id,
        decision_id=old.decision_id,
        path=old.path,
        recorded=old.recorded,
        old=as_value(before),
        new=as_value(now),
        differences=differences(before, now),
        anchor=old.anchor,
    )
