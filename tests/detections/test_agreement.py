"""The engine against a plain reading of Sigma, on rules and records that nobody thought of."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.detections.detecting import detect
from evidence.detections.loading import load_rules
from evidence.detections.units import record_units
from tests.detections import reference
from tests.detections.rule_texts import RULE_ID, rule, written

FIELDS = ("a", "b", "a.b", "a.b.c", "b.x/y.z", "l")
KEYS = ("a", "b", "c", "l", "a.b", "x/y.z", "b.c", "")
LETTERS = "aAbBéÉßẞİςΣKk0129.-/'\"\\*?%_ \n\u0131\u017f\u03c3\u212a"
# Few, so that rules and records meet; what looks alike stands beside each other.
ALIKE = (
    *(
        "a",
        "A",
        "ab",
        "aB",
        "abab",
        "ba",
        "k",
        "\u212a",
        "s",
        "\u017f",
        "\u03c3",
        "ς",
        "Σ",
        "ß",
        "ẞ",
        "ss",
        "é",
        "É",
        "İ",
        "i",
    ),
    *(
        "a*b",
        "a?b",
        "a\\b",
        "a\\",
        "*",
        "?",
        "a\nb",
        "a%b",
        "a_b",
        "'",
        '"',
        "a.b",
        " -a",
        " /a",
        "a -b",
        "YQ==",
        "YWI=",
    ),
    *("10.1.2.3", "10.9.9.9", "2001:db8::1", "::1", "true", "FALSE", "12", "12.5", "-3", "1e2", "", "null"),
    *("2026-03-01T23:59:00Z", "2024-12-30T00:30:00+01:00", "2026-01-01T00:00:00-05:00"),
)
special = st.sampled_from(ALIKE)
texts = st.one_of(special, special, st.text(st.sampled_from(LETTERS), max_size=5))
WILD = (
    "*",
    "?",
    "a*",
    "*b",
    "a*b",
    "a?b",
    "*a*",
    "?",
    "??",
    r"a\*b",
    r"a\?b",
    r"a\\b",
    r"a\\*",
    "*é*",
    "1*",
    "*.*",
)
numbers = st.one_of(st.integers(-20, 20), st.sampled_from([0.5, -2.5, 12.0, 2**53 + 1, 2**63 - 1]))
scalars = st.one_of(texts, texts, numbers, st.booleans(), st.none())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=6,
)
few = st.one_of(scalars, st.lists(scalars, max_size=2))
near = st.fixed_dictionaries({}, optional={"a": few, "b": few, "l": few, "a.b": few, "b.x": st.none()})
nested = st.fixed_dictionaries({"a": st.one_of(values, st.fixed_dictionaries({"b": values})), "b": values})
records = st.one_of(near, nested, st.dictionaries(st.sampled_from(KEYS), values, max_size=4))

patterns = st.one_of(special, st.sampled_from(WILD), texts)
plain = st.one_of(patterns, st.integers(-20, 20), st.booleans(), st.none())
words = st.text(st.sampled_from("abéAB"), min_size=1, max_size=3)
ascii_words = st.text(st.sampled_from("abA"), min_size=1, max_size=3)
regexes = st.lists(
    st.one_of(words, st.sampled_from([".", "a*", "[abé]+", "(a|b)", "^a", r"\.", "b?", "a{2}"])),
    min_size=1,
    max_size=3,
).map("".join)
networks = st.sampled_from(["10.0.0.0/8", "10.1.2.3/32", "2001:db8::/32", "::/0", "0.0.0.0/0"])
parts = st.sampled_from(["minute", "hour", "day", "week", "month", "year"])
compares = st.sampled_from(["lt", "lte", "gt", "gte"])
part_numbers = st.one_of(st.integers(0, 60), st.sampled_from([2024, 2025, 2026]))


def listed(one: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(one, st.lists(one, min_size=1, max_size=3))


def keyed(modifiers: st.SearchStrategy[str], one: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.tuples(st.tuples(st.sampled_from(FIELDS), modifiers).map("".join), listed(one))


def choices(*names: str) -> st.SearchStrategy[str]:
    return st.sampled_from(names)


text_modifiers = st.tuples(
    choices("", "|contains", "|startswith", "|endswith", "|windash|contains"),
    choices("", "", "|all", "|neq"),
).map("".join)
cased_modifiers = st.tuples(
    choices("|cased", "|contains|cased", "|startswith|cased", "|endswith|cased"), choices("", "|all", "|neq")
).map("".join)
items = st.one_of(
    keyed(choices("", "|neq", "|all"), plain),
    keyed(text_modifiers, patterns),
    keyed(cased_modifiers, patterns),
    keyed(choices("|re", "|re|i", "|re|s", "|re|neq", "|re|i|m|s"), regexes),
    keyed(choices("|cidr", "|cidr|neq"), networks),
    keyed(compares.map("|{}".format), st.integers(-20, 20)),
    keyed(st.tuples(parts, choices("", "|lt", "|gte")).map(lambda two: f"|{two[0]}{two[1]}"), part_numbers),
    keyed(choices("|exists"), st.booleans()),
    keyed(
        choices(
            "|fieldref", "|fieldref|startswith", "|fieldref|endswith", "|fieldref|contains", "|fieldref|neq"
        ),
        st.sampled_from(FIELDS),
    ),
    keyed(choices("|base64", "|base64offset|contains"), words),
    keyed(choices("|wide|base64offset|contains", "|utf16be|base64", "|utf16|base64"), ascii_words),
)
maps = st.lists(items, min_size=1, max_size=2).map(dict)
keywords = st.one_of(
    listed(st.one_of(patterns, st.integers(0, 20))),
    st.dictionaries(
        st.sampled_from(["|all", "|cased", "|re"]), st.lists(words, min_size=1, max_size=2), min_size=1
    ),
)
selections = st.one_of(maps, maps, st.lists(maps, min_size=1, max_size=2), keywords)
conditions = st.sampled_from(
    ["s1 and not s2", "1 of s*", "all of them", "not (s1 or s2)", "not 1 of s*", "s2 and (s1 or not s1)"]
)
alone = st.fixed_dictionaries({"s1": selections, "condition": st.sampled_from(["s1", "not s1"])})
joined = st.fixed_dictionaries({"s1": selections, "s2": selections, "condition": conditions})
detections = st.one_of(alone, alone, joined)


def check(detection_list: list[dict[str, object]], record_list: list[dict[str, object]]) -> None:
    rules = [rule(detection, number) for number, detection in enumerate(detection_list)]
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), *rules)
        hits = detect(load_rules(path), record_units("cloudtrail", record_list))
        trees = reference.parse(path.read_text(encoding="utf-8"))
    raws = [json.dumps(record) for record in record_list]
    expected = {
        (RULE_ID.format(number), position)
        for number in range(len(rules))
        for position, raw in enumerate(raws)
        if reference.is_match(trees[f"Rule {number}"], raw)
    }
    found = {(hit["rule_id"], hit["records"][0]["ordinal"]) for hit in hits.to_pylist()}
    assert expected == found


RULES = st.lists(detections, min_size=1, max_size=16)
RECORDS = st.lists(records, min_size=1, max_size=12)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(RULES, RECORDS)
def test_the_engine_agrees_with_a_plain_reading(rule_list, record_list) -> None:
    """Each rule is true of exactly the records of which the reference says so."""
    check(rule_list, record_list)


@pytest.mark.slow
@settings(max_examples=1_000, suppress_health_check=list(HealthCheck))
@given(RULES, RECORDS)
def test_the_engine_agrees_with_a_plain_reading_thousands_of_times(rule_list, record_list) -> None:
    """Each of some twelve thousand rules is true of exactly the records of which the reference says so."""
    check(rule_list, record_list)
