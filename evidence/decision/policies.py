"""Owns Rego policies: pure functions of declared inputs, asked about a proposed change.

A policy is `<name>.rego` with `<name>.yaml` beside it, which declares the inputs it reads and its own
test cases. It sees an admission-style `input.request` and adds sentences to `deny`. Rego fails open on
what is absent, so that an unknown input is tried in every way it could be, and absent, and the strictest
verdict counts. A runtime error is a denial.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Self, TypeAlias, TypeGuard

from pydantic import Field, model_validator

from evidence.bounded_reading import read_bounded
from evidence.decision.conditions import COLUMNS
from evidence.decision.matrix import Action, ConditionText, Frozen, Sentence, Slug, Word
from evidence.decision.rego.interpreter import CompiledModules, EvaluationError, prepared
from evidence.decision.rego.source import source_faults
from evidence.errors import EvidenceError, Place, PlaybookError
from evidence.strict_yaml import Document, survey_model, survey_yaml
from expectations.contracts import ColumnType

COMPLETIONS_MAX = 4096
ENTRYPOINT = "incidentresponse/deny"
_FAILED = "policy {} failed, which counts as a denial"
_UNANSWERED = "policy {} did not answer with sentences, which counts as a denial"
OTHER = "other"  # stands for every value of an open column that the policy does not name

Value: TypeAlias = bool | str
Inputs: TypeAlias = Mapping[str, Value | None]


class Verdict(StrEnum):
    """What a policy says about one proposal, from least to most strict."""

    ALLOW = "allow"
    NEEDS_APPROVAL = "needs_approval"
    DENIED = "denied"


class PolicyInput(Frozen):
    """One input of a policy: a column with few values, named values of an open column, or a condition."""

    column: Word | None = None
    values: tuple[Annotated[str, Field(strict=True, min_length=1)], ...] = ()
    that: ConditionText | None = None

    @model_validator(mode="after")
    def _is_low_cardinality(self) -> Self:
        if (self.column is None) == (self.that is None):
            raise ValueError("an input is either a column or a condition (that)")
        if self.column is None:
            if self.values:
                raise ValueError("a condition has no values")
            return self
        column = COLUMNS.get(self.column)
        if column is None:
            raise ValueError(f"there is no column {self.column}")
        if column.type is ColumnType.TEXT and bool(column.allowed) == bool(self.values):
            raise ValueError("name the values of an open text column that matter, and only of an open one")
        if column.type not in (ColumnType.TEXT, ColumnType.BOOLEAN) or OTHER in self.values:
            raise ValueError(f"{self.column} has too many values: declare a condition (that) on it")
        return self

    @property
    def domain(self) -> tuple[Value, ...]:
        """Every value that the input can have when it is known."""
        if self.column is None or COLUMNS[self.column].type is ColumnType.BOOLEAN:
            return (False, True)
        return COLUMNS[self.column].allowed or (*self.values, OTHER)


class PolicyCase(Frozen):
    """A test case that the policy carries: a request, and the verdict without and with approval."""

    id: Slug
    action: Word
    given: dict[Word, Annotated[bool, Field(strict=True)] | Annotated[str, Field(strict=True)]] = Field(
        default_factory=dict
    )
    verdict: Verdict


class PolicyDeclaration(Frozen):
    """The YAML beside a module."""

    because: Sentence
    inputs: dict[Word, PolicyInput] = Field(default_factory=dict)
    cases: Annotated[tuple[PolicyCase, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Policy:
    """One module with what it declares. Equal by content; the compiled form is built on first use."""

    name: str
    source: str
    declaration: PolicyDeclaration

    def __reduce__(self) -> tuple[type[Policy], tuple[str, str, PolicyDeclaration]]:
        # The compiled form is addresses in this process: pickled along, it would crash another one.
        return Policy, (self.name, self.source, self.declaration)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the module's source and its declared inputs; its cases decide nothing."""
        declared = self.declaration.model_dump(mode="json", exclude={"cases"})
        text = json.dumps([self.name, self.source, declared], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def _compiled(self) -> CompiledModules:
        return CompiledModules({f"{self.name}.rego": self.source}, (ENTRYPOINT,))

    def ask(self, request: Mapping[str, object]) -> tuple[str, ...]:
        """Sentences with which the module denies the request, sorted; empty when it allows it.

        Raises EvaluationError where the module does not compile.
        """
        compiled = self._compiled
        try:
            said = compiled.ask(ENTRYPOINT, {"request": request})
        except EvaluationError:
            return (_FAILED.format(self.name),)
        if not _is_sentences(said):
            return (_UNANSWERED.format(self.name),)
        return tuple(sorted(said))

    def has_failed(self, said: Iterable[str]) -> bool:
        """Whether what it said is no denial of its own: it failed, or answered with what are no sentences."""
        return not {_FAILED.format(self.name), _UNANSWERED.format(self.name)}.isdisjoint(said)


@dataclass(frozen=True, slots=True)
class Answer:
    """A policy's strictest verdict over everything that is unknown, and what it said."""

    verdict: Verdict
    messages: tuple[str, ...]
    unknown_inputs: tuple[str, ...]


class Court:
    """Asks policies, each distinct question once.

    An answer is a pure function of its question and of the policy's content, so that courts share what
    they have learned for the life of the process.
    """

    def answer(
        self, policy: Policy, name: str, action: Action, roles: tuple[str, ...], inputs: Inputs
    ) -> Answer:
        """The answer about `action` when `roles` would approve it; an input that is None is unknown."""
        answers = _answers_of(policy.digest)
        key = (name, action.request, action.scope, action.undo, action.option, roles,
               tuple(sorted(inputs.items())))  # fmt: skip
        if key not in answers:
            answers[key] = _strictest(policy, name, action, roles, inputs)
        return answers[key]


@lru_cache(maxsize=1024)
def _answers_of(digest: str) -> dict[tuple[object, ...], Answer]:
    """What the policy with this digest has answered so far."""
    return {}


@lru_cache(maxsize=1024)
def _sayings_of(digest: str) -> dict[tuple[object, ...], tuple[str, ...]]:
    """What the policy with this digest has said about each request so far."""
    return {}


def _strictest(policy: Policy, name: str, action: Action, roles: tuple[str, ...], inputs: Inputs) -> Answer:
    denied_without: set[str] = set()
    denied_with: set[str] = set()
    for completion in _completions(policy, inputs):
        denied_without |= set(_said(policy, name, action, (), completion))
        denied_with |= set(_said(policy, name, action, roles, completion))
    unknown = tuple(sorted(each for each, value in inputs.items() if value is None))
    if denied_with:
        return Answer(Verdict.DENIED, tuple(sorted(denied_with)), unknown)
    if denied_without:
        return Answer(Verdict.NEEDS_APPROVAL, tuple(sorted(denied_without)), unknown)
    return Answer(Verdict.ALLOW, (), unknown)


def _said(
    policy: Policy, name: str, action: Action, roles: tuple[str, ...], inputs: Mapping[str, Value]
) -> tuple[str, ...]:
    """As `Policy.ask`, each request once: the completions of an unknown are known in other states."""
    sayings = _sayings_of(policy.digest)
    key = (name, action.request, action.scope, action.undo, action.option, roles, *inputs.items())
    if key not in sayings:
        sayings[key] = policy.ask(request_of(name, action, roles, inputs))
    return sayings[key]


def _completions(policy: Policy, inputs: Inputs) -> Iterator[dict[str, Value]]:
    """Every way in which the unknown inputs could be known, each also absent."""
    names = sorted(policy.declaration.inputs)
    choices: list[tuple[Value | None, ...]] = []
    for name in names:
        value = inputs[name]
        choices.append((*policy.declaration.inputs[name].domain, None) if value is None else (value,))
    for values in itertools.product(*choices):
        yield {name: value for name, value in zip(names, values, strict=True) if value is not None}


def request_of(
    name: str, action: Action, roles: tuple[str, ...], inputs: Mapping[str, Value]
) -> dict[str, object]:
    """The admission-style request for `action`; `roles` is the approval artifact, empty for none."""
    if action.request is None:
        raise ValueError(f"{name} changes nothing, so that no policy is asked")
    labels = {"approved-by": ".".join(roles)} if roles else {}
    return {
        "kind": {"kind": action.request.kind},
        "operation": action.request.operation,
        "action": name,
        "option": action.option.value,
        "scope": action.scope.value,
        "undo": action.undo.value,
        "object": {"metadata": {"labels": labels}},
        "approvals": list(roles),
        **inputs,
    }


_ABOUT_NOTHING = {"kind": {"kind": "Nothing"}, "operation": "UPDATE", "approvals": []}
REQUEST_FIELDS = ("kind", "operation", "action", "option", "scope", "undo", "object", "approvals")


def survey_policies(folder: Path) -> tuple[tuple[Policy, ...], list[EvidenceError]]:
    """The policies of the folder whose declarations can be read, by name, and all that is wrong."""
    if not folder.is_dir():
        return (), [PlaybookError("there is no such folder of policies", place=Place(folder))]
    policies: list[Policy] = []
    faults: list[EvidenceError] = []
    modules = sorted(folder.glob("*.rego"))
    for path in modules:
        policy, found = _survey(path)
        policies += [policy] if policy else []
        faults += found
    for orphan in sorted({path.stem for path in folder.glob("*.yaml")} - {path.stem for path in modules}):
        place = Place(folder / f"{orphan}.yaml")
        faults.append(PlaybookError("declares a policy that is not there", place=place))
    return tuple(policies), faults


def _survey(path: Path) -> tuple[Policy | None, list[EvidenceError]]:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", path.stem):
        what = "a policy's file name is lower-case letters, digits and _"
        return None, [PlaybookError(what, place=Place(path))]
    document, faults = survey_yaml(path.with_suffix(".yaml"), error=PlaybookError)
    if document is None or faults:
        return None, faults
    declaration, faults = survey_model(PolicyDeclaration, document, error=PlaybookError)
    if declaration is None:
        return None, faults
    faults = [*_declaration_faults(declaration, document)]
    try:
        source = _read_source(path)
    except PlaybookError as failure:
        return None, [*faults, failure]
    faults += source_faults(source, path, frozenset(REQUEST_FIELDS) | frozenset(declaration.inputs))
    policy = Policy(path.stem, source, declaration)
    # What is refused by its words is not given to the interpreter.
    return policy, faults or [*_compile_faults(policy, path)]


def _read_source(path: Path) -> str:
    try:
        return read_bounded(path, PlaybookError).decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as failure:
        raise PlaybookError(f"is not UTF-8 (byte {failure.start})", place=Place(path)) from failure


def _declaration_faults(declaration: PolicyDeclaration, document: Document) -> Iterator[EvidenceError]:
    for name in sorted(set(declaration.inputs) & set(REQUEST_FIELDS)):
        place = document.key_places[("inputs", name)]
        yield PlaybookError(f"{name} is a field of every request", place=place)
    size = 1
    for each in declaration.inputs.values():
        size *= len(each.domain) + 1
    if size > COMPLETIONS_MAX:
        what = f"its inputs have {size} combinations, more than {COMPLETIONS_MAX}"
        yield PlaybookError(what, place=document.place("inputs"))


def _is_sentences(said: object) -> TypeGuard[list[str]]:
    return isinstance(said, list) and all(isinstance(each, str) for each in said)


def _compile_faults(policy: Policy, path: Path) -> Iterator[PlaybookError]:
    try:
        compiled = policy._compiled
    except EvaluationError as failure:
        yield rego_fault(str(failure), policy.source, path)
        return
    try:
        said = compiled.ask(ENTRYPOINT, {"request": _ABOUT_NOTHING})
    except EvaluationError as failure:
        yield PlaybookError(
            f"fails when asked about a request: {failure}",
            place=Place(path),
            remedy="Look at what it computes, and say first what has to be there",
        )
        return
    if not _is_sentences(said):
        yield PlaybookError(
            "deny is not a set of sentences",
            place=Place(path),
            remedy="Write `deny contains message if { … }`",
        )


def rego_fault(said: str, source: str, path: Path) -> PlaybookError:
    """The interpreter's first error with its place; it counts in bytes of what it was given to read."""
    found = re.search(r"\|(\d+)\|\d+\s*\(errormsg \d+:([^)]*)\)", said)
    if found is None:
        return PlaybookError("is not Rego that can be compiled", place=Place(path))
    read = prepared(source)
    before = read.encode()[: int(found.group(1))].decode(errors="ignore")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    is_as_written = read.splitlines()[line - 1 : line] == source.splitlines()[line - 1 : line]
    place = Place(path, line, column if is_as_written else 1)
    return PlaybookError(f"is not Rego: {found.group(2).strip()}", place=place)
