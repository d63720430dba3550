"""Times are exact, and what no calendar knows is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.times import (
    NS_MAX,
    TimeRefused,
    format_rfc3339,
    is_zero_time,
    parse_rfc3339,
    parse_unix_ns,
    parse_unix_seconds,
    whole_seconds,
)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-01-06T10:15:02.123456789Z", 1767694502123456789),
        ("2026-01-06T10:15:02.123456789+0000", 1767694502123456789),
        ("2026-01-06T11:15:02.1+01:00", 1767694502100000000),
        ("2026-01-06T04:45:02-05:30", 1767694502000000000),
        ("2026-01-06t10:15:02z", 1767694502000000000),
        ("2024-02-29T00:00:00Z", 1709164800000000000),
        ("2016-12-31T23:59:60Z", 1483228800000000000),
        ("2017-01-01T00:59:60+01:00", 1483228800000000000),
        ("2262-04-11T23:47:16.854775807Z", NS_MAX),
    ],
)
def test_a_timestamp_is_exact_to_the_nanosecond(text: str, nanoseconds: int) -> None:
    """Fractions, offsets and leap seconds."""
    assert parse_rfc3339(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-01-06T012:48:30Z", "time_invalid"),
        ("2026-02-30T00:00:00Z", "time_invalid"),
        ("2025-02-29T00:00:00Z", "time_invalid"),
        ("2026-01-06T24:00:00Z", "time_invalid"),
        ("2026-01-06T10:60:00Z", "time_invalid"),
        ("2026-01-06T10:15:60Z", "time_invalid"),
        ("2026-03-31T23:59:60Z", "time_invalid"),
        ("2026-01-06T10:15:02", "time_invalid"),
        ("2026-01-06T10:15:02.1234567891Z", "time_invalid"),
        ("2026-01-06T10:15:02+24:00", "time_invalid"),
        ("2026-01-06T10:15:02Z\n", "time_invalid"),
        ("٢٠٢٦-01-06T10:15:02Z", "time_invalid"),  # digits, but not ASCII ones
        ("", "time_invalid"),
        ("0000-01-01T00:00:00Z", "time_invalid"),
        ("0001-01-01T00:00:00Z", "time_outside_range"),
        ("1970-01-01T00:59:59+01:00", "time_outside_range"),
        ("2262-04-11T23:47:16.854775808Z", "time_outside_range"),
        ("9999-12-31T23:59:59Z", "time_outside_range"),
    ],
)
def test_what_no_calendar_knows_is_refused(text: str, reason: str) -> None:
    """Invalid and out of range are different reasons."""
    with pytest.raises(TimeRefused) as refused:
        parse_rfc3339(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00+00:00"]
)
def test_the_zero_time_is_told_from_a_time(text: str) -> None:
    """Go writes it where there is no time."""
    assert is_zero_time(text)
    assert not is_zero_time(text.replace("0001-", "2001-"))


@given(st.integers(0, NS_MAX))
def test_text_and_nanoseconds_go_back_and_forth(nanoseconds: int) -> None:
    """Nothing is lost in either direction."""
    assert parse_rfc3339(format_rfc3339(nanoseconds)) == nanoseconds


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.integers(365 * 86_400_000_000, 290 * 365 * 86_400_000_000), st.integers(-1439, 1439))
def test_offsets_agree_with_the_standard_library(microseconds: int, minutes: int) -> None:
    """An independent reading of the same text."""
    sign, offset = "-" if minutes < 0 else "+", abs(minutes)
    moment = (EPOCH + timedelta(microseconds=microseconds)).replace(tzinfo=None)
    text = f"{moment.isoformat(timespec='microseconds')}{sign}{offset // 60:02d}:{offset % 60:02d}"
    expected = (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)
    assert parse_rfc3339(text) == expected * 1000


@pytest.mark.parametrize(
    ("value", "nanoseconds"),
    [
        (1435781430, 1435781430_000000000),
        ("1435781430.781", 1435781430_781000000),
        (Decimal("0.000000001"), 1),
    ],
)
def test_unix_seconds_are_exact(value: str | int | Decimal, nanoseconds: int) -> None:
    """Up to nine decimals, without a float."""
    assert parse_unix_seconds(value) == nanoseconds


@pytest.mark.parametrize("value", ["NaN", "Infinity", "x", "", "1.0000000001", "1" * 40, "0." + "1" * 40])
def test_seconds_that_are_no_time_are_refused(value: str) -> None:
    """Also what is finer than a nanosecond, or longer than can be exact."""
    with pytest.raises(TimeRefused):
        parse_unix_seconds(value)


@pytest.mark.parametrize("value", ["1_000", " 1", "1.5", "-", "", "9" * 19, -1])
def test_nanoseconds_that_are_no_time_are_refused(value: str | int) -> None:
    """Only plain digits within range count."""
    with pytest.raises(TimeRefused):
        parse_unix_ns(value)


@pytest.mark.parametrize(("nanoseconds", "seconds"), [(44_587_000_000, 44), (999_999_999, 0), (0, 0)])
def test_seconds_count_when_they_have_passed(nanoseconds: int, seconds: int) -> None:
    """The same span is as long before as after."""
    assert (seconds, -seconds) == (whole_seconds(nanoseconds), whole_seconds(-nanoseconds))
