"""What the YAML reader refuses, and where it says it stands."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from evidence.bounded_reading import BYTES_MAX
from evidence.errors import InputError
from evidence.strict_yaml import (
    AMBIGUOUS_REMEDY,
    Document,
    load_yaml,
    parse_all_yaml,
    survey_model,
    survey_yaml,
)

PATH = Path("some.yaml")


def parse(text: str) -> Document:
    return parse_all_yaml(text.encode(), PATH)[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "some.yaml:2:1: the key 'a' is repeated"),
        ("a: NO\n", "some.yaml:1:4: NO is read differently"),
        ("on: 1\n", "some.yaml:1:1: on is read differently by different readers of YAML; quote it"),
        ("need: NO\n", "some.yaml:1:7: NO is read differently by different readers of YAML; write a whole"),
        ("a: 12:30:45\n", "some.yaml:1:4: 12:30:45 is read differently"),
        ("a: 1.10\n", "some.yaml:1:4: 1.10 is a fraction, which rounds"),
        ("a: -2e3\n", "some.yaml:1:4: -2e3 is a fraction, which rounds"),
        ("a: 017\n", "some.yaml:1:4: 017 is read differently"),
        ("a: .inf\n", "some.yaml:1:4: .inf is read differently"),
        ("a: &x 1\nb: *x\n", "some.yaml:1:4: anchors and aliases are not allowed"),
        ("a: {<<: {b: 1}}\n", "some.yaml:1:5: the key '<<' must be text"),
        ("1: a\n", "some.yaml:1:1: the key '1' must be text"),
        ("a: [b\n", "some.yaml:2:1: is not YAML"),
        ("a: !!python/object/apply:os.system [ls]\n", "some.yaml:1:4: the tag tag:yaml.org,2002:python"),
        ("a: !!str NO\n", "some.yaml:1:4: the tag tag:yaml.org,2002:str is not allowed"),
        ("a: !!int '5'\n", "some.yaml:1:4: the tag tag:yaml.org,2002:int is not allowed"),
        ("a: !secret x\n", "some.yaml:1:4: the tag !secret is not allowed"),
        ("- !!map {a: b}\n", "some.yaml:1:3: the tag tag:yaml.org,2002:map is not allowed"),
        ("a: " + "[" * 40 + "]" * 40, "some.yaml:1:35: is nested too deeply: at most 32 lists and"),
        ("[" * 100_000, "some.yaml:1:33: is nested too deeply"),
        ("- " * 100_000, "some.yaml:1:65: is nested too deeply"),
    ],
)
def test_surprises_are_refused_by_place(text: str, message: str) -> None:
    """What two readers of YAML understand differently is an error with line and column."""
    with pytest.raises(InputError) as refusal:
        parse(text)
    assert message in str(refusal.value)


def test_a_reader_that_runs_out_of_room_refuses_the_file() -> None:
    """Called from so deep that too little is left to read with, it still ends with its own error."""

    def from_deep(levels: int) -> Document:
        return from_deep(levels - 1) if levels else parse("a: " + "[" * 31 + "]" * 31)

    with pytest.raises(InputError, match=r"some\.yaml: is nested too deeply to be read"):
        from_deep(sys.getrecursionlimit() - len(inspect.stack()) - 40)


def test_a_file_without_end_is_read_no_further_than_people_write(tmp_path: Path) -> None:
    """One byte more than the most that is read is too much, and a device is not read at all."""
    large, device = tmp_path / "large.yaml", tmp_path / "device.yaml"
    large.write_bytes(b"a: b #".ljust(BYTES_MAX + 1, b"-"))
    device.symlink_to("/dev/zero")
    with pytest.raises(InputError, match=r"large\.yaml: is larger than 4 MiB"):
        load_yaml(large)
    with pytest.raises(InputError, match=r"device\.yaml: is no regular file"):
        load_yaml(device)
    large.write_bytes(b"a: b #".ljust(BYTES_MAX, b"-"))
    assert load_yaml(large).value == {"a": "b"}


def test_what_is_not_utf8_is_refused_by_byte() -> None:
    """Other encodings are named by the first byte that is none of UTF-8."""
    with pytest.raises(InputError, match=r"is not UTF-8 \(byte 3\)"):
        parse_all_yaml(b"a: \xff\n", PATH)


def test_a_bomb_is_refused_before_it_expands() -> None:
    """A few hundred bytes of aliases never become millions of leaves."""
    levels = "\n".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 9))
    with pytest.raises(InputError, match="anchors and aliases"):
        parse(f"l0: &l0 [lol, lol]\n{levels}\n")


def test_plain_values_are_read_as_written() -> None:
    """Text, integers, booleans, null and times keep their value; times stay text."""
    document = parse("a: 12\nb: true\nc: ~\nd: 2026-01-14T09:00:00Z\ne: '017'\nf: [x, {g: -3}]\n")
    expected = {"a": 12, "b": True, "c": None, "d": "2026-01-14T09:00:00Z", "e": "017", "f": ["x", {"g": -3}]}
    assert document.value == expected


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("a: left and right\n", 9, "some.yaml:1:13: a"),
        ("a: left and\n   right\n", 9, "some.yaml:2:4: a"),
        ("a: 'it''s right'\n", 5, "some.yaml:1:11: a"),
        ('a: "left right"\n', 5, "some.yaml:1:10: a"),
        ('a: "left\\tright"\n', 5, "some.yaml:1:4: a"),
    ],
)
def test_characters_of_a_text_have_their_own_place(text: str, offset: int, place: str) -> None:
    """A fault within a text is placed where it stands, also in quotes and over lines."""
    assert str(parse(text).place_within(offset, "a")) == place


def test_a_survey_names_every_fault_of_a_file_in_order_of_place(tmp_path: Path) -> None:
    """One fault does not hide the next: repeated keys, words, aliases and what stands within them."""
    path = tmp_path / "some.yaml"
    path.write_text("b: &x {c: 1.5}\na: NO\nb: {d: on}\ne: *x\nf: 7\n")
    document, faults = survey_yaml(path)
    assert [str(fault).replace(str(path), "some.yaml") for fault in faults] == [
        "some.yaml:1:4: anchors and aliases are not allowed",
        "some.yaml:1:11: 1.5 is a fraction, which rounds; write a whole number, or quote it as text",
        f"some.yaml:2:4: NO is read differently by different readers of YAML; {AMBIGUOUS_REMEDY}",
        "some.yaml:3:1: the key 'b' is repeated",
        f"some.yaml:3:8: on is read differently by different readers of YAML; {AMBIGUOUS_REMEDY}",
        "some.yaml:4:4: anchors and aliases are not allowed",
    ]
    assert document is not None
    assert document.value == {"b": {"c": "1.5"}, "a": "NO", "e": None, "f": 7}


def test_a_survey_of_what_is_no_yaml_has_no_document(tmp_path: Path) -> None:
    """Where nobody can tell what the parts are there is one fault and nothing to look at."""
    path = tmp_path / "some.yaml"
    path.write_text("a: [b\n")
    document, faults = survey_yaml(path)
    assert (document, len(faults)) == (None, 1)


class Pair(BaseModel):
    """A model whose parts can be wrong in several ways."""

    model_config = ConfigDict(extra="forbid", strict=True)
    a: int
    b: int | bool
    c: str


def test_a_survey_of_a_model_names_each_part_once() -> None:
    """Wrong types, unknown keys and missing keys are told together, a value of several types once."""
    value, faults = survey_model(Pair, parse("a: x\nb: z\nd: 1\n"))
    assert value is None
    assert [str(fault) for fault in faults] == [
        "some.yaml:1:4: a: a is 'x'; a whole number is expected",
        "some.yaml:2:4: b: b is 'z'; a whole number is expected",
        "some.yaml:1:1: c: c is missing",
        "some.yaml:3:1: d: unknown key 'd'",
    ]
