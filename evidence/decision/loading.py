"""Reads a bundle from its folder and refuses it, with file, line and column, when it cannot be compiled."""

from __future__ import annotations

from pathlib import Path

from evidence.decision.approvers import Approvers
from evidence.decision.bundle import Bundle, Playbook, Role, Use
from evidence.decision.checks import Fault, proof_faults, reference_faults
from evidence.decision.condition_parser import ConditionError
from evidence.decision.constants import constant_faults
from evidence.decision.counterexamples import counterexample
from evidence.decision.policies import load_policies
from evidence.errors import Place, PlaybookError
from evidence.strict_yaml import Document, load_yaml, parse_model

PLAYBOOK_FILE, APPROVERS_FILE, ACTIVE_FILE = "playbook.yaml", "approvers.yaml", "active.yaml"


def load_active(playbooks: Path) -> Bundle:
    """The bundle that `active.yaml` in the folder of playbooks names.

    Raises PlaybookError with file, line and column, and the names of the bundles that are there.
    """
    present = sorted(path.parent.name for path in playbooks.glob(f"*/{PLAYBOOK_FILE}"))
    remedy = f"Write `active: NAME` with one of {', '.join(present) or '(there is none yet)'}"
    try:
        document = load_yaml(playbooks / ACTIVE_FILE, error=PlaybookError)
    except PlaybookError as failure:
        raise PlaybookError(failure.what, place=failure.place, remedy=failure.remedy or remedy) from failure
    return load_bundle(playbooks / _active_name(document, present, remedy))


def _active_name(document: Document, present: list[str], remedy: str) -> str:
    """The name behind `active:`, which is one of the bundles present: so it cannot lead anywhere else."""
    said = document.value if isinstance(document.value, dict) else {}
    for key in said:
        if key != "active":
            raise PlaybookError(f"unknown key '{key}'", place=document.key_places[(key,)], remedy=remedy)
    if not said.get("active"):
        place = document.key_places.get(("active",), document.place())
        raise PlaybookError("names no playbook", place=place, remedy=remedy)
    name = said["active"]
    if name not in present:
        what = f"there is no playbook {name!r} in {document.path.parent}"
        raise PlaybookError(what, place=document.place("active"), remedy=remedy)
    return str(name)


def load_bundle(folder: Path) -> Bundle:
    """The checked bundle in `folder`. Raises PlaybookError naming file, line and column of the first fault.

    A violated compile check comes with a counterexample: two states that show what would go wrong.
    """
    documents = _Documents(folder)
    for fault in constant_faults(documents.playbook.value):
        raise documents.error(fault, fault.witness)
    bundle = documents.bundle()
    documents.check_conditions(bundle)
    for fault in reference_faults(bundle):
        raise documents.error(fault)
    for fault in proof_faults(bundle):
        raise documents.error(fault, counterexample(bundle, fault))
    return bundle


class _Documents:
    """The files of one bundle, for places."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.playbook = load_yaml(folder / PLAYBOOK_FILE, error=PlaybookError)
        self.approvers = load_yaml(folder / APPROVERS_FILE, error=PlaybookError)

    def bundle(self) -> Bundle:
        """The models, before what is between them is checked."""
        playbook = parse_model(Playbook, self.playbook, error=PlaybookError)
        approvers = parse_model(Approvers, self.approvers, error=PlaybookError)
        folder = self.folder / playbook.policies
        if not folder.is_dir():
            raise PlaybookError("there is no such folder of policies", place=self.playbook.place("policies"))
        return Bundle(self.folder.name, playbook, approvers, load_policies(folder))

    def document_of(self, policy: str, bundle_policies: str) -> Document:
        """The playbook, or the declaration of a policy."""
        if not policy:
            return self.playbook
        return load_yaml(self.folder / bundle_policies / f"{policy}.yaml", error=PlaybookError)

    def check_conditions(self, bundle: Bundle) -> None:
        """Refuse the first condition that is not one."""
        for use in bundle.uses:
            document = self.document_of(_policy_of(use), bundle.playbook.policies)
            if use.path in document.block_paths:
                raise PlaybookError(
                    "a condition stands on its key's line, not in a block", place=document.place(*use.path)
                )
            try:
                _ = use.condition
            except ConditionError as failure:
                place = document.place_within(failure.offset, *use.path)
                raise PlaybookError(f"{use.role} {use.owner}: {failure.what}", place=place) from failure

    def error(self, fault: Fault, witness: str = "") -> PlaybookError:
        """The fault with its place."""
        document = self.document_of(fault.policy, str(self.playbook.value.get("policies", "")))
        place = (
            document.place_within(fault.offset, *fault.path) if fault.offset else document.place(*fault.path)
        )
        if fault.is_key and fault.path in document.key_places:
            at = document.key_places[fault.path]
            place = Place(at.path, at.line, at.column, place.field)
        return PlaybookError(fault.what, place=place, remedy=f"Counterexample: {witness}" if witness else "")


def _policy_of(use: Use) -> str:
    return use.owner.partition(".")[0] if use.role is Role.POLICY_INPUT else ""
