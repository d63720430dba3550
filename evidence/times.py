"""Owns time: exact conversion between what sources write and int64 nanoseconds UTC; no float, no clock.

Leap seconds: `23:59:60` UTC on 30 June or 31 December is the following midnight, as in POSIX time;
anywhere else second 60 is refused.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from evidence.errors import EvidenceError

# Clocks that are kept by NTP differ by far less, and no source waits that long before it stamps a record.
CLOCK_SKEW_SECONDS = 60
NS_PER_SECOND = 1_000_000_000
NS_MAX = 2**63 - 1
EVENT_TIME_MAX = 9_214_646_400 * NS_PER_SECOND
"""2262-01-01T00:00:00Z: behind it there is room for what is added to the time of an event."""

_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):?([0-9]{2}))"
)
_ZERO = re.compile(r"0001-01-01T00:00:00(?:\.0+)?(?:Z|\+00:?00)")
_DIGITS = re.compile(r"-?[0-9]{1,20}")
_EPOCH_DAY = date(1970, 1, 1).toordinal()


class TimeRefused(EvidenceError):
    """A timestamp that is none. `reason` is `time_invalid` or `time_outside_range`."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(what, remedy="Expected RFC 3339, e.g. 2026-01-06T10:15:02.123456789Z")
        self.reason = reason


def parse_rfc3339(text: str) -> int:
    """Nanoseconds since 1970 UTC of an RFC 3339 text with up to nine fraction digits; takes Falco's `+0000`.

    Raises TimeRefused: `time_invalid` for what no calendar knows or what has no zone,
    `time_outside_range` before 1970 or after 2262-04-11.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise TimeRefused(f"{text[:64]!r} is not a timestamp with a zone", "time_invalid")
    day, hour, minute, second, fraction, sign, zone_hour, zone_minute = match.groups()
    if hour > "23" or minute > "59" or second > "60":
        raise TimeRefused(f"{text!r} is a time of day that no clock shows", "time_invalid")
    seconds = _day_seconds(day) + int(hour) * 3600 + int(minute) * 60 + int(second)
    if sign:
        seconds -= _zone_seconds(text, sign, zone_hour, zone_minute)
    if second == "60":
        _check_leap_second(text, seconds)
    nanoseconds = int(fraction.ljust(9, "0")) if fraction else 0
    return _in_range(seconds * NS_PER_SECOND + nanoseconds, text)


def is_zero_time(text: str) -> bool:
    """Whether it is Go's zero time (Alertmanager's `0001-01-01T00:00:00Z`), which says "none"."""
    return text.startswith("0001-") and _ZERO.fullmatch(text) is not None


def parse_unix_seconds(value: str | int | Decimal) -> int:
    """Nanoseconds of a number of seconds since 1970, exact to nine decimals (Prometheus writes three)."""
    try:
        # More digits than Decimal's working precision could be rounded unseen.
        number = Decimal(value if len(str(value)) <= 27 else "")
    except InvalidOperation:
        raise TimeRefused(f"{str(value)[:64]!r} is not a number of seconds", "time_invalid") from None
    if not number.is_finite():
        raise TimeRefused(f"{value!r} is not a finite number of seconds", "time_invalid")
    if abs(number) > NS_MAX:
        raise TimeRefused(f"{str(value)[:64]} seconds lie outside 1970 to 2262", "time_outside_range")
    nanoseconds = number.scaleb(9)
    if nanoseconds != nanoseconds.to_integral_value():
        raise TimeRefused(f"{value} is finer than a nanosecond", "time_invalid")
    return _in_range(int(nanoseconds), str(value))


def parse_unix_ns(value: str | int) -> int:
    """Nanoseconds since 1970 given as an integer or its decimal text (Loki, Tempo)."""
    if isinstance(value, str):
        if _DIGITS.fullmatch(value) is None:
            raise TimeRefused(f"{value[:64]!r} is not a number of nanoseconds", "time_invalid")
        value = int(value)
    return _in_range(value, str(value))


def format_rfc3339(nanoseconds: int) -> str:
    """RFC 3339 text in UTC with as many fraction digits as needed (none, or up to nine)."""
    seconds, fraction = divmod(nanoseconds, NS_PER_SECOND)
    days, second_of_day = divmod(seconds, 86_400)
    hour, rest = divmod(second_of_day, 3600)
    minute, second = divmod(rest, 60)
    day = date.fromordinal(_EPOCH_DAY + days).isoformat()
    tail = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{day}T{hour:02d}:{minute:02d}:{second:02d}{tail}Z"


def whole_seconds(nanoseconds: int) -> int:
    """The seconds that have passed whole, towards zero: 44.6 s before and 44.6 s after are both 44."""
    seconds = abs(nanoseconds) // NS_PER_SECOND
    return -seconds if nanoseconds < 0 else seconds


@lru_cache(maxsize=4096)
def _day_seconds(day: str) -> int:
    try:
        return (date.fromisoformat(day).toordinal() - _EPOCH_DAY) * 86_400
    except ValueError:
        raise TimeRefused(f"{day} is not a day of the calendar", "time_invalid") from None


def _zone_seconds(text: str, sign: str, hour: str, minute: str) -> int:
    if hour > "23" or minute > "59":
        raise TimeRefused(f"{text!r} has an impossible zone offset", "time_invalid")
    offset = int(hour) * 3600 + int(minute) * 60
    return offset if sign == "+" else -offset


def _check_leap_second(text: str, seconds: int) -> None:
    days, second_of_day = divmod(seconds, 86_400)
    before = date.fromordinal(max(1, _EPOCH_DAY + days - 1))
    if second_of_day != 0 or (before.month, before.day) not in ((6, 30), (12, 31)):
        raise TimeRefused(f"{text!r} is no leap second", "time_invalid")


def _in_range(nanoseconds: int, text: str) -> int:
    if not 0 <= nanoseconds <= NS_MAX:
        raise TimeRefused(f"{text[:64]!r} lies outside 1970 to 2262", "time_outside_range")
    return nanoseconds


def duration(seconds: int) -> str:
    """Seconds as hours, minutes and seconds, leaving out what is nought."""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{value} {unit}" for value, unit in parts if value) or "0 s"
