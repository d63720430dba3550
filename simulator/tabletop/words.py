"""Says what a person reads during a tabletop exercise, line by line, and the comparison at its end.

Names in evidence are written by anyone: every line is made inert before it reaches a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from textwrap import wrap
from typing import Any, ParamSpec

from evidence.decision import Bundle
from evidence.decision.matrix import MODE_WORDS, PASSIVE_OPTIONS, Option
from evidence.handoff.words import percent
from evidence.redaction import make_visible, redact, shown
from evidence.times import format_rfc3339
from simulator.tabletop.record import Acted, Agreement, Decided, Record, Taken
from simulator.tabletop.session import News, Step

MEANINGS = {
    Option.MONITOR: "keep watching; change nothing",
    Option.ENRICH: "look closer first: logs, diagnostics, what is not known yet",
    Option.ESCALATE: "hand it to people who decide",
    Option.CONTAIN: "limit the harm where it is",
    Option.REVOKE: "take a right or a credential away",
    Option.ROTATE: "replace a secret or a key",
    Option.ISOLATE: "cut something off: a workload, a node, a network",
    Option.NOTIFY: "tell those concerned: draft for owner, customers, authorities",
}
_AGREEMENTS = {
    Agreement.AGREES: "agrees",
    Agreement.OPTION_ONLY: "option alone",
    Agreement.DIFFERS: "differs",
    Agreement.UNLABELLED: "unlabelled",
    None: "-",
}
_UNITS = {"_ppm": "%", "_ms": "ms", "_seconds": "s"}
WIDTH = 100
_DECISION_HEAD = ("", "option", "action", "mode", "decided", "after", "reviewer")
_STEP_HEAD = ("step", "known at", "after", "you", "playbook", "mode")
_P = ParamSpec("_P")


def _inert(lines: Callable[_P, Iterable[str]]) -> Callable[_P, list[str]]:
    """The lines without secrets, terminal controls and line breaks of their own."""

    @wraps(lines)
    def cleaned(*args: _P.args, **kwargs: _P.kwargs) -> list[str]:
        return [make_visible(redact(line)).rstrip() for line in lines(*args, **kwargs)]

    return cleaned


@_inert
def opening_lines(asked_for: str, bundle: Bundle) -> Iterator[str]:
    """What a person is told before the first step, in the words in which the incident was asked for."""
    yield f"Tabletop exercise {asked_for}, beside playbook {bundle.name}. Nothing is executed."
    yield "At each step answer with an option: its name, the beginning of it, or its number."
    yield "Empty keeps the last choice, ? shows what is known and what the options mean, q ends."
    yield "  ".join(f"{number} {option}" for number, option in enumerate(Option, start=1))


@_inert
def step_lines(step: Step) -> Iterator[str]:
    """What has newly become known."""
    yield f"Step {step.number}, {format_rfc3339(step.known_at)}, {_after_words(step)}"
    if step.signals:
        yield from _wrapped("signals", map(shown, step.signals))
    yield from _wrapped("known", [_fact_words(each.name, each.now) for each in step.news if each.is_first])
    yield from (f"  {_change_words(news)}" for news in step.news if not news.is_first)
    if step.is_context_news:
        yield f"  {_context_words(step)}"
    yield f"  {_figure_words(step)}"


@_inert
def known_lines(step: Step, bundle: Bundle) -> Iterator[str]:
    """All that is known by the step, and the options with what they mean."""
    yield f"Known at step {step.number}:"
    yield from _wrapped("signals", map(shown, step.all_signals))
    yield from _wrapped("known", [_fact_words(name, value) for name, value in step.known.items()])
    yield f"  {_context_words(step)}"
    yield f"  {_figure_words(step)}"
    yield "Options:"
    for number, option in enumerate(Option, start=1):
        is_active = "" if option in PASSIVE_OPTIONS else "; changes a running system"
        yield f"  {number} {option}: {MEANINGS[option]}{is_active}"
        yield f"      {', '.join(name for name, action in bundle.actions.items() if action.option is option)}"


def prompt(choice: Option) -> str:
    """What stands before the answer."""
    return f"choice [{choice}]> "


def answer_words(text: str | None) -> str:
    """A script's answer as it is shown: what it was read as, where that is clear."""
    return shown(text or "", length_max=60)


@_inert
def record_lines(record: Record) -> Iterator[str]:
    """What responders did, then the two decisions side by side, then step by step."""
    kind = f" ({record.incident_type})" if record.incident_type else ""
    yield f"{record.incident_id}: {record.title}{kind}"
    yield from _reviewer_words(record)
    yield ""
    yield from _acted_words(record.recorded_action)
    yield ""
    decisions = {"playbook": record.playbook_decision, "you": record.own_decision}
    yield from _table([_DECISION_HEAD, *(_decision_row(who, each) for who, each in decisions.items())])
    yield ""
    yield from _table([_STEP_HEAD, *map(_step_row, record.steps)])
    yield ""
    yield _parting_words(record)
    if record.ended_at_step is not None:
        yield f"You ended at step {record.ended_at_step}; your last choice was kept."


def _reviewer_words(record: Record) -> Iterator[str]:
    expected = record.expected
    if expected.option is None:
        yield "No reviewer said what would have been right."
    else:
        action = f" / {expected.action}" if expected.action else ""
        by = f" ({expected.by})" if expected.by else ""
        yield f"The reviewer{by} would have wanted {expected.option}{action}."
    ended = f"; ended as {record.outcome}" if record.outcome else ""
    yield f"Steps end at the horizon, {record.horizon_at}{ended}."


def _acted_words(acted: Acted) -> Iterator[str]:
    if acted.action is None:
        yield "Recorded: no action of responders."
        return
    action = f"{acted.option} / {acted.action}" if acted.option else acted.action
    when = f"acted at {acted.acted_at}" if acted.acted_at else "at a time that was not recorded"
    after = "" if acted.after_seconds is None else f", {acted.after_seconds} s after the first signal"
    yield f"Recorded: {action}; {when}{after}. Reviewer: {_AGREEMENTS[acted.agreement]}."
    yield "Acting is not deciding: approval and work are part of this time, and of none of those below."


def _decision_row(who: str, each: Decided) -> tuple[str, ...]:
    return (
        who,
        each.option,
        each.action or "-",
        MODE_WORDS[each.mode] if each.mode else "-",
        each.decided_at,
        _seconds_words(each.after_seconds),
        _AGREEMENTS[each.agreement],
    )


def _step_row(step: Taken) -> tuple[str, ...]:
    each = step.playbook
    return (
        str(step.number),
        step.known_at,
        _seconds_words(step.after_seconds),
        step.own,
        f"{each.option} / {each.action}",
        MODE_WORDS[each.mode],
    )


def _parting_words(record: Record) -> str:
    if record.parted_at_step is None:
        return "You and the playbook chose the same option at every step."
    step = record.steps[record.parted_at_step - 1]
    return (
        f"You and the playbook parted at step {step.number}: you chose {step.own}, it recommended"
        f" {step.playbook.option} / {step.playbook.action}."
    )


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))


def _after_words(step: Step) -> str:
    if step.after_seconds is None:
        return "no signal yet"
    return f"{step.after_seconds} s after the first signal" if step.after_seconds else "the first signal"


def _seconds_words(seconds: int | None) -> str:
    return "-" if seconds is None else f"{seconds} s"


def _context_words(step: Step) -> str:
    missing = ", ".join(step.missing_context)
    return f"minimum context: {f'lacks {missing}' if missing else 'complete'}"


def _figure_words(step: Step) -> str:
    severity = step.figures["severity"]
    return (
        f"severity {'unknown' if severity is None else f'{severity} of 6'},"
        f" confidence {step.figures['confidence']} of 100, impact {step.figures['impact']} of 100"
    )


def _wrapped(what: str, parts: Iterable[str]) -> Iterator[str]:
    """The parts behind one word, on lines of about WIDTH characters; nothing where there are none."""
    text = ", ".join(parts)
    if text:
        yield from wrap(
            f"  {what}: {text}",
            WIDTH,
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _change_words(news: News) -> str:
    if isinstance(news.now, list) and set(news.now) >= set(news.before):
        return f"{news.name}: also {shown(', '.join(each for each in news.now if each not in news.before))}"
    return f"{_fact_words(news.name, news.now)} (was {_value_words(news.name, news.before)})"


def _fact_words(name: str, value: Any) -> str:
    """The column without its unit, and the value with it."""
    bare = next((name.removesuffix(suffix) for suffix in _UNITS if name.endswith(suffix)), name)
    return f"{bare}={_value_words(name, value)}"


def _value_words(name: str, value: Any) -> str:
    # Secrets are taken out before the lines are cut, so that no cut hides one.
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return shown(" + ".join(value)) or "none"
    if name.endswith("_ppm"):
        return percent(value)
    unit = next((unit for suffix, unit in _UNITS.items() if name.endswith(suffix)), "")
    return shown(f"{value} {unit}".rstrip())
