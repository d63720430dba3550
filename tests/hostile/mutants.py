"""Owns mutated records: for every format and number one changed sample, the same on every run and machine.

`python -m tests.hostile.mutants FORMAT NUMBER` prints one and what intake makes of it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from ..readers.reading import reading_of
from ..readers.samples import FILES
from ..readers.security_lake import parquet, version_2

PARQUET = "parquet"
FORMATS = sorted({name.partition(" ")[0] for name in FILES})

_RAW = "\ufdd0raw "
_TOKEN = re.compile(f'"{_RAW}([^"]*)"')
"""Marks a text that is written without quotes: what no JSON writer would write."""
NUMBERS = (
    *(
        "0",
        "-0",
        "-1",
        "0.0",
        "1.5",
        "1e3",
        "1E+2",
        "1e400",
        "-1e400",
        "1e-400",
        "0.1e1",
        "1.0",
        "1e-99999999999999999",
        "1e-99999999999999999999",
    ),
    *("2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775809"),
    *("18446744073709551615", "18446744073709551616", "1" * 30, "9" * 400, "9" * 5000, "0.1" + "1" * 60),
    *("1768381500", "1768381500.1234567891", "NaN", "Infinity", "-Infinity", "01", "+1", ".5", "1.", "0x10"),
)
TEXTS = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1e999",
        "*",
        "~/",
        "null",
        "\x00",
        "a\x00b",
        "\ud800",
        "\u202e\u200b",
        "\ufffe\uffff",
    ),
    *("../../../../etc/passwd", "/etc/passwd", "C:\\x", "a/b/c", "..", ".", "x" * 300, "y" * 70_000),
    *("2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
    *(
        "2262-04-11T23:47:16.854775807Z",
        "2261-12-31T23:59:59.999999999Z",
        "2026-01-01T00:00:00+23:59",
        "1768381500000000000",
        "12:30",
    ),
    *(
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "=cmd|'/c calc'!A0",
        "\x1b[2J",
        "'; drop table x; --",
    ),
    *(
        "arn:aws:iam::1:role/x",
        "arn:",
        ":",
        "http://[",
        "https://x/y/z",
        "{}",
        "[1]",
        '{"a":1,"a":2}',
        "\u0130\u1e9e",
    ),
)
_BYTES = (
    b"\xff",
    b"\x00",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\n",
    b"1",
)


@dataclass(frozen=True)
class Mutant:
    """One changed sample as a line of bytes (a change may have put a line's end into it)."""

    format: str
    number: int
    content: bytes

    @property
    def again(self) -> str:
        """The command that shows it."""
        return f"python -m tests.hostile.mutants {self.format} {self.number}"


def mutants(format_: str, first: int, count: int) -> Iterator[Mutant]:
    """So many of a format from that number on."""
    return (mutant(format_, number) for number in range(first, first + count))


def sample(format_: str) -> Any:
    """The first unchanged sample of a format."""
    return _samples(format_)[0]


def mutant(format_: str, number: int) -> Mutant:
    """The same for the same format and number; `random.Random` of a text is the same everywhere."""
    random = Random(f"{format_} {number}")
    value = _named(format_, number)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        value = random.choice(_CHANGES)(random, value)
    content = _written(value)
    if random.random() < 0.2:
        content = random.choice(_DAMAGES)(random, content)
    return Mutant(format_, number, content)


@cache
def _text(format_: str, which: int) -> str:
    return json.dumps(_samples(format_)[which])


@cache
def _samples(format_: str) -> list[Any]:
    return [FILES[name] for name in sorted(FILES) if name.partition(" ")[0] == format_]


# --- records that are not each other's contradiction


def _named(format_: str, number: int) -> Any:
    """A sample under identities of its own: else most mutants would only contradict the first."""
    which = number % len(_samples(format_))
    value = json.loads(_text(format_, which))
    for path in _identity_paths(format_, which):
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = _other_name(holder[path[-1]], number)
    return value


def _other_name(name: Any, number: int) -> Any:
    """Of the same length where it can be: digests and trace ids are told by it."""
    return name + number if isinstance(name, int) else f"{number:06}{name[6:]}"


@cache
def _identity_paths(format_: str, which: int) -> list[tuple[Any, ...]]:
    """Where the texts and numbers lie that identities are made of, found by changing one after the other."""
    sample = _samples(format_)[which]
    before = [record.identity for record in reading_of(sample).records]
    found = []
    for path in _paths(sample):
        value = deepcopy(sample)
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = _other_name(holder[path[-1]], 7)
        records = reading_of(value).records
        if not any(record.reason for record in records) and before != [each.identity for each in records]:
            found.append(path)
    return found


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [path for key, part in items for path in _paths(part, (*at, key))]
    is_name = isinstance(value, str | int) and not isinstance(value, bool)
    return [*inner, at] if at and is_name else inner


# --- changes of the value


def _replaced(random: Random, value: Any) -> Any:
    return _with(value, random, lambda old: _strange(random))


def _retyped(random: Random, value: Any) -> Any:
    """The same thing as another type: in an array, in an object, as text, as a number."""

    def other(old: Any) -> Any:
        made = ([old], {"value": old}, json.dumps(old), [], {}, _raw(random.choice(NUMBERS)))
        return random.choice(made)

    return _with(value, random, other)


def _removed(random: Random, value: Any) -> Any:
    at = _holders(value)
    if at:
        holder, key = random.choice(at)
        del holder[key]
    return value


def _added(random: Random, value: Any) -> Any:
    """A key or an element that no format has, or one doubled."""
    holder = random.choice([value, *(inner for inner in _parts(value) if isinstance(inner, dict | list))])
    if isinstance(holder, dict):
        holder[random.choice((*TEXTS[:20], *holder, "items", "Records", "kind", "data"))] = _strange(random)
    elif isinstance(holder, list):
        holder.insert(random.randrange(len(holder) + 1), random.choice((_strange(random), *holder)))
    return value


def _other_text(random: Random, value: Any) -> Any:
    """Within a text: something strange before, behind or in its middle."""

    def other(old: Any) -> Any:
        text, strange = old if isinstance(old, str) else json.dumps(old), random.choice(TEXTS)
        at = random.choice((0, len(text), len(text) // 2))
        return text[:at] + strange + text[at:]

    return _with(value, random, other)


def _other_number(random: Random, value: Any) -> Any:
    """Numbers where numbers are, if there are any."""
    at = [(holder, key) for holder, key in _holders(value) if isinstance(holder[key], int | float)]
    if at:
        holder, key = random.choice(at)
        holder[key] = _raw(random.choice(NUMBERS))
        return value
    return _replaced(random, value)


def _grafted(random: Random, value: Any) -> Any:
    """A part, or all, of another format's sample in the place of a part of this one."""
    other = deepcopy(random.choice(_samples(random.choice(FORMATS))))
    if isinstance(value, dict) and isinstance(other, dict) and random.random() < 0.4:
        return {**value, **other} if random.random() < 0.5 else {**other, **value}
    return _with(value, random, lambda old: random.choice([other, *_parts(other)]))


def _swapped(random: Random, value: Any) -> Any:
    """Two parts of the record exchange their places."""
    at = _holders(value)
    if len(at) > 1:
        (one, key), (other, name) = random.choice(at), random.choice(at)
        first, second = deepcopy(one[key]), deepcopy(other[name])
        one[key], other[name] = second, first
    return value


_CHANGES: tuple[Callable[[Random, Any], Any], ...] = (
    *(_replaced, _retyped, _removed, _added, _other_text, _other_number, _grafted, _swapped),
)


def _strange(random: Random) -> Any:
    kind = random.randrange(6)
    if kind == 0:
        return random.choice((None, True, False, [], {}, [[]], [None], [{}], {"": ""}))
    if kind == 1:
        return [_strange(random) for _ in range(random.randrange(3))]
    if kind == 2:
        return {random.choice(TEXTS): _strange(random) for _ in range(random.randrange(3))}
    return _raw(random.choice(NUMBERS)) if kind == 3 else random.choice(TEXTS)


def _with(value: Any, random: Random, change: Callable[[Any], Any]) -> Any:
    at = _holders(value)
    if not at or random.random() < 0.02:
        return change(value)
    holder, key = random.choice(at)
    holder[key] = change(holder[key])
    return value


def _holders(value: Any) -> list[tuple[Any, Any]]:
    """(object or array, key or index) of everything below the top."""
    found = []
    for part in (value, *_parts(value)):
        keys: Any = part if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
        found += [(part, key) for key in keys]
    return found


def _parts(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for part in inner for each in (part, *_parts(part))]


def _raw(token: str) -> str:
    return _RAW + token


def _written(value: Any) -> bytes:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    text = _TOKEN.sub(r"\1", text)
    return text.encode("utf-8", "surrogatepass")


# --- changes of the bytes


def _flipped(random: Random, content: bytes) -> bytes:
    found = bytearray(content)
    for _ in range(random.randrange(1, 4)):
        found[random.randrange(len(found))] ^= 1 << random.randrange(8)
    return bytes(found)


def _cut(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content))]


def _inserted(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content))
    return content[:at] + random.choice(_BYTES) + content[at + random.randrange(2) :]


def _doubled(random: Random, content: bytes) -> bytes:
    start = random.randrange(len(content))
    return content[:start] + content[start : start + random.randrange(200)] * 2 + content[start:]


def _recoded(random: Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(
        random.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "utf-8-sig")), "replace"
    )


_DAMAGES: tuple[Callable[[Random, bytes], bytes], ...] = (_flipped, _cut, _inserted, _doubled, _recoded)


# --- Parquet


def damaged_parquet(number: int) -> Mutant:
    """A lake's file with some bytes flipped, cut off, put in or doubled."""
    random = Random(f"{PARQUET} {number}")
    return Mutant(PARQUET, number, random.choice(_DAMAGES[:-1])(random, _parquet()))


@cache
def _parquet() -> bytes:
    return parquet([version_2(FILES["cloudtrail"]["Records"][0] | {"eventID": str(n)}) for n in range(3)])


if __name__ == "__main__":
    which, at = sys.argv[1], int(sys.argv[2])
    shown = damaged_parquet(at) if which == PARQUET else mutant(which, at)
    print(shown.content)  # noqa: T201
    for record in reading_of(shown.content).records:
        print(record.reason or "evidence", record.field, record.detail, *record.events, sep="\n  ")  # noqa: T201
