"""Writes a replay of decision logs as text, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from evidence.handoff.inert import code_span
from evidence.handoff.words import counted
from evidence.published_schemas import schema_text
from evidence.redaction import make_visible, redact, shown
from simulator.policies.decision_model import (
    REASON_WORDS,
    SCHEMA_VERSION,
    DecisionAnchor,
    Difference,
    Outcome,
    PolicyReplay,
    ReplayedDecision,
    Value,
)
from simulator.refused_records import place_words, reason_words

TOLD_MAX, DIFFERENCES_TOLD_MAX, VALUE_LENGTH_MAX = 50, 8, 160


def render_text(replay: PolicyReplay) -> str:
    """Counts first, then each decision that is different, then why others cannot be replayed."""
    return "\n".join(_lines(replay)) + "\n"


def render_json(replay: PolicyReplay) -> str:
    """Every field of the model in the model's order, with secrets taken out of texts."""
    return json.dumps(_cleaned(replay.model_dump(mode="json")), indent=2, ensure_ascii=False) + "\n"


def published_schema() -> str:
    """The text of docs/schemas/policy-replay.schema.json."""
    return schema_text("policy-replay", SCHEMA_VERSION, PolicyReplay)


def headline(replay: PolicyReplay) -> str:
    """The counts in one sentence; where there are none, that there was nothing to count."""
    if not replay.decision_count:
        return f"Nothing was replayed: {nothing_found(replay)}."
    return (
        f"Of {counted(replay.decision_count, 'recorded decision')} {replay.different_count} different, "
        f"{replay.same_count} the same, {replay.not_replayable_count} not replayable."
    )


def nothing_found(replay: PolicyReplay) -> str:
    """Where decisions were looked for, and that there are none."""
    refused = f", {_entries(replay.refused_count)} refused" if replay.refused_count else ""
    looked = f"{counted(replay.file_count, 'file')} with {counted(replay.record_count, 'record')}"
    return f"no decision that OPA logged is in {shown(replay.history, 200)} ({looked}{refused})"


def _entries(count: int) -> str:
    return counted(count, "entry", "entries")


def _lines(replay: PolicyReplay) -> Iterator[str]:
    yield headline(replay)
    yield from ("", f"policies  {shown(replay.policies, 200)}: {_modules(replay)}")
    yield f"history   {shown(replay.history, 200)}: {_history(replay)}"
    yield from _paths(replay)
    yield from _reasons(replay)
    yield from _refused(replay)
    told = [each for each in replay.decisions if each.outcome is Outcome.DIFFERENT]
    for decision in told[:TOLD_MAX]:
        yield ""
        yield from _decision(decision)
    if replay.different_count > len(told[:TOLD_MAX]):
        yield from (
            "",
            f"and {replay.different_count - len(told[:TOLD_MAX])} more; `--format json` has them.",
        )


def _modules(replay: PolicyReplay) -> str:
    packages = sorted({module.package for module in replay.modules})
    return f"{counted(len(replay.modules), 'module')} in {counted(len(packages), 'package')}"


def _history(replay: PolicyReplay) -> str:
    parts = [f"{counted(replay.question_count, 'distinct question')}"]
    parts += [f"{counted(replay.copy_count, 'copy', 'copies')} left out"] if replay.copy_count else []
    parts += [f"{_entries(replay.refused_count)} refused"] if replay.refused_count else []
    return ", ".join(parts)


def _paths(replay: PolicyReplay) -> Iterator[str]:
    if replay.paths:
        yield from ("", "decisions  different  same  not replayable  path, revisions")
    for each in replay.paths:
        revisions = ", ".join(f"{name} {revision}".strip() for name, revision in each.bundles.items())
        yield (
            f"{each.decision_count:>9}  {each.different_count:>9}  {each.same_count:>4}"
            f"  {each.not_replayable_count:>14}  {shown(each.path, 120)}"
            + (f" ({shown(revisions, 120)})" if revisions else "")
        )


def _reasons(replay: PolicyReplay) -> Iterator[str]:
    if replay.reasons:
        yield from ("", "Not replayable")
    for reason, count in replay.reasons.items():
        yield f"  {count:>6}  {reason.value}: {REASON_WORDS[reason]}"
        details = {
            shown(each.detail, 200): None
            for each in replay.decisions
            if each.reason is reason and each.detail
        }
        yield from (f"          {detail}" for detail in list(details)[:3])


def _refused(replay: PolicyReplay) -> Iterator[str]:
    if replay.refused_count:
        yield from ("", f"Refused by intake and not replayed, {replay.refused_count}")
    for entry in replay.refused[:TOLD_MAX]:
        yield f"  {reason_words(entry.reason, entry.field, entry.detail)}"
        yield f"    {_where(entry.anchor)}"
    if replay.refused_count > len(replay.refused[:TOLD_MAX]):
        yield f"  and {replay.refused_count - len(replay.refused[:TOLD_MAX])} more; `--format json` has them."


def _where(anchor: DecisionAnchor) -> str:
    return place_words(anchor.path, anchor.ordinal, anchor.byte_offset, anchor.byte_length)


def _decision(decision: ReplayedDecision) -> Iterator[str]:
    at = f"  {shown(decision.timestamp, 40)}" if decision.timestamp else ""
    yield f"{shown(decision.incident_id, 120)}  {shown(decision.path, 120)}{at}"
    yield f"  decision {shown(decision.decision_id, 80)}; {_where(decision.anchor)}"
    for difference in decision.differences[:DIFFERENCES_TOLD_MAX]:
        yield f"  {_place(difference)}  {_value(difference.recorded)} → {_value(difference.new)}"
    more = len(decision.differences) - DIFFERENCES_TOLD_MAX
    yield from [f"  and {more} places more"] if more > 0 else []


def _place(difference: Difference) -> str:
    return shown(difference.pointer, 120) or "(whole result)"


def _value(value: Value) -> str:
    if not value.is_defined:
        return "undefined"
    return shown(json.dumps(value.value, ensure_ascii=False), VALUE_LENGTH_MAX)


def render_markdown(replay: PolicyReplay) -> str:
    """For a pull request: the counts, a table of paths, and each difference on a line."""
    return "\n".join(_markdown(replay)) + "\n"


def _markdown(replay: PolicyReplay) -> Iterator[str]:
    yield f"## Recorded decisions against {code_span(shown(replay.policies, 120))}"
    yield from ("", f"**{headline(replay)}**", "")
    yield "| path | decisions | different | same | not replayable |"
    yield "|---|--:|--:|--:|--:|"
    for each in replay.paths:
        counts = (each.decision_count, each.different_count, each.same_count, each.not_replayable_count)
        yield f"| {code_span(shown(each.path, 120))} | {' | '.join(map(str, counts))} |"
    for reason, count in replay.reasons.items():
        yield from ("", f"- {count} not replayable ({reason.value}): {REASON_WORDS[reason]}")
    for entry in replay.refused[:TOLD_MAX]:
        where, why = code_span(_where(entry.anchor)), code_span(shown(entry.detail, VALUE_LENGTH_MAX))
        yield from ("", f"- refused by intake ({code_span(shown(entry.reason, 40))}): {where}: {why}")
    told = [each for each in replay.decisions if each.outcome is Outcome.DIFFERENT][:TOLD_MAX]
    if told:
        yield from ("", "| incident | decision | where | recorded | new |", "|---|---|---|---|---|")
    for decision in told:
        for difference in decision.differences[:DIFFERENCES_TOLD_MAX]:
            cells = (
                decision.incident_id,
                decision.decision_id,
                _place(difference),
                _value(difference.recorded),
                _value(difference.new),
            )
            yield f"| {' | '.join(code_span(shown(cell, VALUE_LENGTH_MAX)) for cell in cells)} |"


def _cleaned(value: object) -> object:
    match value:
        case str():
            return value if len(value) == 64 and value.isalnum() else make_visible(redact(value))
        case dict():
            return {str(_cleaned(key)): _cleaned(each) for key, each in value.items()}
        case list():
            return [_cleaned(each) for each in value]
    return value
