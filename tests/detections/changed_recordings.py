"""Owns recordings as they would be if the same had been done otherwise: by a role, slowly, all at once."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

Recording = list[dict[str, Any]]
SLOWER = 5
WRITTEN = "%Y-%m-%dT%H:%M:%SZ"
# Techniques that are a call which only a user can make: to log in as one, and to draw a federation token.
BY_USERS_ONLY = {"aws.initial-access.console-login-without-mfa", "aws.persistence.sts-federation-token"}


def by_a_role(recording: Recording) -> Recording:
    """The same calls, each by a session of a role where it was a user's."""
    return [
        {**record, "userIdentity": _session(record["userIdentity"], "support/kim")}
        if record["userIdentity"]["type"] == "IAMUser"
        else record
        for record in recording
    ]


def _session(identity: Mapping[str, Any], name: str) -> dict[str, Any]:
    kept = {key: value for key, value in identity.items() if key not in ("userName", "arn", "type")}
    arn = f"arn:aws:sts::{identity['accountId']}:assumed-role/{name}"
    return {"type": "AssumedRole", "arn": arn, **kept}


def slowly(recording: Recording) -> Recording:
    """The same calls, each pause several times as long."""
    begin = min(_time(record) for record in recording)
    return [_at(record, begin + (_time(record) - begin) * SLOWER) for record in recording]


def in_one_second(recording: Recording) -> Recording:
    """The same calls within the second of the first one, which leaves them without an order."""
    begin = min(_time(record) for record in recording)
    return [_at(record, begin) for record in recording]


def out_of_order(recording: Recording) -> Recording:
    """The same records, delivered in another order."""
    return random.Random(1).sample(recording, len(recording))


def with_a_day_between(recording: Recording) -> Recording:
    """The same calls, a day apart: what is innocent alone stays so."""
    begin = min(_time(record) for record in recording)
    return [_at(record, begin + timedelta(days=number)) for number, record in enumerate(recording)]


def _time(record: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(record["eventTime"])


def _at(record: Mapping[str, Any], time: datetime) -> dict[str, Any]:
    return {**record, "eventTime": time.strftime(WRITTEN)}


OTHERWISE: tuple[Callable[[Recording], Recording], ...] = (by_a_role, slowly, in_one_second, out_of_order)
