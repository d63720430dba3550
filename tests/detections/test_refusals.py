"""What is refused, each with file, line and reason, and all of a folder at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from evidence.detections.detection_items import read_item
from evidence.detections.loading import load_rules
from evidence.detections.modifiers import HONOURED
from evidence.errors import DetectionError, Place, RefusedDetections

HEAD = """title: T
id: 00000000-0000-4000-8000-000000000000
logsource: {product: aws, service: cloudtrail}
"""
ITEM = HEAD + "detection:\n  s:\n    ITEM\n  condition: s\n"
RULE = HEAD + "name: other\ndetection:\n  s: {f: a}\n  condition: s\n---\n"
CORRELATION = (
    RULE + "title: C\nid: 00000000-0000-4000-8000-000000000001\ncorrelation:\n"
    "  type: event_count\n  rules: [other]\n  timespan: 1h\n  condition: {gte: 2}\n"
)
FILTER = (
    RULE + "title: F\nid: 00000000-0000-4000-8000-000000000001\nlogsource: {product: aws}\nfilter:\n"
    "  rules: any\n  s: {f: b}\n  condition: not s\n"
)


def swapped(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


# what, the file, line, a part of the reason
TABLE = [
    ("unknown modifier", ITEM.replace("ITEM", "f|nosuch: a"), 6, "'nosuch' is unknown"),
    ("placeholder without values", ITEM.replace("ITEM", "f|expand: '%x%'"), 6, "%x% has no values"),
    ("escaped percent", ITEM.replace("ITEM", r"f|expand: '\%x%y%'"), 6, "escaped percent"),
    ("reference that is no name", swapped(CORRELATION, "[other]", "[[]]"), 13, "no name"),
    ("group that is no name", CORRELATION + "  group-by: [1]\n", 16, "no name"),
    ("alias that is no map", CORRELATION + "  aliases: {w: x}\n", 16, "no name"),
    ("two lower bounds", swapped(CORRELATION, "{gte: 2}", "{gt: 2, gte: 5}"), 15, "are no range"),
    ("three bounds", swapped(CORRELATION, "{gte: 2}", "{gt: 2, lt: 5, neq: 4}"), 15, "are no range"),
    ("empty range", swapped(CORRELATION, "{gte: 2}", "{gt: 2, lt: 3}"), 15, "no count lies"),
    ("bound in words", swapped(CORRELATION, "{gte: 2}", "{gt: 2, lt: many}"), 15, "whole numbers"),
    (
        "range of an order",
        swapped(CORRELATION, "event_count", "temporal_ordered").replace("{gte: 2}", "{gte: 1, lt: 3}"),
        15,
        "order",
    ),
    ("name of the specification", ITEM.replace("ITEM", "f|utf16le|base64: a"), 6, "Write wide"),
    ("look-ahead", ITEM.replace("ITEM", "f|re: a(?=b)"), 6, "(?="),
    ("look-ahead behind a flag", ITEM.replace("ITEM", "f|re|i: a(?!b)"), 6, "(?!"),
    ("back reference", ITEM.replace("ITEM", r"f|re: (a)\1"), 6, r"\1"),
    ("possessive", ITEM.replace("ITEM", "f|re: a++"), 6, "++"),
    ("end of PCRE", ITEM.replace("ITEM", r"f|re: a\Z"), 6, r"\Z"),
    ("byte", ITEM.replace("ITEM", r"f|re: a\C"), 6, "half a character"),
    ("number as pattern", ITEM.replace("ITEM", "f|re: 5"), 6, "must be text"),
    ("anchored pattern", ITEM.replace("ITEM", "f|re|startswith: a"), 6, "not anchored"),
    ("both ends", ITEM.replace("ITEM", "f|startswith|endswith: a"), 6, "beginning and the end"),
    ("case lost", ITEM.replace("ITEM", "f|cased|wide: a"), 6, "'cased' would be lost"),
    ("case of fields", ITEM.replace("ITEM", "f|cased|fieldref: g"), 6, "without case"),
    ("encoded placeholder", ITEM.replace("ITEM", "f|expand|base64: '%x%'"), 6, "placeholder's name"),
    ("wildcard in base64", ITEM.replace("ITEM", "f|base64: 'a*'"), 6, "wildcards"),
    ("wide beyond ASCII", ITEM.replace("ITEM", "f|wide|base64: é"), 6, "ascii"),
    ("host bits", ITEM.replace("ITEM", "f|cidr: 10.0.0.1/8"), 6, "host bits"),
    ("text compared", ITEM.replace("ITEM", "f|gt: 'a'"), 6, "takes a whole number, and 'a' is text"),
    ("number in quotes", ITEM.replace("ITEM", "f|gt: '5'"), 6, "Write it without quotes: 5"),
    ("number as text", ITEM.replace("ITEM", "f|startswith: [a, 5]"), 6, "Quote it: '5'"),
    ("truth as text", ITEM.replace("ITEM", "f|contains: true"), 6, "Quote it: 'true'"),
    ("null as text", ITEM.replace("ITEM", "f|contains: null"), 6, "without a modifier and null"),
    ("text of existence", ITEM.replace("ITEM", "f|exists: a"), 6, "Write true or false"),
    ("flag alone", ITEM.replace("ITEM", "f|i: a"), 6, "Write re|i"),
    ("text behind a comparison", ITEM.replace("ITEM", "f|base64|gt: a"), 6, "whole number"),
    (
        "look-behind",
        ITEM.replace("ITEM", "f|re: (?<=a)b"),
        6,
        "RE2, the engine of DuckDB, which has no look-b",
    ),
    ("atomic group", ITEM.replace("ITEM", "f|re: (?>a)b"), 6, "has no atomic groups"),
    ("open group", ITEM.replace("ITEM", "f|re: (a"), 6, "refuses this one (missing ): (a)"),
    ("fraction", ITEM.replace("ITEM", "f|gt: 0.5"), 6, "fraction"),
    ("rounded number", ITEM.replace("ITEM", f"f: {2**60 + 1}"), 6, "round"),
    ("huge number", ITEM.replace("ITEM", f"f: {10**40}"), 6, "37 digits"),
    ("no value", ITEM.replace("ITEM", "f: []"), 6, "has no value"),
    ("nested value", ITEM.replace("ITEM", "f: {g: h}"), 6, "must be text, a number"),
    ("ambiguous YAML", ITEM.replace("ITEM", "f: NO"), 6, "differently"),
    ("keyword at the beginning", ITEM.replace("ITEM", "'|startswith': a"), 6, "anywhere"),
    ("null keyword", HEAD + "detection:\n  s: [null]\n  condition: s\n", 5, "keyword"),
    ("compared keyword", ITEM.replace("ITEM", "'|gt': 5"), 6, "keyword"),
    ("empty map", HEAD + "detection:\n  s: {}\n  condition: s\n", 5, "is empty"),
    ("aggregation", ITEM.replace("ITEM", "f: a").replace("n: s", "n: s | count() > 5"), 7, "deprecated"),
    ("timeframe", ITEM.replace("ITEM", "f: a") + "  timeframe: 5m\n", 8, "timeframe"),
    ("unknown name", ITEM.replace("ITEM", "f: a").replace("n: s", "n: s and t"), 7, "no 't'"),
    ("no condition", HEAD + "detection:\n  s: {f: a}\n", 5, "must be a condition"),
    ("bad condition", ITEM.replace("ITEM", "f: a").replace("n: s", "n: s and"), 7, "no condition"),
    ("selects nothing", ITEM.replace("ITEM", "f: a").replace("n: s", "n: 1 of x*"), 7, "selects nothing"),
    ("no detection", HEAD, 1, "must be a mapping"),
    (
        "log source",
        ITEM.replace("ITEM", "f: a").replace("product: aws, service: cloudtrail", "product: windows"),
        3,
        "windows",
    ),
    ("no id", ITEM.replace("ITEM", "f: a").replace("id: 0", "no_id: 0"), 1, "has no id"),
    ("bad id", ITEM.replace("ITEM", "f: a").replace("id: 0", "id: x0"), 2, "UUID"),
    ("bad level", ITEM.replace("ITEM", "f: a") + "level: severe\n", 8, "level"),
    ("taxonomy", ITEM.replace("ITEM", "f: a") + "taxonomy: ecs\n", 8, "taxonomy"),
    ("old collection", "action: global\n" + ITEM.replace("ITEM", "f: a"), 1, "no longer Sigma"),
    ("repeated id", RULE + swapped(RULE, "title: T", "title: U").replace("name: other", ""), 9, "id '0"),
    ("unknown rule", swapped(CORRELATION, "[other]", "[another]"), 13, "no rule 'another'"),
    (
        "median",
        swapped(swapped(CORRELATION, "event_count", "value_median"), "{gte: 2}", "{gte: 2, field: f}"),
        12,
        "not specified",
    ),
    ("month", swapped(CORRELATION, "1h", "1M"), 14, "no fixed length"),
    ("no timespan", swapped(CORRELATION, "  timespan: 1h\n", ""), 12, "timespan"),
    ("sum without field", swapped(CORRELATION, "event_count", "value_sum"), 12, "field"),
    ("values without field", swapped(CORRELATION, "event_count", "value_count"), 12, "field"),
    ("words", swapped(swapped(CORRELATION, "event_count", "temporal"), "{gte: 2}", "other"), 15, "in words"),
    ("one rule twice", swapped(CORRELATION, "[other]", "[other, other]"), 13, "twice"),
    ("part of an order", swapped(CORRELATION, "event_count", "temporal_ordered"), 15, "order"),
    ("unknown key", CORRELATION + "  groupby: [f]\n", 16, "groupby"),
    ("itself", swapped(CORRELATION, "[other]", "[00000000-0000-4000-8000-000000000001]"), 13, "itself"),
    ("filter of nothing", swapped(FILTER, "rules: any", "rules: [nobody]"), 13, "no rule 'nobody'"),
    ("filter without rules", swapped(FILTER, "  rules: any\n", ""), 13, "which rules"),
    (
        "filter of another log source",
        swapped(swapped(FILTER, "rules: any", "rules: [other]"), "{product: aws}", "{product: falco}"),
        13,
        "another log source",
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "reason"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_cannot_be_honoured_is_refused(tmp_path: Path, text: str, line: int, reason: str) -> None:
    """The fault names the file and the line, and says why."""
    path = tmp_path / "rule.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedDetections) as refused:
        load_rules(path)
    faults = refused.value.faults
    assert (path, line) in [
        (fault.place.path, fault.place.line) for fault in faults if reason in str(fault)
    ], [str(fault) for fault in faults]


@pytest.mark.parametrize("value", ["null", "5", "true", "a", "(?<=a)b"])
def test_a_refusal_says_nothing_of_what_is_inside(value: str) -> None:
    """No name of a class, no address in memory, whatever the modifier; the same words each time."""
    place = Place(Path("rule.yml"))
    for modifier in HONOURED:
        said = []
        for _ in range(2):
            try:
                read_item(f"f|{modifier}", yaml.safe_load(value), place, {})
            except DetectionError as fault:
                said.append(str(fault))
        assert said[:1] == said[1:]
        assert [] == [
            text for text in said if "object at" in text or re.search(r"[a-z]Modifier|Sigma[A-Z]", text)
        ]


@pytest.mark.parametrize(
    ("condition", "unused"),
    [
        ("a", ["b", "filter_c", "_d"]),
        ("a and not 1 of filter_*", ["b", "_d"]),
        ("1 of them", ["_d"]),
        ("[a and b, not filter_c]", ["_d"]),
        ("a or (b and not filter_c) or _d", []),
    ],
)
def test_a_part_that_no_condition_names_is_warned_of(
    tmp_path: Path, condition: str, unused: list[str]
) -> None:
    """With file and line; the rule is honoured as it is written. So is a filter document."""
    names = ("a", "b", "filter_c", "_d")
    parts = "".join(f"  {name}: {{f: {name}}}\n" for name in names)
    path = tmp_path / "rule.yml"
    path.write_text(f"{HEAD}detection:\n{parts}  condition: {condition}\n")
    warned = [
        (each.place.path, each.place.line, each.what.split("'")[1]) for each in load_rules(path).warnings
    ]
    assert [(path, 5 + names.index(name), name) for name in unused] == warned
    path.write_text(FILTER + "  other: {f: c}\n")
    assert ["filter.other"] == [each.place.field for each in load_rules(path).warnings]


def test_all_faults_of_a_folder_are_told_at_once(tmp_path: Path) -> None:
    """Two files and three faults make one error with three lines, in the order of their places."""
    (tmp_path / "a.yml").write_text(HEAD + "detection:\n  s: {f|x: a, f|re: (}\n  condition: s\n")
    (tmp_path / "b.yml").write_text("title: B\n" + ITEM.replace("title: T\n", "").replace("ITEM", "f|gt: a"))
    with pytest.raises(RefusedDetections) as refused:
        load_rules(tmp_path)
    assert ["a.yml", "a.yml", "b.yml", "b.yml"] == [fault.place.path.name for fault in refused.value.faults]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """Where there is no rule, none was meant to be loaded from there."""
    with pytest.raises(RefusedDetections, match="holds no Sigma rule"):
        load_rules(tmp_path)
