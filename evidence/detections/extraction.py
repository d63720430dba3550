"""Owns the one pass over the records: every field that any rule reads, taken out once for all rules.

A field's name is the keys on the way to it, joined by dots; lists on the way count for nothing, and a key
that holds dots itself is like any other. Distinct values are kept once, so that a test runs once per value.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa

from evidence.detections.log_sources import View, view_of
from evidence.detections.program import Program
from evidence.detections.terms import KEYWORDS
from evidence.detections.values import address_of, fold, number_of, text_of, time_of

_NULL, _OBJECT, _SCALAR = "null", "object", "scalar"
_VALUES = pa.schema(
    [
        ("value", pa.int32()),
        ("field", pa.int32()),
        ("kind", pa.string()),  # null, object (also an empty list) or scalar
        ("text", pa.string()),
        ("folded", pa.string()),
        ("whole", pa.decimal128(38, 0)),  # floor of the number
        ("has_fraction", pa.bool_()),
        ("address", pa.string()),
        ("time", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Extracted:
    """`values`: one row per distinct value of a field. `occurrences`: which unit holds which value."""

    values: pa.Table
    occurrences: pa.Table


class Extractor:
    """Takes out of batches of records all values of the fields that a program reads."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.walkers = {name: self._walker(name, fields) for name, fields in program.wanted.items()}

    def _walker(self, format_name: str, fields: frozenset[str]) -> _Walker:
        numbers = {name: self.program.fields[name] for name in fields if name != KEYWORDS}
        return _Walker(_tree(numbers), self.program.fields[KEYWORDS] if KEYWORDS in fields else None)

    def extract(self, batch: pa.Table, first: int) -> Extracted:
        """All values in a batch (schema `units.READ`) whose units are numbered from `first` on."""
        collector = _Collector(self.program, first)
        columns = (batch.column(name).to_pylist() for name in ("format", "raw", "entry"))
        entries = batch.column("entries").to_pylist() if batch.column("entries").null_count == 0 else None
        for row, (format_name, raw, entry) in enumerate(zip(*columns, strict=True)):
            pointers = (entry,) if entries is None else tuple(one["entry"] for one in entries[row])
            walker = self.walkers.get(format_name)
            if walker is None:
                collector.unit += len(pointers)
            else:
                collector.take(walker, view_of(format_name), raw, pointers)
        return collector.extracted()


class _Collector:
    """Numbers values in the order in which they are first seen."""

    def __init__(self, program: Program, first: int) -> None:
        self.program = program
        self.unit = first
        self.numbers: dict[tuple[int, type, Any], int] = {}
        self.units = array("q")
        self.values = array("i")

    def take(self, walker: _Walker, view: View, raw: str, pointers: Iterable[str]) -> None:
        """One record, of which each entry is a unit."""
        numbers = self.numbers
        record = orjson.loads(raw)
        for pointer in pointers:
            found: list[tuple[int, Any]] = []
            walker.read(view(record, pointer), found)
            for field, value in found:
                self.units.append(self.unit)
                self.values.append(numbers.setdefault((field, value.__class__, value), len(numbers)))
            self.unit += 1

    def extracted(self) -> Extracted:
        """What was taken."""
        names = {number: name for name, number in self.program.fields.items()}
        rows = [self._row(names[field], field, value) for field, _, value in self.numbers]
        columns = list(zip(*rows, strict=True)) if rows else [()] * (len(_VALUES) - 1)
        all_columns = [range(len(rows)), *columns]
        arrays = [pa.array(one, of.type) for one, of in zip(all_columns, _VALUES, strict=True)]
        occurrences = pa.table(
            [
                pa.array(memoryview(self.units), pa.int64()),
                pa.array(memoryview(self.values), pa.int32()),
            ],
            names=["unit", "value"],
        )
        return Extracted(pa.table(arrays, schema=_VALUES), occurrences)

    def _row(self, name: str, field: int, value: Any) -> tuple[Any, ...]:
        if value is None or value is _OBJECT_MARK:
            return field, (_NULL if value is None else _OBJECT), *([None] * 6)
        text = text_of(value)
        whole, has_fraction = (number_of(value) or (None, None)) if self._is_numbered(name) else (None, None)
        address = address_of(value) if name in self.program.addressed else None
        time = time_of(value) if name in self.program.timed else None
        return field, _SCALAR, text, fold(text), whole, has_fraction, address, time

    def _is_numbered(self, name: str) -> bool:
        return name in self.program.numbered


class _ObjectMark:
    """Stands for an object, whose own value no test looks at."""


_OBJECT_MARK = _ObjectMark()


class _Node:
    """A place in records: the field that ends here, if one does, and the keys by which others go on."""

    __slots__ = ("field", "steps")

    def __init__(self) -> None:
        self.field: int | None = None
        self.steps: dict[str, _Node] = {}


def _tree(fields: Mapping[str, int]) -> _Node:
    """Every way to every field: a step is one key, which may hold the dots of several parts of the name."""
    nodes: dict[str, _Node] = {}
    root = _Node()
    for name, number in fields.items():
        ends = [index for index, character in enumerate(name) if character == "."] + [len(name)]
        for position, end in enumerate(ends):
            before = [(root, 0), *((nodes[name[:dot]], dot + 1) for dot in ends[:position])]
            below = nodes.setdefault(name[:end], _Node())
            for node, start in before:
                node.steps[name[start:end]] = below
        nodes[name].field = number
    return root


class _Walker:
    """Walks a record's JSON, going only where a wanted field may lie; for keywords everywhere."""

    def __init__(self, root: _Node, keywords: int | None) -> None:
        self.root = root
        self.keywords = keywords

    def read(self, record: Any, found: list[tuple[int, Any]]) -> None:
        """Adds field and value of all that is wanted in the record."""
        if self.root.steps:
            _walk(record, self.root, found)
        if self.keywords is not None:
            found += [(self.keywords, value) for value in _scalars(record)]


def _walk(value: Any, node: _Node, found: list[tuple[int, Any]]) -> None:
    if isinstance(value, dict):
        if node.field is not None:
            found.append((node.field, _OBJECT_MARK))
        steps = node.steps
        for key in steps if len(steps) < len(value) else value:
            if key in steps and key in value:
                _walk(value[key], steps[key], found)
    elif isinstance(value, list):
        for one in value:
            _walk(one, node, found)
        if not value and node.field is not None:
            found.append((node.field, _OBJECT_MARK))
    elif node.field is not None:
        found.append((node.field, value))


def _scalars(value: Any) -> Iterable[Any]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _scalars(one)
    elif value is not None:
        yield value
