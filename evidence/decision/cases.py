"""Owns the test cases that a bundle carries: a state and its decision, a policy's request and its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from evidence.decision.bundle import Bundle
from evidence.decision.candidates import Candidate, CandidateReader
from evidence.decision.codes import Recommendation, decode
from evidence.decision.conditions import COLUMNS
from evidence.decision.inspection import Finding
from evidence.decision.kernel import Kernel
from evidence.decision.matrix import Frozen, Mode, Sentence, Slug, Word, required_approvers
from evidence.decision.named_paths import named_path
from evidence.decision.policies import Court, Policy, PolicyCase
from evidence.decision.states import register_states, with_context_sql
from evidence.errors import Place, PlaybookError
from evidence.strict_yaml import Document, load_yaml, survey_model, survey_yaml
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
    """A case with its whole state, the file that holds it and its line there (0 where it is not known)."""

    path: Path
    case: Case
    state: dict[str, object]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that comes out otherwise: what was expected and found, in words, and why."""

    place: Place
    case_id: str
    expected: str
    found: str
    because: str

    def __str__(self) -> str:
        where = f"{self.place.path.name}:{self.place.line}" if self.place.line else self.place.path.name
        return f"{where}: {self.case_id}: expected {self.expected}, found {self.found}; {self.because}"


def survey_cases(folder: Path, bundle: Bundle | None = None) -> tuple[list[CaseState], list[Finding]]:
    """The cases below `folder/cases` that can be tried, by file and order, and what is wrong with the others.

    With the bundle also what a case expects is looked at: its actions and roles must be the bundle's.
    """
    cases: list[CaseState] = []
    findings: list[Finding] = []
    for path in sorted((folder / "cases").glob("*.yaml")):
        document, faults = survey_yaml(path, error=PlaybookError)
        file, more = survey_model(CaseFile, document, error=PlaybookError) if document else (None, [])
        found = [Finding(fault.place or Place(path), fault.what, fault.remedy) for fault in (*faults, *more)]
        if document is not None and file is not None:
            found += [*_column_findings(document, file), *_expectation_findings(document, file, bundle)]
            cases += [] if found else _states(document, file)
        findings += sorted(found, key=lambda each: each.at)
    return cases, findings


def failures(bundle: Bundle, cases: Sequence[CaseState]) -> list[Failure]:
    """The cases that the bundle decides otherwise; minimum context follows from the state's columns."""
    found = []
    for case, recommendation, candidates in _decided(bundle, cases):
        if not _agrees(case.case.expect, recommendation):
            place = Place(case.path, case.line)
            because = _because(case.case.expect.action, candidates, recommendation)
            expected = _in_words(case.case.expect)
            found.append(Failure(place, case.case.id, expected, _in_words(recommendation), because))
    return found


def policy_failures(bundle: Bundle, folder: Path) -> list[Failure]:
    """Cases of the bundle's policies, read from `folder`, in which another verdict is given."""
    court = Court()
    found = []
    for policy, case in policy_cases(bundle):
        action = bundle.actions[case.action]
        roles = required_approvers(action, (1 << len(action.also)) - 1)
        inputs = {name: case.given.get(name) for name in policy.declaration.inputs}
        answer = court.answer(policy, case.action, action, roles, inputs)
        if answer.verdict is not case.verdict:
            said = "; ".join(answer.messages) or "it says nothing against it"
            path = named_path(folder, bundle.playbook.policies) / f"{policy.name}.yaml"
            place = _policy_place(path, policy, case)
            found.append(Failure(place, case.id, case.verdict.value, answer.verdict.value, said))
    return found


def policy_cases(bundle: Bundle) -> Iterator[tuple[Policy, PolicyCase]]:
    """The cases of the policies that are about actions of this bundle: versions share their policies."""
    for policy in bundle.policies:
        for case in policy.declaration.cases:
            if case.action in bundle.actions:
                yield policy, case


# --- deciding


def _decided(
    bundle: Bundle, cases: Sequence[CaseState]
) -> Iterator[tuple[CaseState, Recommendation, dict[str, Candidate]]]:
    if not cases:
        return
    kernel = Kernel.of([bundle])
    reader = CandidateReader(kernel)
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
        yield case, recommendation, {each.name: each for each in reader.read(row, recommendation)}


def _agrees(expected: Expected, found: Recommendation) -> bool:
    return (expected.action, expected.mode) == (found.action, found.mode) and (
        expected.approvers is None or tuple(sorted(expected.approvers)) == found.approvers
    )


def _because(expected: str, candidates: Mapping[str, Candidate], found: Recommendation) -> str:
    """Why the expected action lost, or what demanded another mode or other approvers of it."""
    if expected not in candidates:
        return f"{expected} is no action of this playbook"
    if expected != found.action:
        return f"{expected}: {candidates[expected].lost_because}"
    reasons = candidates[expected].mode_reasons or ("its mode in the matrix",)
    return f"{expected} is chosen, {found.mode}: {'; '.join(reasons)}"


def _in_words(decision: Expected | Recommendation) -> str:
    approvers = ", ".join(decision.approvers or ("nobody",))
    if isinstance(decision, Expected) and decision.approvers is None:
        return f"{decision.action} ({decision.mode})"
    return f"{decision.action} ({decision.mode}, {approvers})"


# --- reading


def _states(document: Document, file: CaseFile) -> Iterator[CaseState]:
    for index, case in enumerate(file.cases):
        state = {name: _plain(value) for name, value in {**file.base, **case.given}.items()}
        yield CaseState(document.path, case, state, document.place("cases", index).line)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _column_findings(document: Document, file: CaseFile) -> Iterator[Finding]:
    yield from _given_findings(document, file.base, "base")
    for index, case in enumerate(file.cases):
        yield from _given_findings(document, case.given, "cases", index, "given")


def _given_findings(document: Document, given: dict[str, Value], *path: str | int) -> Iterator[Finding]:
    for name, value in given.items():
        what = _wrong_value(name, value)
        if what:
            yield Finding(document.key_places[(*path, name)], what)


def _wrong_value(name: str, value: Value) -> str:
    column = COLUMNS.get(name)
    if column is None:
        return f"there is no column {name} in enrichment.incident_states"
    if value is not None and type(value) is not _PYTHON_TYPES[column.type]:
        return f"{name} is {column.type}, {value!r} is not"
    if column.allowed and value is not None and value not in column.allowed:
        return f"{name} is never {value!r}: it is one of {', '.join(column.allowed)}"
    return ""


def _expectation_findings(document: Document, file: CaseFile, bundle: Bundle | None) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, case in enumerate(file.cases):
        if case.id in seen:
            yield Finding(document.place("cases", index, "id"), f"the case {case.id} is repeated")
        seen.add(case.id)
        if bundle is None:
            continue
        if case.expect.action not in bundle.actions:
            place = document.place("cases", index, "expect", "action")
            yield Finding(place, f"case {case.id} expects {case.expect.action}, which is no action")
        for at, role in enumerate(case.expect.approvers or ()):
            if role not in bundle.approvers.roles:
                place = document.place("cases", index, "expect", "approvers", at)
                what = f"case {case.id} expects {role}, a role that approvers.yaml does not name"
                yield Finding(place, what)


def _policy_place(path: Path, policy: Policy, case: PolicyCase) -> Place:
    """The line of a policy's case; the file was read before, so that it can be read again."""
    index = policy.declaration.cases.index(case)
    return load_yaml(path, error=PlaybookError).place("cases", index)
