"""Owns the cases that Sigma rules carry: records that a rule hits, and near misses that it leaves alone.

They lie in `cases/*.yaml` of the folder of rules. Every case is looked at by itself: its records are seen
together, and none of another case. Lists of the house come from `cases/values.yaml` where the cases bring
their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from evidence.detections.detecting import detect
from evidence.detections.loading import load_rules
from evidence.detections.log_sources import FORMATS_BY_ENTRY, LOG_SOURCES_BY_NAME
from evidence.detections.rule_folders import VALUES, rule_files, values_near
from evidence.detections.rules import RuleSet, RuleWarning
from evidence.detections.units import UNITS, TableUnits, record_unit
from evidence.errors import DetectionError, EvidenceError, InputError, Place, RefusedDetections
from evidence.strict_yaml import Document, load_yaml, parse_model
from evidence.times import TimeRefused, parse_rfc3339

CASES = "cases"
_TIME_FIELDS = ("eventTime", "requestReceivedTimestamp", "time")
_NS_PER_MS = 1_000_000


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class RuleCase(_Strict):
    """Records in order of time, and whether the rule hits when it sees them."""

    shows: Annotated[str, Field(min_length=1)]
    expect: Literal["hit", "no hit"]
    records: Annotated[list[dict[str, Any]], Field(min_length=1)]


class CaseFile(_Strict):
    """The cases of one file of rules, named from the folder of rules on."""

    rule: Annotated[str, Field(min_length=1)]
    cases: Annotated[list[RuleCase], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Misjudged:
    """A case that came out otherwise."""

    place: Place
    shows: str
    is_hit_expected: bool


@dataclass(frozen=True, slots=True)
class CaseRun:
    """What the rules make of their cases; `uncased` are files of rules that report and have none."""

    rule_count: int
    case_count: int
    misjudged: tuple[Misjudged, ...]
    uncased: tuple[Path, ...]
    warnings: tuple[RuleWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class _Cased:
    """One case with its place, the ids of the rules of its file and the log source of its records."""

    case: RuleCase
    place: Place
    rule_ids: frozenset[str]
    log_source: str | None  # None: each record says its own


def run_cases(path: Path) -> CaseRun:
    """What the rules in a file or folder make of their cases.

    Raises InputError where nothing is there, RefusedDetections for every fault of rules and files of cases.
    """
    if not path.exists():
        raise InputError("is not there", place=Place(path), remedy="Name a Sigma file, or a folder of them")
    root = _root(path)
    rules = load_rules(path, values_near(path))
    own_values = root / CASES / VALUES
    if own_values.is_file():
        # What a run would refuse for want of the house's own values is refused above.
        rules = load_rules(path, own_values)
    cased, faults = _cased(root, set(rule_files(path)), rules)
    if faults:
        raise RefusedDetections(faults)
    reporting = {heading.id: heading.place.path for heading in rules.reporting()}
    judged = {id for each in cased for id in each.rule_ids}
    hits = _hits(rules.only({*reporting, *judged}), cased)
    without = set(reporting.values()) - {reporting[id] for id in judged if id in reporting}
    return CaseRun(
        len(reporting),
        len(cased),
        tuple(_misjudged(cased, hits)),
        tuple(sorted(without)),
        rules.warnings,
    )


def _root(path: Path) -> Path:
    """The folder that has the cases: that of the rules, or one above it; the rules' own where none has."""
    folder = path if path.is_dir() else path.parent
    return next((each for each in (folder, folder.parent) if (each / CASES).is_dir()), folder)


def _cased(root: Path, files: set[Path], rules: RuleSet) -> tuple[list[_Cased], list[EvidenceError]]:
    found: list[_Cased] = []
    faults: list[EvidenceError] = []
    for path in sorted((root / CASES).glob("*.yaml")):
        if path.name == VALUES:
            continue
        try:
            document = load_yaml(path, error=DetectionError)
            told = parse_model(CaseFile, document, error=DetectionError)
            file = root / told.rule
            if file in files:
                found += _of_file(told, document, rules, file)
            elif not file.is_file():
                what = f"there is no rule {told.rule} in {root}"
                faults.append(DetectionError(what, place=document.place("rule")))
        except EvidenceError as fault:
            faults.append(fault)
    return found, faults


def _of_file(told: CaseFile, document: Document, rules: RuleSet, file: Path) -> Iterator[_Cased]:
    ids = _judged(rules, file)
    sources = _log_sources(rules, ids)
    alone = next(iter(sources)) if len(sources) == 1 else None
    for number, case in enumerate(told.cases):
        if alone is None:
            _refuse_unnamed_sources(case, document, number)
        yield _Cased(case, document.place("cases", number, "shows"), ids, alone)


def _judged(rules: RuleSet, file: Path) -> frozenset[str]:
    """Ids of the rules of a file that report; of one in which none does by itself, of all."""
    reporting = frozenset(heading.id for heading in rules.reporting() if heading.place.path == file)
    every = frozenset(id for id, heading in rules.headings().items() if heading.place.path == file)
    return reporting or every


def _log_sources(rules: RuleSet, ids: frozenset[str]) -> frozenset[str]:
    """Of the rules of these ids and of all that correlations among them read."""
    return frozenset(rule.log_source for rule in rules.only(ids).rules)


def _refuse_unnamed_sources(case: RuleCase, document: Document, number: int) -> None:
    for position, record in enumerate(case.records):
        if set(record) != {"from", "record"} or record["from"] not in LOG_SOURCES_BY_NAME:
            raise DetectionError(
                "rules of several log sources read it: each record is a mapping of `from` and `record`",
                place=document.place("cases", number, "records", position),
                remedy=f"`from` is one of {', '.join(sorted(LOG_SOURCES_BY_NAME))}",
            )


def _hits(rules: RuleSet, cased: Sequence[_Cased]) -> Mapping[str, set[str]]:
    """Ids of the rules that hit, by the number of the case as text."""
    rows: list[dict[str, Any]] = []
    for number, each in enumerate(cased):
        for record in each.case.records:
            rows += _rows(str(number), each.log_source, record, len(rows))
    found: dict[str, set[str]] = {str(number): set() for number in range(len(cased))}
    units = TableUnits(pa.Table.from_pylist(rows, schema=UNITS))
    for hit in detect(rules, units).select(["incident_id", "rule_id"]).to_pylist():
        found[hit["incident_id"]].add(hit["rule_id"])
    return found


def _rows(
    case: str, log_source: str | None, record: Mapping[str, Any], first: int
) -> Iterator[dict[str, Any]]:
    """A unit per format and entry of the record, at the time that it states, else where it stands."""
    source, content = (log_source, record) if log_source else (record["from"], record["record"])
    stated = stated_time(content)
    at = first * _NS_PER_MS if stated is None else stated
    looked_at = [
        (format_name, entry)
        for format_name in LOG_SOURCES_BY_NAME[source].formats
        for entry in _entries(format_name, content)
    ]
    for unit, (format_name, entry) in enumerate(looked_at, first):
        row = record_unit(format_name, content, unit, case)
        yield {**row, "entry": entry, "event_time": at, "known_at": at}


def _entries(format_name: str, record: Mapping[str, Any]) -> Iterator[str]:
    """Pointers of what a rule sees as one record each; the record itself where it holds no others."""
    if format_name not in FORMATS_BY_ENTRY:
        yield ""
    elif "values" in record:
        yield from (f"/values/{number}" for number in range(len(record["values"])))
    else:
        yield from _log_records(record, "")


def _log_records(value: Any, pointer: str) -> Iterator[str]:
    """Pointers of the log records of OTLP, wherever they lie."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        if step == "logRecords" and isinstance(part, list):
            yield from (f"{pointer}/logRecords/{number}" for number in range(len(part)))
        else:
            yield from _log_records(part, f"{pointer}/{step}")


def stated_time(record: Mapping[str, Any]) -> int | None:
    """Nanoseconds since 1970 UTC; None where the record has none, or one that was written by hand."""
    for field in _TIME_FIELDS:
        if isinstance(record.get(field), str):
            try:
                return parse_rfc3339(record[field])
            except TimeRefused:
                return None
    if isinstance(record.get("event_time"), int):
        return int(record["event_time"])
    at = record.get("@timestamp")
    return at * _NS_PER_MS if isinstance(at, int) else None


def _misjudged(cased: Sequence[_Cased], hits: Mapping[str, set[str]]) -> Iterator[Misjudged]:
    for number, each in enumerate(cased):
        expected = each.case.expect == "hit"
        if expected != bool(hits[str(number)] & each.rule_ids):
            yield Misjudged(each.place, each.case.shows, expected)
