"""Owns the inspection of a bundle's folder: all that is wrong or doubtful in it, each with its place.

It goes in stages, and a stage looks at what the stages before it could read: YAML, models, conditions,
names, proofs. What stands where an earlier stage found a fault is a consequence and not told again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from evidence.decision.approvers import Approvers
from evidence.decision.bundle import Bundle, Playbook, SignalRules, Use
from evidence.decision.checks import (
    PROOF_CHECKS,
    Fault,
    approver_faults,
    floor_faults,
    graded_faults,
    policy_case_faults,
    repeated_faults,
    resort_faults,
    rule_faults,
)
from evidence.decision.condition_checks import condition_faults
from evidence.decision.condition_parser import ConditionError
from evidence.decision.constants import constant_faults
from evidence.decision.counterexamples import counterexamples
from evidence.decision.drafts import draft
from evidence.decision.named_paths import named_path
from evidence.decision.policies import Policy, survey_policies
from evidence.detections.levels import Level
from evidence.detections.rule_folders import load_rule_folder
from evidence.detections.signalling import Detections
from evidence.errors import EvidenceError, Place, PlaybookError, RefusedDetections
from evidence.strict_yaml import Document, Model, survey_model, survey_yaml

PLAYBOOK_FILE, APPROVERS_FILE = "playbook.yaml", "approvers.yaml"
_NO_POLICIES = "Name the folder of the .rego files, or leave it so where there are none"
_NO_RULES = "Name a lower level, or leave `detections` out"
_BECAUSE = "Say why in one sentence: it stands in the handoff of every incident that it decides about"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or doubtful; `check` is the compile check whose proof would break, or 0."""

    place: Place
    what: str
    remedy: str = ""
    check: int = 0
    is_warning: bool = False

    def error(self) -> PlaybookError:
        """The finding to raise."""
        return PlaybookError(self.what, place=self.place, remedy=self.remedy)

    def lines(self) -> list[str]:
        """`file:line:column: field: message` and, indented, what to do or the counterexample."""
        kind = "warning: " if self.is_warning else ""
        return [f"{self.place}: {kind}{self.what}", *([f"  {self.remedy}"] if self.remedy else [])]

    @property
    def is_broken_proof(self) -> bool:
        """Nothing is written wrongly: what is written would decide against a proof."""
        return self.check in PROOF_CHECKS

    @property
    def at(self) -> tuple[str, int, int]:
        """File, line and column."""
        return str(self.place.path), self.place.line, self.place.column


@dataclass(frozen=True)
class Inspection:
    """What an inspection found, by file and place. `bundle` is None when there are errors.

    `states_tried` are the states that were decided in search of counterexamples.
    """

    bundle: Bundle | None
    findings: tuple[Finding, ...]
    states_tried: int = 0

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps the bundle from being used."""
        return tuple(each for each in self.findings if not each.is_warning)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is doubtful and can be decided by."""
        return tuple(each for each in self.findings if each.is_warning)


def inspect_bundle(folder: Path, policies: Path | None = None) -> Inspection:
    """Everything wrong or doubtful in the bundle of `folder`; a broken proof with its counterexample.

    `policies` is a folder of policies to take in place of the one that the playbook names.
    """
    inspector = _Inspector(folder, policies)
    inspector.look()
    findings = inspector.in_order()
    has_errors = any(not each.is_warning for each in findings)
    return Inspection(None if has_errors else inspector.bundle, findings, inspector.states_tried)


class _Inspector:
    """One inspection: the files of the bundle and what was found so far."""

    def __init__(self, folder: Path, policies: Path | None = None) -> None:
        self.folder = folder
        self.policies = policies
        self.findings: list[Finding] = []
        self.bundle: Bundle | None = None
        self.states_tried = 0
        self.playbook = self._survey(folder / PLAYBOOK_FILE)
        self.approvers = self._survey(folder / APPROVERS_FILE)

    def look(self) -> None:
        """Go through the stages."""
        if self.playbook is None:
            return
        self._add(self._located(fault, fault.witness) for fault in constant_faults(self.playbook.value))
        playbook = survey_model(Playbook, self.playbook, error=PlaybookError)
        approvers = (
            survey_model(Approvers, self.approvers, error=PlaybookError) if self.approvers else (None, [])
        )
        self._add(map(_finding, (*playbook[1], *approvers[1])))
        policies = self._policies()
        self.bundle = Bundle(
            self.folder.name or self.folder.resolve().name,  # where it is called `.`, that of its folder
            playbook[0] or draft(Playbook, self.playbook.value),
            approvers[0] or draft(Approvers, self.approvers.value if self.approvers else None),
            policies,
            self._detections(),
        )
        self._look_between(self.bundle, list(self._readable(self.bundle)))

    def _look_between(self, bundle: Bundle, uses: list[Use]) -> None:
        """What the parts of the bundle say about each other; a section with a fault accuses no other."""
        faulty = self._faulty_sections()
        faults = [*repeated_faults(bundle), *policy_case_faults(bundle)]
        if bundle.actions:
            faults += rule_faults(bundle.playbook)
        if self.approvers and "roles" not in faulty:
            faults += approver_faults(bundle)
        if not faulty & {"actions", "last_resorts"}:
            faults += resort_faults(bundle.playbook)
        thresholds = None if "grading" in faulty else bundle.grading.thresholds
        faults += condition_faults(bundle, uses, thresholds)
        self._add(self._located(fault, fault.witness) for fault in faults)
        faults = list(graded_faults(bundle, uses))
        if "actions" not in faulty:
            faults += floor_faults(bundle)
        if all(each.is_warning for each in self.findings):
            shown = counterexamples(bundle, faults)
            self.states_tried = sum(each.tried for each in shown)
            faults = [replace(fault, remedy=each.words) for fault, each in zip(faults, shown, strict=True)]
        self._add(map(self._located, faults))

    # --- stages

    def _survey(self, path: Path) -> Document | None:
        document, faults = survey_yaml(path, error=PlaybookError)
        self._add(map(_finding, faults))
        return document

    def _model(self, model: type[Model], document: Document | None) -> Model:
        """The model, or a draft of it where something is wrong."""
        if document is None:
            return draft(model, None)
        value, faults = survey_model(model, document, error=PlaybookError)
        self._add(map(_finding, faults))
        return value or draft(model, document.value)

    def _policies(self) -> tuple[Policy, ...]:
        folder = self._policy_folder
        if self.playbook is None or folder is None:
            return ()
        if not folder.is_dir():
            self._add([Finding(self.playbook.place("policies"), "there is no such folder of policies")])
            return ()
        policies, faults = survey_policies(folder)
        self._add(map(_finding, faults))
        if not policies and not faults:
            what = "there is no policy in this folder: nothing that is proposed is ever denied"
            self._add([Finding(self.playbook.place("policies"), what, _NO_POLICIES, is_warning=True)])
        return policies

    def _detections(self) -> Detections | None:
        """The rules whose hits are signals; None where the playbook names none or something is wrong."""
        value = self.playbook.value if self.playbook else None
        try:
            said = SignalRules.model_validate(value.get("detections") if isinstance(value, dict) else None)
        except ValidationError:
            return None  # told with the rest of the playbook
        assert self.playbook is not None
        path = named_path(self.folder, said.rules)
        if not path.exists():
            what = "there is no such file or folder of Sigma rules"
            self._add([Finding(self.playbook.place("detections", "rules"), what)])
            return None
        try:
            found = Detections(load_rule_folder(path), Level(said.from_level))
        except RefusedDetections as refused:
            self._add(map(_finding, refused.faults))
            return None
        self._add(map(_finding, found.refusals()))
        if not found.signalling.reporting():
            what = f"no rule of level {found.from_level} or graver reports: no hit is ever a signal"
            at = self.playbook.place("detections", "from_level")
            self._add([Finding(at, what, _NO_RULES, is_warning=True)])
        return found

    def _readable(self, bundle: Bundle) -> Iterator[Use]:
        """The conditions that can be read; a finding for each other."""
        for use in bundle.uses:
            document = self._document(use.policy)
            if use.path in document.block_paths:
                place = document.place(*use.path)
                self._add([Finding(place, "a condition stands on its key's line, not in a block")])
                continue
            try:
                _ = use.condition
            except ConditionError as failure:
                place = document.place_within(failure.offset, *use.path)
                self._add([Finding(place, f"{use.role} {use.owner}: {failure.what}")])
            else:
                yield use

    # --- files and places

    @cached_property
    def _policy_folder(self) -> Path | None:
        if self.policies is not None:
            return self.policies
        value = self.playbook.value if self.playbook else None
        name = value.get("policies") if isinstance(value, dict) else None
        return named_path(self.folder, name) if isinstance(name, str) and name else None

    @cached_property
    def _declarations(self) -> dict[str, Document]:
        paths = self._policy_folder.glob("*.yaml") if self._policy_folder else ()
        surveys = {path.stem: survey_yaml(path, error=PlaybookError)[0] for path in paths}
        return {name: document for name, document in surveys.items() if document is not None}

    def _document(self, policy: str) -> Document:
        """The playbook, or the declaration of a policy."""
        return self._declarations[policy] if policy or self.playbook is None else self.playbook

    def _located(self, fault: Fault, witness: str = "") -> Finding:
        document = self._document(fault.policy)
        place = (
            document.place_within(fault.offset, *fault.path) if fault.offset else document.place(*fault.path)
        )
        if fault.is_key and fault.path in document.key_places:
            at = document.key_places[fault.path]
            place = Place(at.path, at.line, at.column, place.field)
        remedy = f"Counterexample: {witness}" if witness else fault.remedy
        return Finding(place, fault.what, remedy, fault.check, fault.is_warning)

    # --- findings

    def _add(self, found: Iterable[Finding]) -> None:
        """Add what does not stand where an earlier stage found something."""
        before = {each.at for each in self.findings}
        self.findings += [each for each in found if each.at not in before or not each.place.line]

    def _faulty_sections(self) -> set[str]:
        """Top-level keys of the bundle's own documents within which something was found."""
        documents = {each.path: each for each in (self.playbook, self.approvers) if each}
        return {
            _section_at(documents[each.place.path], each.place.line)
            for each in self.findings
            if each.place.path in documents
        }

    def in_order(self) -> tuple[Finding, ...]:
        """All findings by file (playbook, approvers, policies), then by place."""
        files = [self.folder / PLAYBOOK_FILE, self.folder / APPROVERS_FILE]
        ranks = {path: files.index(path) if path in files else len(files) for path in self._paths()}
        return tuple(sorted(self.findings, key=lambda each: (ranks[each.place.path], each.at)))

    def _paths(self) -> set[Path]:
        return {each.place.path for each in self.findings}


def _section_at(document: Document, line: int) -> str:
    """The top-level key that the line stands under; empty above the first."""
    keys = [(at.line, str(path[0])) for path, at in document.key_places.items() if len(path) == 1]
    return max(((start, key) for start, key in keys if start <= line), default=(0, ""))[1]


def _finding(error: EvidenceError) -> Finding:
    place = error.place or Place(Path())
    is_reason = error.what == "because is missing"
    return Finding(place, error.what, _BECAUSE if is_reason else error.remedy)
