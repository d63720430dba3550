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

from evidence.detections.log_sources import view_of
from evidence.detections.program import Program
from evidence.detections.terms import KEYWORDS
from evidence.detections.values import address_of, fold, number_of, text_of, time_of

_BATCH_ROWS = 10_000
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


def extract(units: pa.Table, program: Program) -> Extracted:
    """All values of wanted fields in `units` (columns `unit`, `format`, `entry`, `raw`), in their order."""
    collector = _Collector(program)
    for batch in units.select(["unit", "format", "entry", "raw"]).to_batches(max_chunksize=_BATCH_ROWS):
        collector.take(*(column.to_pylist() for column in batch.columns))
    return collector.extracted()


class _Collector:
    """Numbers values in the order in which they are first seen."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.walkers = {name: self._walker(name, fields) for name, fields in program.wanted.items()}
        self.numbers: dict[tuple[int, type, Any], int] = {}
        self.units = array("q")
        self.values = array("i")

    def _walker(self, format_name: str, fields: frozenset[str]) -> _Walker:
        numbers = {name: self.program.fields[name] for name in fields if name != KEYWORDS}
        keywords = self.program.fields[KEYWORDS] if KEYWORDS in fields else None
        return _Walker(numbers, _prefixes(numbers), keywords)

    def take(self, units: list[int], formats: list[str], entries: list[str], raws: list[str]) -> None:
        """One batch of records."""
        numbers = self.numbers
        for unit, format_name, entry, raw in zip(units, formats, entries, raws, strict=True):
            walker = self.walkers.get(format_name)
            if walker is None:
                continue
            found: list[tuple[int, Any]] = []
            walker.found = found
            walker.walk(view_of(format_name)(orjson.loads(raw), entry), None)
            for field, value in found:
                self.units.append(unit)
                self.values.append(numbers.setdefault((field, value.__class__, value), len(numbers)))

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


class _Walker:
    """Walks a record's JSON, going only where a wanted field may lie."""

    def __init__(self, fields: Mapping[str, int], prefixes: frozenset[str], keywords: int | None) -> None:
        self.fields = fields
        self.prefixes = prefixes
        self.keywords = keywords
        self.found: list[tuple[int, Any]] = []

    def walk(self, value: Any, name: str | None) -> None:
        """Adds every wanted value in `value`, which stands under `name`; None is the record itself."""
        if isinstance(value, dict):
            self._inside(value, name)
        elif isinstance(value, list):
            for one in value:
                self.walk(one, name)
            if not value and name is not None and name in self.fields:
                self.found.append((self.fields[name], _OBJECT_MARK))
        elif name is not None:
            if name in self.fields:
                self.found.append((self.fields[name], value))
            if self.keywords is not None and value is not None:
                self.found.append((self.keywords, value))

    def _inside(self, value: dict[str, Any], name: str | None) -> None:
        if name is not None and name in self.fields:
            self.found.append((self.fields[name], _OBJECT_MARK))
        is_everywhere = self.keywords is not None
        head = "" if name is None else f"{name}."
        for key, inner in value.items():
            below = head + key
            if is_everywhere or below in self.fields or below in self.prefixes:
                self.walk(inner, below)


def _prefixes(fields: Iterable[str]) -> frozenset[str]:
    """Every beginning of a field's name that ends before a dot: where it may be worth looking on."""
    return frozenset(
        name[:index] for name in fields for index, character in enumerate(name) if character == "."
    )
