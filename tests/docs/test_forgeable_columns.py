"""The columns that a source's page calls forgeable are those that its reader fills from what clients write.

Labels, annotations and attributes are free: whoever runs the thing chooses them. Each name that a reader
could look for is put into them with several values, and every column that then differs has to be told of.
"""

from __future__ import annotations

import ast
import copy
import importlib
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sources_page import facts_of

from evidence.readers import READERS
from tests.readers.reading import reading_of
from tests.readers.samples import FILES

FREE = frozenset({"labels", "annotations", "stream", "metric"})
# OTLP's way of the same; an object of that name in CloudTrail is the service's own word.
FREE_LIST = "attributes"
VALUES = ("a-1", "b-5d4f7c9b8-x2x7q", "critical", "info", "500", "true", "service:error_ratio")
AT_ONCE = 8
# Formats that are written by whoever posts them, and those whose outermost labels are the tool's own.
ALL_FREE, OWN_LABELS = frozenset({"event_envelope"}), frozenset({"opa_decision_log"})
# Not what an event says, but how it is dated and addressed.
FORM = frozenset({"pointer", "event_time", "event_time_text"})


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_column_that_clients_fill_is_called_forgeable(name: str) -> None:
    """Whatever a label, an annotation or an attribute changes in an event."""
    (reader,) = [reader for reader in READERS if reader.format == name.partition(" ")[0]]
    found = filled(FILES[name], reader.format, words_of(reader.read.__module__))
    assert set() == found - set(facts_of(reader).forgeable)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.format)
def test_no_column_is_called_forgeable_that_a_reader_never_fills(reader: Any) -> None:
    """It is the key of an object in the reader's module, or in one that it imports."""
    assert set(facts_of(reader).forgeable) <= keys_of(reader.read.__module__)


def test_readers_of_the_same_labels_tell_of_the_same_columns() -> None:
    """Alertmanager's webhook and API, Tempo and the Collector: one reading, one list."""
    facts = {reader.format: set(facts_of(reader).forgeable) for reader in READERS}
    assert facts["alertmanager_api"] == facts["alertmanager_webhook"]
    assert facts["tempo_trace"] <= facts["otlp_json"]
    assert {"name", "cluster", "namespace", "workload", "pod", "node"} <= facts["alertmanager_webhook"]


def filled(document: Any, name: str, words: frozenset[str]) -> set[str]:
    """Columns of the events of a document that differ with what its free objects hold."""
    base, ordered = events_of(document), sorted(words)
    groups = [ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE)]
    found: set[str] = set()
    for place in range(len(free_objects(document, name))):
        for value, group in product(VALUES, groups):
            changed = differing(base, document, name, place, group, value)
            if changed is None:  # one of them is refused: each by itself
                alone = [differing(base, document, name, place, [word], value) or set() for word in group]
                changed = set().union(*alone)
            found |= changed
    return found - FORM


def differing(
    base: list[Any], document: Any, name: str, place: int, words: list[str], value: str
) -> set[str] | None:
    """Columns that differ from the base once the words stand there; None where a record is refused."""
    changed = copy.deepcopy(document)
    for word in words:
        put(free_objects(changed, name)[place], word, value)
    events = events_of(changed)
    if len(base) != len(events):
        return None
    both = zip(base, events, strict=True)
    return {key for one, other in both for key in {*one, *other} if one.get(key) != other.get(key)}


def events_of(document: Any) -> list[Any]:
    """What a file with that content states."""
    return [event for record in reading_of(document).records for event in record.events]


def free_objects(document: Any, name: str) -> list[Any]:
    """The objects that clients fill, in order."""
    if name in ALL_FREE:
        return [document]
    records = document if isinstance(document, list) else [document]
    own = [record.get("labels") for record in records] if name in OWN_LABELS else []
    return [each for each in inner_objects(document) if not any(each is labels for labels in own)]


def inner_objects(value: Any) -> Iterator[Any]:
    """Labels and their like, and the lists of keys and values that OTLP has for them."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if (key in FREE and isinstance(inner, dict)) or (key == FREE_LIST and isinstance(inner, list)):
            yield inner
        elif isinstance(inner, dict | list):
            yield from inner_objects(inner)


def put(free: Any, word: str, value: str) -> None:
    """Set the word, wherever it stands."""
    if isinstance(free, dict):
        free[word] = value
        return
    free[:] = [each for each in free if each.get("key") != word]
    free.append({"key": word, "value": {"stringValue": value}})


@cache
def trees_of(module: str) -> tuple[ast.Module, ...]:
    """A reader's module, and those of readers that it imports."""
    path = Path(str(importlib.import_module(module).__file__))
    tree = ast.parse(path.read_text())
    found = [tree]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "evidence.readers":
            for alias in node.names:
                found += trees_of(f"evidence.readers.{alias.name}")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("evidence.readers."):
            found += trees_of(str(node.module))
    return tuple(found)


@cache
def words_of(module: str) -> frozenset[str]:
    """Every text in these modules that may be a name that they look for."""
    nodes = [node for tree in trees_of(module) for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    words = {node.value for node in nodes if isinstance(node.value, str)}
    return frozenset(word for word in words if " " not in word and 0 < len(word) < 40)


@cache
def keys_of(module: str) -> frozenset[str]:
    """Every text that is the key of an object in these modules."""
    nodes = [node for tree in trees_of(module) for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    keys = [key.value for node in nodes for key in node.keys if isinstance(key, ast.Constant)]
    return frozenset(key for key in keys if isinstance(key, str))
