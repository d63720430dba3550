"""Owns the check of a playbook as a whole: faults, proofs, cases, health on history, mutation score."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from evidence.decision import Bundle
from evidence.decision.cases import (
    CaseState,
    Failure,
    failures,
    policy_cases,
    policy_failures,
    survey_cases,
)
from evidence.decision.inspection import PLAYBOOK_FILE, Finding, inspect_bundle
from evidence.decision.named_paths import named_path
from evidence.decision.signal_names import signal_name_faults
from evidence.errors import Place
from evidence.strict_yaml import Document, load_yaml
from simulator.checking.health import Health, examine
from simulator.checking.mutant_model import Site
from simulator.checking.mutations import Mutations, mutate
from simulator.checking.proofs import Proved, prove
from simulator.checking.trials import Progress, Trials


@dataclass(frozen=True)
class Checkup:
    """What a check found. Without a bundle (`bundle` None) there are findings and nothing else.

    `health` is None where no history was looked at, `mutations` where they were not asked for.
    """

    folder: Path
    bundle: Bundle | None
    findings: tuple[Finding, ...]
    cases: tuple[CaseState, ...] = ()
    policy_case_count: int = 0
    failures: tuple[Failure, ...] = ()
    policy_failures: tuple[Failure, ...] = ()
    proved: Proved | None = None
    health: Health | None = None
    mutations: Mutations | None = None
    _documents: dict[str, Document] = field(default_factory=dict, compare=False, repr=False)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that keep the bundle, or one of its files of cases, from being used."""
        return tuple(each for each in self.findings if not each.is_warning)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that are doubtful only."""
        return tuple(each for each in self.findings if each.is_warning)

    @property
    def has_slips(self) -> bool:
        """Some error is a slip in what was written, rather than a proof that would break."""
        return any(not each.is_broken_proof for each in self.errors)

    @property
    def is_sound(self) -> bool:
        """No error, every case as expected, every proof holding."""
        broken = self.proved.broken if self.proved else ()
        return not (self.errors or self.failures or self.policy_failures or broken)

    def place_of(self, site: Site) -> Place:
        """File and line of a clause; of a policy as a whole its module."""
        if self.bundle is None or (site.policy and not site.path):
            return Place(self._policies / f"{site.policy}.rego", 1)
        path = self._policies / f"{site.policy}.yaml" if site.policy else self.folder / PLAYBOOK_FILE
        return self._document(path).place(*site.path)

    def rule_place(self, rule: str) -> Place:
        """File and line of a rule."""
        ids = [each.id for each in self.bundle.rules] if self.bundle else []
        return self._document(self.folder / PLAYBOOK_FILE).place("rules", ids.index(rule))

    def action_place(self, action: str) -> Place:
        """File and line of a row of the matrix."""
        document = self._document(self.folder / PLAYBOOK_FILE)
        return document.key_places["actions", action]

    @property
    def _policies(self) -> Path:
        return named_path(self.folder, self.bundle.playbook.policies) if self.bundle else self.folder

    def _document(self, path: Path) -> Document:
        return self._documents.setdefault(str(path), load_yaml(path))


OpenHistory = Callable[[Bundle], duckdb.DuckDBPyConnection | None]


def check_playbook(
    folder: Path, open_history: OpenHistory, *, is_mutated: bool = False, progress: Progress | None = None
) -> Checkup:
    """Check the bundle in `folder`.

    `open_history` is asked only when the bundle can be loaded, and gives a connection that reads the
    states and incidents, or None for none. Raises what it raises.
    """
    inspection = inspect_bundle(folder)
    cases, found = survey_cases(folder, inspection.bundle)
    findings = (*inspection.findings, *found)
    bundle = inspection.bundle
    if bundle is None:
        return Checkup(folder, None, findings)
    history = open_history(bundle)
    try:
        trials = Trials.of(bundle, history, cases)
        return Checkup(
            folder,
            bundle,
            (*findings, *_rule_findings(bundle), *_signal_findings(folder, bundle, trials)),
            cases=tuple(cases),
            policy_case_count=len(list(policy_cases(bundle))),
            failures=tuple(failures(bundle, cases)),
            policy_failures=tuple(policy_failures(bundle, folder)),
            proved=prove(trials),
            health=examine(trials) if history is not None else None,
            mutations=mutate(trials, progress) if is_mutated else None,
        )
    finally:
        if history is not None:
            history.close()


def _rule_findings(bundle: Bundle) -> Iterator[Finding]:
    """What is odd about the Sigma rules that the playbook names."""
    for warning in bundle.detections.rules.warnings if bundle.detections else ():
        yield Finding(warning.place, warning.what, warning.remedy, is_warning=True)


def _signal_findings(folder: Path, bundle: Bundle, trials: Trials) -> Iterator[Finding]:
    """Names of signals that neither history nor a case carries and that are nearly one that is known."""
    documents: dict[str, Document] = {}
    for fault in signal_name_faults(bundle, trials.signal_names()):
        policies = named_path(folder, bundle.playbook.policies)
        path = policies / f"{fault.policy}.yaml" if fault.policy else folder / PLAYBOOK_FILE
        document = documents.setdefault(str(path), load_yaml(path))
        yield Finding(document.place_within(fault.offset, *fault.path), fault.what, is_warning=True)
