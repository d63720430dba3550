"""Owns our set of JSON texts by class: what every parser must take, must refuse, and may do either way.

`python -m tests.hostile.json_cases` writes them into `tests/hostile/json/{accept,refuse,either}/`, one file
each, so that any other parser can be held to them too. The classes are those of RFC 8259: *accept* is in its
grammar, *refuse* is not, *either* is in it but known to be read differently (or left open by it).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evidence.json_strict import DEPTH_MAX

from . import json_texts
from .json_texts import BOM

FOLDER = Path(__file__).parent / "json"
ACCEPT, REFUSE, EITHER = "accept", "refuse", "either"


@dataclass(frozen=True)
class Case:
    """One text. `is_taken` is what we do; `why` is said of the class *either* alone."""

    group: str
    name: str
    text: bytes
    is_taken: bool
    why: str = ""

    @property
    def is_taken_in_a_record(self) -> bool:
        """The same, but for what is as deep as may be: a record around it is one level more."""
        return self.is_taken and not self.name.startswith(f"depth-{DEPTH_MAX}-")

    @property
    def path(self) -> Path:
        """Where the text lies as a file."""
        return FOLDER / self.group / f"{self.name}.json"


def cases() -> list[Case]:
    """All of them, by group and name."""
    found = [
        *(Case(ACCEPT, name, text, True) for name, text in _accepted()),
        *(Case(REFUSE, name, text, False) for name, text in _refused()),
        *(Case(EITHER, name, text, taken, why) for name, text, taken, why in _either()),
    ]
    return sorted(found, key=lambda case: (case.group, case.name))


def write() -> None:
    """Write every case as a file; files of cases that are no more are taken away."""
    kept = {case.path: case.text for case in cases()}
    for path in FOLDER.rglob("*.json"):
        if path not in kept:
            path.unlink()
    for path, text in kept.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)


def _nested(opened: bytes, inner: bytes, closed: bytes, depth: int) -> bytes:
    return opened * depth + inner + closed * depth


def _numbered(name: str, texts: tuple[bytes, ...]) -> Iterator[tuple[str, bytes]]:
    return ((f"{name}-{number:02}", text) for number, text in enumerate(texts, 1))


# --- must be taken


def _accepted() -> Iterator[tuple[str, bytes]]:
    yield from _numbered("number", json_texts.SOUND_NUMBERS)
    yield from _numbered("string", json_texts.SOUND_STRINGS)
    yield from _numbered("structure", json_texts.SOUND_STRUCTURES)
    yield from _numbered("white-space", json_texts.SOUND_SPACES)
    yield from _numbered("lone-value", json_texts.SOUND_ALONE)
    yield "depth-50-arrays", _nested(b"[", b"", b"]", 50)
    yield "depth-50-objects", _nested(b'{"a":', b"1", b"}", 50)
    yield "length-string-4096", b'"' + b"x" * 4096 + b'"'
    yield "length-array-1000", b"[" + b",".join([b"0"] * 1000) + b"]"
    yield "length-object-300-keys", b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(300)) + b"}"


# --- must be refused


def _refused() -> Iterator[tuple[str, bytes]]:
    yield from _numbered("number", json_texts.BAD_NUMBERS)
    yield from _numbered("string", json_texts.BAD_STRINGS)
    yield from ((f"string-control-{code:02x}", text) for code, text in enumerate(json_texts.BAD_CONTROLS))
    yield from _numbered("bytes-not-utf-8", json_texts.BAD_BYTES)
    yield from _numbered("structure", json_texts.BAD_STRUCTURES)
    yield from _numbered("word", json_texts.BAD_WORDS)
    yield from _numbered("trailing", json_texts.BAD_TAILS)
    yield from _numbered("comment", json_texts.BAD_REMARKS)
    yield from _numbered("white-space", json_texts.BAD_SPACES)
    yield from _numbered("empty", json_texts.BAD_EMPTY)
    yield "depth-1000-arrays-left-open", b"[" * 1000
    yield "depth-1000-objects-left-open", b'{"a":' * 1000
    for code in ("utf-16-le", "utf-16-be", "utf-16", "utf-32-le", "utf-32-be", "utf-32"):
        yield f"encoding-{code}", '{"a":"é"}'.encode(code)


# --- may be either, and what we do

_TWICE = "a key stands twice: parsers keep the first, the last or both"
_SURROGATE = "half a character: no UTF-8 can hold it"
_RANGE = "beyond the largest double: parsers make infinity of it, or refuse it"
_ROUNDED = "more digits than a double or 64 bits hold: kept as written, and compared by every digit"
_ZERO = "smaller than the smallest double: read as zero, compared by what is written"
_EXPONENT = "an exponent that no exact reader takes"
_ODD_CHARACTER = "a character that Unicode gives no meaning or no look: a text like another"


def _either() -> Iterator[tuple[str, bytes, bool, str]]:
    for number, text in enumerate(
        (
            *(b'{"a":1,"a":2}', b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'{"a":{"b":1,"b":2}}'),
            *(b'[{"a":1,"a":2}]', b'{"":1,"":2}', b'{"a":1,"b":2,"a":3}', b'{"\xc3\xa9":1,"\\u00e9":2}'),
            *(b'{ "a" : 1 , "a" : 2 }', b'{"a":"\\":","a":1}', b'{"a":{},"a":{}}', b'{"a\\/b":1,"a/b":2}'),
        ),
        1,
    ):
        yield f"repeated-key-{number:02}", text, False, _TWICE
    for number, text in enumerate(
        (
            *(
                b'"\\ud800"',
                b'"\\udc00"',
                b'"\\udfff"',
                b'"\\ud800\\ud800"',
                b'"\\udc00\\ud800"',
                b'"\\ud83d"',
            ),
            *(
                b'"\\ud83dx"',
                b'"\\ud83d\\u0041"',
                b'"x\\udbff"',
                b'{"\\ud800":1}',
                b'"\\ud83d\\n"',
                b'"\\uDd1e\\uD834"',
            ),
        ),
        1,
    ):
        yield f"lone-surrogate-{number:02}", text, False, _SURROGATE
    for number, text in enumerate(
        (
            b"1e400",
            b"-1e400",
            b"1e309",
            b"1.8e308",
            b"-1e9999",
            b"1" + b"0" * 400,
            b"0.4e00669999999999",
            b"9" * 5000,
        ),
        1,
    ):
        yield f"number-beyond-double-{number:02}", text, False, _RANGE
    for number, text in enumerate(
        (
            *(b"9007199254740993", b"9223372036854775808", b"-9223372036854775809", b"18446744073709551615"),
            *(b"18446744073709551616", b"1" * 30, b"-" + b"1" * 30, b"0.1000000000000000055511151231257827"),
            *(b"1.7976931348623157e308", b"3." + b"1" * 1000, b"123456789012345678901234567890.5"),
        ),
        1,
    ):
        yield f"number-many-digits-{number:02}", text, True, _ROUNDED
    for number, text in enumerate(
        (b"1e-400", b"-1e-400", b"5e-325", b"123.456e-789", b"0." + b"0" * 400 + b"1"), 1
    ):
        yield f"number-underflow-{number:02}", text, True, _ZERO
    for number, text in enumerate(
        (
            b"1e-99999999999999999999",
            b"0e99999999999999999999",
            b"-0e-99999999999999999999",
            b"1e99999999999999999999",
        ),
        1,
    ):
        yield f"number-huge-exponent-{number:02}", text, False, _EXPONENT
    for number, text in enumerate(
        (
            *(
                b'"\\u0000"',
                b'"a\\u0000b"',
                b'{"\\u0000":1}',
                b'"\xef\xbf\xbf"',
                b'"\\uffff"',
                b'"\xef\xbf\xbe"',
            ),
            *(
                b'"\\ufdd0"',
                b'"\xf0\x9f\xbf\xbe"',
                b'"\\ufeff"',
                b'"\xef\xbb\xbf"',
                b'"\xe2\x80\xae"',
                b'"\\u200b"',
            ),
        ),
        1,
    ):
        yield f"odd-character-{number:02}", text, True, _ODD_CHARACTER
    for number, text in enumerate((BOM + b"{}", BOM + b"1", BOM + b'{"a":1}', BOM + b"[]"), 1):
        yield (
            f"byte-order-mark-{number:02}",
            text,
            False,
            "a mark that RFC 8259 forbids to write; at a file's start it is skipped",
        )
    for what, opened, inner, closed in (("arrays", b"[", b"", b"]"), ("objects", b'{"a":', b"1", b"}")):
        for depth, is_taken in ((DEPTH_MAX, True), (DEPTH_MAX + 1, False), (500, False), (2000, False)):
            why = f"nesting: {DEPTH_MAX} levels are taken"
            yield f"depth-{depth}-{what}", _nested(opened, inner, closed, depth), is_taken, why
    yield (
        "depth-100-mixed",
        b'[{"a":' * (DEPTH_MAX // 2) + b"1" + b"}]" * (DEPTH_MAX // 2),
        True,
        f"nesting: {DEPTH_MAX} levels are taken",
    )
    yield "length-key-10000", b'{"' + b"k" * 10_000 + b'":1}', True, "a key may be as long as its record"
    yield (
        "length-array-10000",
        b"[" + b",".join([b"1"] * 10_000) + b"]",
        True,
        "as many elements as a record holds",
    )


if __name__ == "__main__":
    write()
