"""Rules that people write by mistake: refused with a place, never an error of another kind."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence.detections.detecting import detect
from evidence.detections.loading import load_rules
from evidence.detections.units import record_units
from evidence.errors import RefusedDetections
from tests.detections.rule_texts import RULE_ID, rule, written

DETECTION = {
    "s": {"a|contains": ["x", "y"], "b.c|re": "x.*", "d|cidr": "10.0.0.0/8", "e|gt": 5, "f|exists": True},
    "k": ["word"],
    "m": [{"a": 1}, {"b": None}],
    "condition": "s and not 1 of k* or m",
}
CORRELATION = {
    "type": "value_count",
    "rules": ["r0"],
    "group-by": ["a"],
    "timespan": "5m",
    "condition": {"gte": 2, "field": "b"},
    "aliases": {"w": {"r0": "a"}},
}
DOCUMENTS = [
    rule(DETECTION, name="r0", level="low", tags=["attack.t1"], falsepositives=["x"], date="2026-01-01"),
    {"title": "C", "id": RULE_ID.format(1), "correlation": CORRELATION},
    {
        "title": "F",
        "id": RULE_ID.format(2),
        "logsource": {"product": "aws"},
        "filter": {"rules": ["r0"], "s": {"u": "v"}, "condition": "not s"},
    },
]
JUNK = [
    None,
    True,
    0,
    -1,
    "",
    "x",
    "*",
    "a|b",
    "1 of them",
    "(",
    [],
    {},
    [1],
    [None],
    [[]],
    {"a": 1},
    "%x%",
    "\\",
]
KEYS = [
    "x",
    "a|re",
    "|all",
    "condition",
    "a|nosuch",
    "filter",
    "correlation",
    "|",
    "a|",
    "a|contains|re",
    "a|hour",
]
RULE_SETS = 150


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in parts:
        yield from paths(inner, (*at, key))


def mutated(dice: random.Random) -> list[Any]:
    documents = copy.deepcopy(DOCUMENTS)
    *way, last = dice.choice([path for path in paths(documents) if path])
    holder: Any = documents
    for key in way:
        holder = holder[key]
    kind = dice.choice(["replace", "replace", "delete", "add"])
    if kind == "delete":
        del holder[last]
    elif kind == "add" and isinstance(holder, dict):
        holder[dice.choice(KEYS)] = dice.choice(JUNK)
    else:
        holder[last] = dice.choice(JUNK)
    return documents


def test_a_mistake_is_refused_with_its_place_or_runs(tmp_path: Path) -> None:
    """Of many rule sets with one mistake each either is every fault told with the file, or the set runs."""
    dice = random.Random(5)
    outcomes = {"refused": 0, "runs": 0}
    for _ in range(RULE_SETS):
        path = written(tmp_path, *mutated(dice))
        try:
            detect(load_rules(path), record_units("cloudtrail", [{"a": "x"}]))
            outcomes["runs"] += 1
        except RefusedDetections as refused:
            assert [path] * len(refused.faults) == [
                fault.place.path for fault in refused.faults if fault.place
            ]
            outcomes["refused"] += 1
    assert min(outcomes.values()) > RULE_SETS // 10
