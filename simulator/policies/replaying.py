"""Replays the decisions that OPA logged against the modules of a folder: each distinct question once."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from evidence.decision.rego.interpreter import UNDEFINED
from simulator.detections.recorded import Recorded
from simulator.policies.alikeness import as_value, differences, plain, why_unlike
from simulator.policies.decision_model import (
    ModuleRef,
    Outcome,
    PathCount,
    PolicyReplay,
    Reason,
    ReplayedDecision,
)
from simulator.policies.evaluating import Answered, Evaluator, evaluator
from simulator.policies.logged import (
    Logged,
    logged_decisions,
    looked_through,
    refused_count,
    refused_entries,
)
from simulator.policies.modules import ModuleSet

LISTED_MAX = 1000
_BEYOND_ASCII = "its input has letters beyond ASCII, which lower and upper leave as they are here"


@dataclass
class _Tally:
    """What is counted along the way, and the decisions that are listed."""

    listed_max: int
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[Reason] = field(default_factory=Counter)
    paths: dict[tuple[str, tuple[tuple[str, str], ...]], Counter[Outcome]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    listed: list[ReplayedDecision] = field(default_factory=list)
    unlisted_count: int = 0

    def add(self, decision: ReplayedDecision) -> None:
        self.outcomes[decision.outcome] += 1
        self.paths[decision.path, tuple(sorted(decision.bundles.items()))][decision.outcome] += 1
        if decision.reason is not None:
            self.reasons[decision.reason] += 1
        if decision.outcome is Outcome.SAME:
            return
        if self.listed_max and len(self.listed) >= self.listed_max:
            self.unlisted_count += 1
        else:
            self.listed.append(decision)


def replay_decisions(
    modules: ModuleSet, recorded: Recorded, reference: str, *, listed_max: int = LISTED_MAX
) -> PolicyReplay:
    """What the modules say of every recorded decision; at most so many are listed, 0 for all.

    Raises PlaybookError with file and line where the modules do not compile.
    """
    paths = sorted({logged.path for logged in logged_decisions(recorded.connection) if not logged.reason})
    tally, seen, questions = _Tally(listed_max), set[str](), dict[str, Answered]()
    copies = 0
    file_count, record_count = looked_through(recorded.connection)
    with evaluator(modules, [path for path in paths if modules.has(path)]) as asked:
        for logged in logged_decisions(recorded.connection):
            if logged.identity in seen:
                copies += 1
                continue
            seen.add(logged.identity)
            tally.add(replayed(logged, modules, lambda each: _answer(asked, each, questions)))
    return PolicyReplay(
        policies=reference,
        modules=tuple(module_refs(modules)),
        data_files=modules.data_files,
        history=str(recorded.path),
        file_count=file_count,
        record_count=record_count,
        decision_count=tally.outcomes.total(),
        copy_count=copies,
        refused_count=refused_count(recorded.connection),
        question_count=len(questions),
        same_count=tally.outcomes[Outcome.SAME],
        different_count=tally.outcomes[Outcome.DIFFERENT],
        not_replayable_count=tally.outcomes[Outcome.NOT_REPLAYABLE],
        reasons={reason: tally.reasons[reason] for reason in Reason if tally.reasons[reason]},
        paths=tuple(_path_counts(tally)),
        decisions=tuple(tally.listed),
        unlisted_count=tally.unlisted_count,
        refused=refused_entries(recorded.connection, listed_max),
    )


def module_refs(modules: ModuleSet) -> Iterator[ModuleRef]:
    """The modules as a report names them."""
    for module in modules.modules:
        yield ModuleRef(file=module.name, package=".".join(module.package), sha256=module.sha256)


def _path_counts(tally: _Tally) -> Iterator[PathCount]:
    for (path, bundles), outcomes in sorted(tally.paths.items()):
        yield PathCount(
            path=path,
            bundles=dict(bundles),
            decision_count=outcomes.total(),
            same_count=outcomes[Outcome.SAME],
            different_count=outcomes[Outcome.DIFFERENT],
            not_replayable_count=outcomes[Outcome.NOT_REPLAYABLE],
        )


def _answer(asked: Evaluator, logged: Logged, questions: dict[str, Answered]) -> Answered:
    key = logged.question
    if key not in questions:
        questions[key] = asked.ask(logged.path, logged.given)
    return questions[key]


def replayed(logged: Logged, modules: ModuleSet, ask: Callable[[Logged], Answered]) -> ReplayedDecision:
    """The decision with its new result, or the reason why there is none."""
    reason, detail = _why_not(logged, modules)
    if reason is not None:
        return _decision(logged, Answered(), reason, detail)
    answered = ask(logged)
    if answered.failure:
        return _decision(
            logged, answered, Reason.LIMIT if answered.is_stopped else Reason.FAILED, answered.failure
        )
    if why := why_unlike(None if answered.value is UNDEFINED else answered.value):
        return _decision(logged, Answered(), Reason.UNLIKE_OPA, why)
    return _decision(logged, answered, None, "")


def _why_not(logged: Logged, modules: ModuleSet) -> tuple[Reason | None, str]:
    if logged.reason is Reason.NO_PATH:
        return logged.reason, logged.detail
    if not modules.has(logged.path):
        return Reason.NO_SUCH_PATH, ""
    if logged.reason is None and modules.folds_case and not _is_ascii(logged):
        return Reason.UNLIKE_OPA, _BEYOND_ASCII
    return logged.reason, logged.detail


def _is_ascii(logged: Logged) -> bool:
    return json.dumps(logged.given, ensure_ascii=False).isascii()


def _decision(logged: Logged, answered: Answered, reason: Reason | None, detail: str) -> ReplayedDecision:
    new = answered.value if answered.value is UNDEFINED else plain(answered.value)
    found = () if reason is not None else differences(logged.recorded, new)
    outcome = Outcome.DIFFERENT if found else Outcome.SAME
    return ReplayedDecision(
        incident_id=logged.incident_id,
        decision_id=logged.decision_id,
        path=logged.path,
        bundles=dict(logged.bundles),
        timestamp=logged.timestamp,
        outcome=Outcome.NOT_REPLAYABLE if reason is not None else outcome,
        reason=reason,
        detail=detail,
        recorded=as_value(logged.recorded),
        new=as_value(new),
        differences=found,
        anchor=logged.anchor,
    )
