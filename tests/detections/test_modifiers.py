"""Each modifier, with the records that it takes and those that it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from sigma.modifiers import modifier_mapping

from evidence.detections.modifiers import HONOURED, REFUSED
from tests.detections.rule_texts import matched

AT = "2026-01-05T23:30:00-02:00"  # Tuesday 6 January 2026, 01:30 UTC

# name, item, records that match, records that do not
TABLE: list[tuple[str, dict[str, object] | list[object] | str, list[object], list[object]]] = [
    ("plain", {"f": "Ab"}, [{"f": "aB"}, {"f": ["x", "AB"]}], [{"f": "abc"}, {}, {"f": None}, {"g": "ab"}]),
    ("unicode case", {"f": "ÉΣk"}, [{"f": "éςK"}], [{"f": "eςk"}]),
    ("full folding is not used", {"f": "straße"}, [{"f": "STRAẞE"}], [{"f": "STRASSE"}]),
    ("list", {"f": ["a", 1, None]}, [{"f": "A"}, {"f": 1}, {"f": "1"}, {}], [{"f": "b"}]),
    ("map", {"f": "a", "g": "b"}, [{"f": "a", "g": "b"}], [{"f": "a"}, {"g": "b"}]),
    ("list of maps", [{"f": "a"}, {"g": "b"}], [{"f": "a"}, {"g": "b"}], [{"f": "b"}]),
    ("star", {"f": "a*c"}, [{"f": "ac"}, {"f": "abbC"}, {"f": "a\nc"}], [{"f": "acd"}]),
    ("question mark", {"f": "a?c"}, [{"f": "aéc"}, {"f": "a\nc"}], [{"f": "ac"}, {"f": "abbc"}]),
    ("escaped star", {"f": r"a\*"}, [{"f": "a*"}], [{"f": "ab"}]),
    ("escaped backslash", {"f": r"a\\*"}, [{"f": "a\\b"}, {"f": "a\\"}], [{"f": "a*"}]),
    ("plain backslash", {"f": r"C:\x"}, [{"f": r"c:\X"}], [{"f": "c:x"}]),
    ("percent and underscore", {"f": "a%_*"}, [{"f": "a%_b"}], [{"f": "axxb"}]),
    ("only a star", {"f": "*"}, [{"f": ""}, {"f": 0}, {"f": False}], [{}, {"f": None}, {"f": {}}, {"f": []}]),
    ("quotes", {"f": "'; drop table units; --"}, [{"f": "'; DROP table units; --"}], [{"f": "'"}]),
    ("quotes in a name", {"f'\"); --.$[0]": "x"}, [{"f'\"); --": {"$[0]": "x"}}], [{"f": "x"}]),
    ("null", {"f": None}, [{}, {"f": None}, {"f": ["a", None]}], [{"f": ""}, {"f": {}}, {"f": []}]),
    ("empty text", {"f": ""}, [{"f": ""}], [{}, {"f": None}, {"f": "a"}]),
    ("number", {"f": 22}, [{"f": 22}, {"f": 22.0}, {"f": "22"}, {"f": "22.0"}], [{"f": 22.5}, {"f": "x22"}]),
    ("big number", {"f": 2**53 - 1}, [{"f": 2**53 - 1}, {"f": str(2**53 - 1)}], [{"f": 2**53}]),
    ("text and number", {"f": "22"}, [{"f": 22}, {"f": "22"}], [{"f": 22.5}, {"f": 220}]),
    ("true", {"f": True}, [{"f": True}, {"f": "TRUE"}], [{"f": False}, {"f": 1}, {}]),
    ("text and boolean", {"f": "false"}, [{"f": False}], [{"f": True}, {"f": 0}]),
    (
        "items of one list are looked for each by itself",
        {"a.b": 1, "a.c": 2},
        [{"a": [{"b": 1, "c": 0}, {"b": 0, "c": 2}]}, {"a": {"b": 1, "c": 2}}],
        [{"a": [{"b": 1}, {"b": 2}]}],
    ),
    (
        "nested",
        {"a.b.c": "x"},
        [{"a": {"b": {"c": "x"}}}, {"a": [{"b": [{"c": ["y", "X"]}]}]}],
        [{"a": {"b": "x"}}],
    ),
    (
        "dots in keys",
        {"a.b/c.d": "x"},
        [{"a": {"b/c.d": "x"}}, {"a.b/c": {"d": "x"}}, {"a.b/c.d": "x"}],
        [{"a": "x"}],
    ),
    ("lists in lists", {"a": "x"}, [{"a": [[], ["x"]]}], [{"a": [["y"]]}]),
    (
        "keyword",
        ["wget", "a*c"],
        [{"f": {"g": ["/usr/WGET -q"]}}, {"f": "xabbcx"}],
        [{"wget": "f"}, {"f": "w"}],
    ),
    ("number as keyword", [4625], [{"f": 4625}, {"f": "id 46251"}], [{"f": 462}]),
    ("all keywords", {"|all": ["a1", "b1"]}, [{"f": "a1", "g": "xb1"}], [{"f": "a1"}]),
    ("all", {"f|all": ["a*", "*b"]}, [{"f": "ab"}, {"f": ["ax", "xb"]}], [{"f": "ax"}]),
    ("base64", {"f|base64": "foo?"}, [], []),
    ("base64", {"f|base64": "foo"}, [{"f": "Zm9v"}], [{"f": "foo"}]),
    ("base64offset", {"f|base64offset|contains": "/bin/sh"}, [{"f": "eCAvYmluL3NoIHg="}], [{"f": "/bin/sh"}]),
    ("cased", {"f|cased": "Ab*"}, [{"f": "Abc"}], [{"f": "abc"}]),
    ("cased", {"f|contains|cased": "É"}, [{"f": "xÉ"}], [{"f": "xé"}]),
    (
        "cidr",
        {"f|cidr": "10.0.0.0/8"},
        [{"f": "10.255.0.1"}],
        [{"f": "11.0.0.0"}, {"f": "10.1.1.1:80"}, {"f": "::a"}],
    ),
    (
        "cidr",
        {"f|cidr": "2001:DB8::/33"},
        [{"f": "2001:db8:7fff::1"}],
        [{"f": "2001:db8:8000::"}, {"f": "10.1.1.1"}],
    ),
    ("contains", {"f|contains": ["b", "y"]}, [{"f": "aBc"}], [{"f": "ac"}]),
    ("day", {"f|day": 6}, [{"f": AT}], [{"f": "6"}, {"f": 6}]),
    ("dotall", {"f|re|dotall": "a.b"}, [{"f": "a\nb"}], [{"f": "ab"}]),
    ("endswith", {"f|endswith": "c"}, [{"f": "abC"}], [{"f": "cb"}]),
    (
        "exists",
        {"f|exists": True},
        [{"f": ""}, {"f": {}}, {"f": []}, {"f": 0}, {"f": None}, {"f": [None]}],
        [{}, {"g": 1}],
    ),
    ("exists", {"f|exists": False}, [{}, {"g": None}], [{"f": "a"}, {"f": None}]),
    (
        "fieldref",
        {"f|fieldref": "g.h"},
        [{"f": "A", "g": {"h": ["b", "a"]}}],
        [{"f": "a"}, {}, {"f": None, "g": None}],
    ),
    (
        "fieldref",
        {"f|fieldref|startswith": "g"},
        [{"f": "abc", "g": "AB"}],
        [{"f": "ab", "g": "abc"}, {"f": "abc", "g": "b"}],
    ),
    (
        "fieldref",
        {"f|fieldref|endswith": "g"},
        [{"f": "a%c", "g": "%C"}],
        [{"f": "abc", "g": "%c"}, {"f": "abc", "g": "b"}],
    ),
    ("fieldref", {"f|fieldref|contains": "g"}, [{"f": "abc", "g": "b"}], [{"f": "abc", "g": "d"}]),
    ("gt", {"f|gt": 5}, [{"f": 5.1}, {"f": "6"}, {"f": 2**64}], [{"f": 5}, {"f": "x"}, {}, {"f": True}]),
    ("gte", {"f|gte": -5}, [{"f": -5}, {"f": -4.5}], [{"f": -5.5}]),
    ("hour", {"f|hour": 1}, [{"f": AT}], [{"f": "2026-01-06 23:30"}]),
    ("hour", {"f|hour|lt": 2}, [{"f": AT}], [{"f": "2026-01-05T23:30:00Z"}]),
    ("i", {"f|re|i": "AB"}, [{"f": "xaby"}], [{"f": "xay"}]),
    ("ignorecase", {"f|re|ignorecase": "É"}, [{"f": "é"}], [{"f": "e"}]),
    ("lt", {"f|lt": 5}, [{"f": 4.9}, {"f": "-1e300"}], [{"f": 5}]),
    ("lte", {"f|lte": 5}, [{"f": 5}, {"f": "5.0"}, {"f": "1e-400"}], [{"f": 5.5}]),
    ("m", {"f|re|m": "^b$"}, [{"f": "a\nb\nc"}], [{"f": "ab"}]),
    ("minute", {"f|minute": 30}, [{"f": AT}], [{"f": "2026-01-06T01:31:00Z"}]),
    ("month", {"f|month": 1}, [{"f": AT}], [{"f": "2026-02-06T01:31:00Z"}]),
    ("multiline", {"f|re|multiline": "^b"}, [{"f": "a\nb"}], [{"f": "ab"}]),
    ("neq", {"f|neq": "a"}, [{"f": "b"}, {}, {"f": None}], [{"f": "A"}, {"f": ["a", "b"]}]),
    ("re", {"f|re": r"a\.[b-d]"}, [{"f": "xa.cy"}, {"f": ["", "a.b"]}], [{"f": "A.c"}, {"f": "axc"}]),
    ("re", {"f|re": "^a.b$"}, [{"f": "axb"}], [{"f": "a\nb"}, {"f": "axb\n"}]),
    ("re of a number", {"f|re": "^4.3$"}, [{"f": 403}], [{"f": 404}]),
    ("re with contains", {"f|re|contains": "a|b"}, [{"f": "xbx"}], [{"f": "x"}]),
    ("s", {"f|re|s": "a.b"}, [{"f": "a\nb"}], [{"f": "ab"}]),
    ("startswith", {"f|startswith": "a"}, [{"f": "Ab"}], [{"f": "ba"}]),
    ("utf16", {"f|utf16|base64": "ab"}, [{"f": "//5hAGIA"}], [{"f": "YWI="}]),
    ("utf16be", {"f|utf16be|base64": "ab"}, [{"f": "AGEAYg=="}], [{"f": "YWI="}]),
    ("week", {"f|week": 2}, [{"f": AT}], [{"f": "2025-12-30T00:00:00Z"}]),
    ("wide", {"f|wide|base64offset|contains": "ab"}, [{"f": "YQBiAA=="}], [{"f": "YWI="}]),
    ("windash", {"f|windash|contains": " -s"}, [{"f": "x /S"}, {"f": "x \u2013s"}], [{"f": "x s"}]),
    ("year", {"f|year|gte": 2026}, [{"f": AT}], [{"f": "2025-12-31T23:59:59Z"}]),
]
TABLE = [row for row in TABLE if row[2]]


@pytest.mark.parametrize(
    ("name", "item", "takes", "leaves"), TABLE, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_modifier_takes_and_leaves(
    tmp_path: Path, name: str, item: object, takes: list[object], leaves: list[object]
) -> None:
    """The item matches exactly the records that it should."""
    assert list(range(len(takes))) == matched(tmp_path, item, *takes, *leaves)


def test_every_modifier_of_pysigma_is_decided_upon() -> None:
    """Each modifier that pySigma knows is honoured or refused, and none is both."""
    assert sorted(modifier_mapping) == sorted([*HONOURED, *REFUSED])


def test_every_honoured_modifier_is_in_the_table() -> None:
    """No modifier is honoured untested; expand has a test of its own."""
    used = {
        word
        for _, item, _, _ in TABLE
        if isinstance(item, dict)
        for key in item
        for word in key.split("|")[1:]
    }
    assert sorted(HONOURED) == sorted(used | {"expand"})


def test_a_placeholder_stands_for_its_values(tmp_path: Path) -> None:
    """Each value may hold wildcards, within the text around it and within a regular expression."""
    values = tmp_path / "values.yaml"
    values.write_text("admins: [bob, 'a*', 'c\\*']\n")
    records = [{"f": "xBOB1"}, {"f": "xab1"}, {"f": "xc*1"}, {"f": "xcd1"}]
    assert [0, 1, 2] == matched(tmp_path, {"f|expand": "x%admins%?"}, *records, values=values)
    assert [1, 2] == matched(tmp_path, {"f|re|expand": "^x%admins%1$"}, *records, values=values)


def test_without_expand_a_percent_sign_is_text(tmp_path: Path) -> None:
    """A text between percent signs is only a placeholder where the rule says so."""
    assert [0] == matched(tmp_path, {"f": "%admins%"}, {"f": "%ADMINS%"}, {"f": "bob"})
