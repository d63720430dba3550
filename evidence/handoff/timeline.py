"""Tells what became known when: events in order of arrival, repeated ones as one entry, each a claim."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass

from evidence.handoff.case import Row
from evidence.handoff.claims import ClaimBook
from evidence.handoff.inert import quote
from evidence.handoff.model import TimelineEntry
from evidence.handoff.words import counted, measured, source_name, to_second
from evidence.times import format_rfc3339

# A responder reads a page, not a log: beyond this many entries the less telling are counted only.
ENTRIES_MAX = 24
_PLAIN_ACTIVITIES = frozenset({"configured", "deployed", "firing", "resolved", "synced", "triggered"})
_TELLING_KINDS = frozenset({"alert", "change", "detection", "metric", "policy", "response"})
_WARNING = 3  # severity from which an event of any kind is telling
_COMMIT = re.compile(r"[0-9a-f]{40}")
_COMMIT_SHOWN = 12  # characters that tell a commit from others; the record has it whole


@dataclass(frozen=True, slots=True)
class Group:
    """Events that say the same of the same thing, in order of arrival."""

    events: tuple[Row, ...]
    is_signal: bool

    @property
    def first(self) -> Row:
        """The first to arrive."""
        return self.events[0]

    @property
    def telling(self) -> Row:
        """The event that the entry quotes: the highest sample of a metric, else the first."""
        if self.first["kind"] != "metric":
            return self.first
        return max(self.events, key=lambda event: (event["measure_value"] or 0, -event["known_at"]))


def timeline(book: ClaimBook) -> tuple[tuple[TimelineEntry, ...], int]:
    """Entries of what had arrived at the decision, and how many more groups of records there are."""
    return _entries(book, book.case.known_events)


def later_timeline(book: ClaimBook) -> tuple[tuple[TimelineEntry, ...], int]:
    """The same of what arrived after the decision, for the draft record."""
    return _entries(book, [event for event in book.case.events if event["known_at"] > book.case.decided_at])


def _entries(book: ClaimBook, events: Iterable[Row]) -> tuple[tuple[TimelineEntry, ...], int]:
    groups = sorted(_groups(events, book.case.signal_names), key=lambda group: _arrival(group.telling))
    kept = _most_telling(groups)
    return tuple(_entry(book, group) for group in kept), len(groups) - len(kept)


def _groups(events: Iterable[Row], signals: Container[str]) -> list[Group]:
    found: dict[tuple[object, ...], list[Row]] = {}
    for event in events:
        # A change that a tool merely observes says what the tool covers, not what happened.
        if event["kind"] == "change" and event["activity"] == "observed":
            continue
        found.setdefault(_sameness(event), []).append(event)
    return [
        Group(tuple(group), any(event["event_id"] in signals for event in group)) for group in found.values()
    ]


def _arrival(event: Row) -> tuple[int, int, str]:
    return event["known_at"], event["event_time"], event["event_id"]


def _sameness(event: Row) -> tuple[object, ...]:
    place = event["service_name"] or event["workload"] or event["pod"] or event["node"] or event["resource"]
    # What fails is not drowned in what goes well, nor a stranger's call in the owner's.
    detail = event["revision"] if event["kind"] == "change" else (event["is_error"], event["src_ip"])
    return (event["source"], event["kind"], event["name"], event["activity"], place, event["actor"], detail)


def _most_telling(groups: list[Group]) -> list[Group]:
    if len(groups) <= ENTRIES_MAX:
        return groups
    room = ENTRIES_MAX - sum(map(_is_telling, groups))
    kept = []
    for group in groups:
        if _is_telling(group):
            kept.append(group)
        elif room > 0:
            kept.append(group)
            room -= 1
    return kept


def _is_telling(group: Group) -> bool:
    """A signal, a change, a figure, a policy's word, or what the source itself calls a warning or worse."""
    first = group.first
    return (
        group.is_signal
        or first["kind"] in _TELLING_KINDS
        or bool(first["is_error"])
        or (first["severity_id"] or 0) >= _WARNING
    )


def _entry(book: ClaimBook, group: Group) -> TimelineEntry:
    telling = group.telling
    sentence = sentence_of(telling) + _repeats(group)
    claim = book.of_event("timeline", sentence, telling)
    for event in group.events:
        book.by_event[event["event_id"]] = claim
    return TimelineEntry(
        known_at=format_rfc3339(telling["known_at"]),
        event_time=format_rfc3339(telling["event_time"]),
        source=telling["source"],
        kind=telling["kind"],
        sentence=sentence,
        claim=claim,
        record_count=len(group.events),
        is_after_decision=telling["known_at"] > book.case.decided_at,
    )


def _repeats(group: Group) -> str:
    if len(group.events) == 1:
        return ""
    telling = format_rfc3339(group.telling["known_at"])
    if group.first["kind"] == "metric":
        times = [event["event_time"] for event in group.events]
        first, last = (_time_beside(telling, time) for time in (min(times), max(times)))
        return f", the highest of {len(times)} samples from {first} to {last}"
    last = _time_beside(telling, max(event["known_at"] for event in group.events))
    return f" ({counted(len(group.events), 'record')} until {last})"


def _time_beside(shown: str, moment: int) -> str:
    """The time of day, with its day only where that is not the day under which the entry stands."""
    text = to_second(format_rfc3339(moment))
    return text[11:] if text[:10] == shown[:10] else text


def sentence_of(event: Row) -> str:
    """One sentence for an event; everything that the source wrote stands quoted."""
    return f"{source_name(event['source'])}: {_SENTENCES[event['kind']](event)}"


def _place(event: Row, word: str = " on ") -> str:
    """The service, pod and node; a pod's name says its service already."""
    service, pod, node = event["service_name"] or event["workload"], event["pod"], event["node"]
    names = (None if service and pod and pod.startswith(f"{service}-") else service, pod, node)
    found = [quote(name) for name in dict.fromkeys(names) if name]
    return word + ", ".join(found) if found else ""


def _revision(text: str) -> str:
    return quote(text[:_COMMIT_SHOWN] if _COMMIT.fullmatch(text) else text)


def _message(event: Row) -> str:
    return f": {quote(event['message'], 240)}" if event["message"] else ""


def _activity(event: Row, otherwise: str) -> str:
    """The source's word for what happened; quoted unless it is one of those that readers write themselves."""
    activity = event["activity"]
    return activity if activity in _PLAIN_ACTIVITIES else quote(activity) if activity else otherwise


def _alert(event: Row) -> str:
    return f"alert {quote(event['name'])} {_activity(event, 'seen')}{_place(event)}"


def _detection(event: Row) -> str:
    severity = f", severity {quote(event['severity_text'])}" if event["severity_text"] else ""
    return f"detects {quote(event['name'])}{_place(event)}{severity}{_message(event)}"


def _api_call(event: Row) -> str:
    actor = quote(event["actor"]) if event["actor"] else "an unnamed identity"
    resource = f" on {quote(event['resource'])}" if event["resource"] else ""
    address = f" from {quote(event['src_ip'])}" if event["src_ip"] else ""
    status = f", result {quote(event['status'])}" if event["status"] else ""
    if event["actor"] and event["actor"] == event["src_ip"]:
        # A service of the cloud that tells what it did itself: that it told so is no success.
        failed = "" if event["status"] == "Success" else status
        return f"{actor} reports {quote(event['name'])}{resource}{failed}"
    return f"{actor} calls {quote(event['name'])}{resource}{address}{status}"


def _change(event: Row) -> str:
    if event["activity"] == "planned":
        return f"plan only: {quote(event['status'] or '')} of {quote(event['name'])}"
    if event["activity"] == "drifted":
        return f"a plan finds {quote(event['name'])} other than its state has it"
    what = event["application"] or event["service_name"] or event["repository"] or event["name"]
    before = f", before it {_revision(event['previous_revision'])}" if event["previous_revision"] else ""
    by = f", begun by {quote(event['initiator'])}" if event["initiator"] else ""
    revision = f" to revision {_revision(event['revision'])}" if event["revision"] else ""
    return f"{quote(what)} {_activity(event, 'changed')}{revision}{before}{by}"


def _policy(event: Row) -> str:
    verdict = quote(event["activity"] or event["status"] or "")
    return f"policy {quote(event['name'])} says {verdict}{_message(event)}"


def _lifecycle(event: Row) -> str:
    place = _place(event) or (f" on {quote(event['resource'])}" if event["resource"] else "")
    ended = f", result {quote(event['status'])}" if event["activity"] == "run" and event["status"] else ""
    return f"{quote(event['name'])}{place}{ended}{_message(event)}"


def _metric(event: Row) -> str:
    if event["measure_value"] is None:
        return f"a sample of {quote(event['name'])}{_place(event, ' of ')}"
    value = measured(event["measure_value"], event["measure_unit"])
    return f"{quote(event['measure'] or event['name'])}{_place(event, ' of ')} at {value}"


def _log(event: Row) -> str:
    return f"log line{_place(event, ' of ')}{_message(event)}"


def _trace(event: Row) -> str:
    route = event["route"] or event["name"]
    upstream = f" calling {quote(event['upstream'])}" if event["upstream"] else ""
    length = f", {event['duration_ms']} ms" if event["duration_ms"] is not None else ""
    error = ", with an error" if event["is_error"] else ""
    return f"span {quote(route)}{_place(event, ' of ')}{upstream}{length}{error}"


def _response(event: Row) -> str:
    by = f" by {quote(event['actor'])}" if event["actor"] else ""
    return f"records {quote(event['activity'] or event['name'])}{by}{_message(event)}"


_SENTENCES: dict[str, Callable[[Row], str]] = {
    "alert": _alert,
    "api_call": _api_call,
    "change": _change,
    "detection": _detection,
    "lifecycle": _lifecycle,
    "log": _log,
    "metric": _metric,
    "policy": _policy,
    "response": _response,
    "trace": _trace,
}
