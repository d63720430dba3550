"""Owns the sentences about detections: rules that differ, incidents caught or not, signals and noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.cut_lists import cut_list
from evidence.handoff.words import counted, to_second
from evidence.times import duration
from simulator.comparison.detection_model import (
    Caught,
    DetectionComparison,
    IncidentSignals,
    RestatedSignal,
    RuleChange,
    RuleEdit,
    RuleVersion,
    Signal,
)
from simulator.detections.model import SECURITY
from simulator.record_anchors import RecordAnchor

NAMED_MAX = 5  # incidents in a sentence
RECORDS_MAX = 3  # records of one signal
_CAUGHT = {
    (True, True): "caught as before",
    (True, False): "caught no more",
    (False, True): "newly caught",
    (False, False): "not caught",
}
_HEARD = {
    (True, True): "signals as before",
    (True, False): "no signal any more",
    (False, True): "a signal now",
    (False, False): "no signal",
}
_OUTCOMES = {
    "decision": "its decision changes",
    "path": "the same decision by another path",
    "cosmetic": "the same decision, described otherwise",
    None: "the same decision",
}


def rules_sentence(found: DetectionComparison) -> str:
    """How many rules differ and how, and how many of them change no hit."""
    counts = [
        f"{count} {edit.value}"
        for edit in RuleEdit
        if (count := sum(each.edit is edit for each in found.rules))
    ]
    silent = sum(not each.incident_ids for each in found.rules)
    told = f"{counted(len(found.rules), 'rule')} {'differs' if len(found.rules) == 1 else 'differ'}"
    if not silent:
        return f"{told}: {', '.join(counts)}."
    none = "it changes" if len(found.rules) == 1 else f"{silent} of them change"
    none = "1 of them changes" if silent == 1 and len(found.rules) > 1 else none
    return f"{told}: {', '.join(counts)}; {none} no hit of this history."


def catch_sentence(found: DetectionComparison) -> str:
    """How many incidents of type security are caught, before and now."""
    before, now = found.caught_count
    moved = f"{len(found.incidents_gained)} more, {len(found.incidents_lost)} no more"
    what = counted(found.security_count, "incident")
    return f"Caught: {now} of {what} of type security, {before} before: {moved}."


def lost_sentence(found: DetectionComparison) -> str:
    """Which incidents are caught no more; empty where none is lost."""
    lost = cut_list(found.incidents_lost, NAMED_MAX)
    return f"Caught no more: {lost}." if lost else ""


def gained_sentence(found: DetectionComparison) -> str:
    """Which incidents are caught that were not before; empty where there is none."""
    gained = cut_list(found.incidents_gained, NAMED_MAX)
    return f"Newly caught: {gained}." if gained else ""


def noise_sentence(found: DetectionComparison) -> str:
    """Hits outside of security incidents, per day on which anything was recorded."""
    noise = found.noise
    hits = f"{noise.old_hits_per_day} → {noise.new_hits_per_day} hits a day"
    signals = f"{noise.old_signals_per_day} → {noise.new_signals_per_day} signals"
    counts = f"{noise.old_hit_count} → {noise.new_hit_count} hits on {counted(noise.day_count, 'day')}"
    return f"Noise, in incidents that are not of type security: {hits}, {signals} ({counts})."


def level_sentence(found: DetectionComparison) -> str:
    """From which level on hits are signals on either side."""
    levels = [f"level {level} on" if level else "no level" for level in _levels(found)]
    if levels[0] == levels[1]:
        return f"A hit is a signal from {levels[0]}."
    return f"A hit is a signal from {levels[1]}, before from {levels[0]}."


def _levels(found: DetectionComparison) -> tuple[str | None, str | None]:
    return found.baseline.from_level, found.candidate.from_level


# --- rules


def rules_by_effect(rules: Sequence[RuleChange]) -> list[RuleChange]:
    """Those by which a hit changes first, for the list may be cut; then as they are."""
    return sorted(rules, key=lambda each: (not each.incident_ids, not newest(each).is_signal))


def newest(change: RuleChange) -> RuleVersion:
    """The version to name it by: the candidate's, or the baseline's where it is removed."""
    version = change.new or change.old
    assert version is not None, "a rule is on one side at least"
    return version


def rule_place(change: RuleChange) -> str:
    """File and line."""
    version = newest(change)
    return f"{version.file}:{version.line}"


def rule_level(change: RuleChange) -> str:
    """Old and new level; a rule that states none counts as medium."""
    levels = list(dict.fromkeys(_level(each.level) for each in (change.old, change.new) if each))
    return " → ".join(levels)


def _level(written: str) -> str:
    return written or "medium"


def hits_words(change: RuleChange) -> str:
    """Hits before and now, and how many of them came and went."""
    old, new = (str(each.hit_count) if each else "none" for each in (change.old, change.new))
    if change.old is None or change.new is None or not (change.gained_count and change.lost_count):
        return f"{old} → {new}"
    return f"{old} → {new} ({change.gained_count} gained, {change.lost_count} lost)"


def effect_words(change: RuleChange) -> str:
    """What differs in it, and where nothing follows from it that."""
    parts = [words for words in change.what if not words.startswith("level ")]  # told beside it
    if change.edit is RuleEdit.REWORDED:
        parts = [f"only {', '.join(change.what)}: no hit can change"]
    elif not change.incident_ids:
        parts.append("no hit changes")
    version = newest(change)
    if not version.is_signal and not (change.old and change.old.is_signal):
        parts.append("below the level of signals")
    return "; ".join(parts)


# --- incidents


def more_words(found: DetectionComparison, told_count: int) -> str:
    """How many more incidents there are than are told."""
    return f"And {counted(found.changed_count - told_count, 'more incident')} whose signals change."


def is_attack(incident: IncidentSignals) -> bool:
    """Whether a signal in it is a catch, and not noise."""
    return incident.type in (SECURITY, None)


def is_grave(incident: IncidentSignals) -> bool:
    """Whether it is told in full: its catch or its decision changes."""
    return is_turned(incident) or incident.outcome == "decision"


def is_turned(incident: IncidentSignals) -> bool:
    """Whether only one side has a signal in it."""
    return incident.old.is_caught is not incident.new.is_caught


def by_gravity(incidents: Sequence[IncidentSignals]) -> list[IncidentSignals]:
    """Incidents that are caught no more first, then newly caught ones, then changed decisions."""
    outcomes = list(_OUTCOMES)
    return sorted(
        incidents,
        key=lambda each: (
            not (is_attack(each) and each.old.is_caught and not each.new.is_caught),
            not (is_attack(each) and is_turned(each)),
            each.outcome != "decision",
            not is_turned(each),
            outcomes.index(each.outcome),
            each.incident_id,
        ),
    )


def catch_words(incident: IncidentSignals) -> str:
    """Whether it is caught before and now; of what is no attack, whether it has signals: noise, perhaps."""
    words = _CAUGHT if is_attack(incident) else _HEARD
    return words[incident.old.is_caught, incident.new.is_caught]


def outcome_words(incident: IncidentSignals) -> str:
    """What becomes of its decision."""
    return _OUTCOMES[incident.outcome]


def time_words(incident: IncidentSignals) -> str:
    """When it is first detected, before and now, and how that lies to the recorded detection."""
    old, new = incident.old, incident.new
    if not new.is_caught:
        return f"first signal was {_known(old)}" if old.is_caught else ""
    if not old.is_caught:
        return f"first signal {_known(new)}"
    event, arrival = incident.event_time_shift_seconds or 0, incident.arrival_time_shift_seconds or 0
    if not event and not arrival:
        return f"first signal as before, {_known(new)}"
    moved = f"{_shift(event)} in event time, {_shift(arrival)} in arrival time"
    return f"first signal {moved}: {_known(new)} (before: {_recorded(old)})"


def _known(caught: Caught) -> str:
    event, known = str(caught.detected_event_at), str(caught.detected_known_at)
    return f"of {to_second(event)}, known {to_second(known)}, {_recorded(caught)}"


def _recorded(caught: Caught) -> str:
    if caught.seconds_earlier is None:
        return "no detection recorded"
    if not caught.seconds_earlier:
        return "at the recorded detection"
    side = "later" if caught.seconds_earlier < 0 else "earlier"
    return f"{duration(abs(caught.seconds_earlier))} {side} than recorded"


def _shift(seconds: int) -> str:
    if not seconds:
        return "at the same moment"
    return f"{duration(abs(seconds))} {'earlier' if seconds < 0 else 'later'}"


def count_words(incident: IncidentSignals) -> str:
    """How many signals come, go, or are called otherwise."""
    counts = (("gained", incident.gained), ("lost", incident.lost), ("called otherwise", incident.restated))
    return ", ".join(f"{len(signals)} {what}" for what, signals in counts if signals)


def signal_lines(incident: IncidentSignals) -> Iterator[tuple[str, str]]:
    """A sign and a sentence per signal: what comes (+), goes (-), is called otherwise (~)."""
    for sign, signals in (("+", incident.gained), ("-", incident.lost)):
        for signal in signals:
            yield sign, _signal(signal)
    for restated in incident.restated:
        yield "~", _restated(restated)


def _signal(signal: Signal) -> str:
    late = "" if signal.is_in_time else ", after the horizon"
    known = f"known {to_second(signal.known_at)}{late}"
    return f"{_level(signal.level)}: {signal.title}, {known}: {_records(signal.records)}"


def _restated(signal: RestatedSignal) -> str:
    names = list(dict.fromkeys((signal.old_title, signal.new_title)))
    levels = list(dict.fromkeys((_level(signal.old_level), _level(signal.new_level))))
    said = f"{' → '.join(levels)}: {' → '.join(names)}"
    return f"{said}, known {to_second(signal.known_at)}: {_records(signal.records)}"


def _records(records: Sequence[RecordAnchor]) -> str:
    named = [f"{each.path} record {each.ordinal}{each.pointer}" for each in records]
    return cut_list(named, RECORDS_MAX)
