"""Owns what a record signals: whether it makes an incident, of what kind, and how well it names it."""

from __future__ import annotations

from evidence.readers import Event

# What a record says of what kind of incident it is, as bits.
# `IS_ANSWER` is what responders did and said, and nothing else.
(
    IS_DETECTION,
    IS_CHANGE,
    IS_DEPENDENCY,
    IS_NODE,
    IS_CLOUD,
    IS_ALERT,
    IS_SIGNAL,
    IS_ANSWER,
) = (1 << n for n in range(8))


def signal_of(events: tuple[Event, ...]) -> tuple[int | None, int | None, str | None, int]:
    """(rank, time, name) of the event that names an incident best, and what kind of incident is hinted at."""
    if len(events) == 1:
        (event,) = events
        return _rank(event), event["event_time"], event["name"], _flags(event)
    best: tuple[int, int, str] | None = None
    flags = 0
    for event in events:
        here = (_rank(event), event["event_time"], event["name"])
        best = here if best is None or here < best else best
        flags |= _flags(event)
    if not all(event["kind"] == "response" for event in events):
        flags &= ~IS_ANSWER
    return (*best, flags) if best else (None, None, None, flags)


_NO_SIGNAL = 10
_RANKS = {"detection": 0, "alert": 1, "policy": 2, "api_call": 3, "lifecycle": 5, "change": 6}


def _rank(event: Event) -> int:
    """The least names an incident best; what is no signal names one only where nothing else does."""
    rank = _RANKS.get(event["kind"], 8)
    if rank == 3 and event.get("activity") == "read":
        rank = 4
    elif event.get("is_error"):
        rank = min(rank, 5)
    return rank if _is_signal(event) else rank + _NO_SIGNAL


def _flags(event: Event) -> int:
    kind = event["kind"]
    flags = IS_SIGNAL if _is_signal(event) else 0
    if kind == "change" and event.get("activity") != "observed":
        flags |= IS_CHANGE
    elif kind == "detection":
        flags |= IS_DETECTION
    elif kind == "alert":
        flags |= IS_ALERT
    elif kind == "response":
        flags |= IS_ANSWER
    elif kind == "api_call" and event.get("account_uid"):
        flags |= IS_CLOUD
    if event.get("upstream") and (event.get("is_error") or kind == "alert"):
        flags |= IS_DEPENDENCY
    if flags & IS_SIGNAL and event.get("node") and not event.get("workload") and kind != "api_call":
        flags |= IS_NODE
    return flags


def _is_signal(event: Event) -> bool:
    """Whether it may be why people look; changes, samples and healthy life cycles are what they look at.

    What responders did and said is about an incident that there is, and opens none.
    """
    if event["kind"] == "lifecycle":
        return (event.get("severity_id") or 0) >= _WARNING
    if event["kind"] in ("log", "trace"):
        return event.get("is_error") is True
    if event["kind"] == "api_call":
        return not _is_daily_life(event)
    return event["kind"] in ("alert", "detection", "policy")


def _is_daily_life(event: Event) -> bool:
    """Whether it is a cloud call that succeeded in looking at what there is, and hands out no content."""
    return (
        event.get("activity") == "read"
        and event.get("status") == "Success"
        and event.get("account_uid") is not None
        and event["name"].startswith(_LOOKS)
    )


# Verbs of cloud calls that tell what there is; what begins with Get may hand out secrets, tokens or objects.
_LOOKS = ("Check", "Describe", "Head", "List", "Lookup", "Search", "Simulate", "View")
_WARNING = 3  # OCSF medium, as the readers grade Kubernetes' Warning events
