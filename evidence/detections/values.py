"""Owns how a value of a record is seen by a rule: its text, folded text, number, address and time."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from ipaddress import IPv4Address, IPv6Address, ip_address
from math import floor

from evidence.times import TimeRefused, parse_rfc3339

NUMBER_MAX = 10**37
"""Numbers beyond it count as it: no rule may name a larger one."""

DIGITS_MAX = 400
"""Longer numbers are not added up: any that a computer calculates with are shorter."""

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,9})?")


class _Folds(dict[int, str]):
    """Unicode's simple case folding (statuses C and S), character by character: a text keeps its length."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        found = next((one for one in (character.casefold(), character.lower()) if len(one) == 1), character)
        self[code] = found
        return found


_FOLDS = _Folds()


def fold(text: str) -> str:
    """The text without its case, of the same length, whatever the locale."""
    return text.lower() if text.isascii() else text.translate(_FOLDS)


def text_of(value: str | int | float | bool) -> str:
    """A JSON scalar as text: a string's characters, `true`, `false`, a number in its shortest form."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return value if isinstance(value, str) else repr(value)


def number_of(value: str | int | float | bool) -> tuple[int, bool] | None:
    """The floor of a JSON number, or of a string that is written like one, and whether it has a fraction.

    None for what is no number. Floor and flag order exactly against whole numbers, which is all a rule has.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            return None
        return _decimal_floor(Decimal(value))
    if abs(value) >= NUMBER_MAX:
        return (NUMBER_MAX if value > 0 else -NUMBER_MAX), False
    return floor(value), value != floor(value)


def exact_number(text: str) -> Fraction | None:
    """The number that a text is, exactly; None for what is none, or has more than 400 digits or zeros."""
    if len(text) > DIGITS_MAX or not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    return Fraction(number) if abs(number.adjusted()) <= DIGITS_MAX else None


def _decimal_floor(number: Decimal) -> tuple[int, bool]:
    """As number_of; never writes out what an exponent says, which may have a billion digits."""
    if not number:
        return 0, False
    if number.adjusted() < 0:
        return (-1 if number < 0 else 0), True
    if number.adjusted() >= 37:
        return (NUMBER_MAX if number > 0 else -NUMBER_MAX), False
    return floor(number), number != floor(number)


def address_text(address: IPv4Address | IPv6Address) -> str:
    """An address as text of one length per version, so that texts order as addresses do."""
    return f"{address.version}{int(address):0{address.max_prefixlen // 4}x}"


def address_of(value: str | int | float | bool) -> str | None:
    """The address that a string is, by `address_text`; None for what is none (a name, a port behind it)."""
    if not isinstance(value, str) or not 2 <= len(value) <= 64:
        return None
    try:
        return address_text(ip_address(value))
    except ValueError:
        return None


def time_of(value: str | int | float | bool) -> int | None:
    """Nanoseconds since 1970 UTC of a string in RFC 3339; None for all else, also for bare numbers."""
    if not isinstance(value, str):
        return None
    try:
        return parse_rfc3339(value)
    except TimeRefused:
        return None
