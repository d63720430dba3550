"""Owns the test cases that a bundle carries: states in, the expected decision out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from evidence.decision.bundle import Bundle
from evidence.decision.candidates import CandidateReader
from evidence.decision.codes import decode
from evidence.decision.conditions import COLUMNS
from evidence.decision.kernel import Kernel
from evidence.decision.matrix import Frozen, Mode, Sentence, Slug, Word
from evidence.decision.states import register_states, with_context_sql
from evidence.errors import PlaybookError
from evidence.strict_yaml import Document, load_yaml, parse_model
from evidence.tables import open_memory
from expectations.contracts import ColumnType

Value = (
    Annotated[bool, Field(strict=True)]
    | Annotated[int, Field(strict=True)]
    | Annotated[str, Field(strict=True)]
    | tuple[str, ...]
    | None
)
_PYTHON_TYPES: dict[ColumnType, type] = {
    ColumnType.BOOLEAN: bool,
    ColumnType.INTEGER: int,
    ColumnType.BIGINT: int,
    ColumnType.TEXT: str,
    ColumnType.TEXTS: tuple,
}


class Expected(Frozen):
    """What a case expects; approvers are compared only where they are given."""

    action: Word
    mode: Mode
    approvers: tuple[Word, ...] | None = None


class Case(Frozen):
    """One state, given as the columns in which it differs from the file's base, and its decision."""

    id: Slug
    given: dict[Word, Value] = Field(default_factory=dict)
    expect: Expected


class CaseFile(Frozen):
    """One file of cases around a common base state."""

    about: Sentence
    base: dict[Word, Value] = Field(default_factory=dict)
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class CaseState:
    """A case with its whole state and the file that holds it."""

    path: Path
    case: Case
    state: dict[str, object]


@dataclass(frozen=True, slots=True)
class Failure:
    """A case whose decision is another one; `found` and `because` say which and why the expected one lost."""

    case: CaseState
    found: Expected
    because: str

    def __str__(self) -> str:
        expected, found = self.case.case.expect, self.found
        approvers = ", ".join(found.approvers or ("nobody",))
        return (
            f"{self.case.path.name}: {self.case.case.id}: expected {expected.action} ({expected.mode}), "
            f"found {found.action} ({found.mode}, {approvers}); "
            f"{expected.action}: {self.because}"
        )


def load_cases(folder: Path) -> list[CaseState]:
    """Every case below `folder/cases`, by file and order. Raises PlaybookError with file, line and column."""
    return [case for path in sorted((folder / "cases").glob("*.yaml")) for case in _read(path)]


def failures(bundle: Bundle, cases: Sequence[CaseState]) -> list[Failure]:
    """The cases that the bundle decides otherwise; minimum context follows from the state's columns."""
    kernel = Kernel.of([bundle])
    reader = CandidateReader(kernel)
    found = []
    with open_memory() as connection:
        register_states(connection, "case_states", [case.state for case in cases])
        kernel.run(connection, with_context_sql("case_states"))
        keys = ", ".join(kernel.layout.key_columns)
        rows = (
            connection.sql(
                "from case_states join kernel_states using (incident_id, moment)"
                f" join kernel_masks_0 using ({keys}) order by incident_id"
            )
            .to_arrow_table()
            .to_pylist()
        )
    for case, row in zip(cases, rows, strict=True):
        recommendation = decode(bundle, row["code"])
        decided = Expected(
            action=recommendation.action, mode=recommendation.mode, approvers=recommendation.approvers
        )
        if not _agrees(case.case.expect, decided):
            candidates = {each.name: each for each in reader.read(row, recommendation)}
            lost = (
                candidates[case.case.expect.action].lost_because
                or "chosen, but not in that mode or with others"
            )
            found.append(Failure(case, decided, lost))
    return found


def _agrees(expected: Expected, found: Expected) -> bool:
    return (expected.action, expected.mode) == (found.action, found.mode) and (
        expected.approvers is None or tuple(sorted(expected.approvers)) == found.approvers
    )


def _read(path: Path) -> list[CaseState]:
    document = load_yaml(path, error=PlaybookError)
    file = parse_model(CaseFile, document, error=PlaybookError)
    _check_columns(document, file.base, "base")
    for index, case in enumerate(file.cases):
        _check_columns(document, case.given, "cases", index, "given")
    return [
        CaseState(path, case, {name: _plain(value) for name, value in {**file.base, **case.given}.items()})
        for case in file.cases
    ]


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _check_columns(document: Document, given: dict[str, Value], *path: str | int) -> None:
    for name, value in given.items():
        place = document.key_places[(*path, name)]
        column = COLUMNS.get(name)
        if column is None:
            raise PlaybookError(f"there is no column {name} in enrichment.incident_states", place=place)
        if value is not None and type(value) is not _PYTHON_TYPES[column.type]:
            raise PlaybookError(f"{name} is {column.type}, {value!r} is not", place=place)
        if column.allowed and value is not None and value not in column.allowed:
            raise PlaybookError(
                f"{name} is never {value!r}: it is one of {', '.join(column.allowed)}", place=place
            )
