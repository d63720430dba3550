"""Refuses packages that would be unsafe to hand over: the six anti-patterns, each found and named.

Source: "dangerous handoff patterns" of response handoff practice — wrong owner, unauthorised action, weak
evidence, unclear escalation, missed approval, confusion of recommendation and execution.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from evidence.decision.bundle import Bundle
from evidence.errors import HandoffRefused
from evidence.handoff.facts import NOTHING_ARRIVED
from evidence.handoff.model import Candidate, Fact, Package
from evidence.handoff.wording import implied_executions, mixed_figures
from expectations.tables.decision import MODES

# What is not a sentence of ours: the proposal's code, claims' digests and pointers, inputs' digests.
_NOT_SENTENCES = frozenset({"text", "anchor", "inputs", "governance", "links", "claims_sha256"})


def refuse_unsafe(package: Package, bundle: Bundle) -> None:
    """Raises HandoffRefused with every anti-pattern that the package shows."""
    found = list(anti_patterns(package, bundle))
    if found:
        raise HandoffRefused(
            f"{package.incident_id}: {'; '.join(found)}", remedy="Nothing is handed over until this is right"
        )


def anti_patterns(package: Package, bundle: Bundle) -> Iterator[str]:
    """The anti-patterns of the package, each as one sentence that begins with its name."""
    yield from _incomplete_evidence(package)
    yield from _unclear_owner_or_approval_path(package)
    yield from _mixed_figures(package)
    yield from _under_its_floor(package, bundle)
    yield from _implied_execution(package)
    yield from _missing_approval_requirement(package, bundle)


def _incomplete_evidence(package: Package) -> Iterator[str]:
    name = "incomplete evidence package"
    unproved = {fact.name for fact in _facts(package) if not fact.claims}
    if unproved - {NOTHING_ARRIVED}:
        yield f"{name}: no claim carries the known facts {sorted(unproved - {NOTHING_ARRIVED})}"
    # What had no evidence by its horizon has none to show, and says so in place of it.
    if NOTHING_ARRIVED not in unproved and (not package.timeline or not package.claims):
        yield f"{name}: no evidence is in it"
    referenced = set(_claim_numbers(package.model_dump(exclude={"claims"})))
    unknown = sorted(referenced - {claim.claim for claim in package.claims})
    if unknown:
        yield f"{name}: sentences refer to claims {unknown} that have no anchor"
    chosen = _chosen(package)
    if chosen.is_active and any(gate.name == "context" and not gate.is_passed for gate in chosen.gates):
        yield f"{name}: {chosen.action} is recommended without the minimum context"


def _facts(package: Package) -> tuple[Fact, ...]:
    return (*package.affected_scope, *package.affected_services, *package.known_facts)


def _unclear_owner_or_approval_path(package: Package) -> Iterator[str]:
    name = "owner or approval path unclear"
    if not package.owner.addressee.strip():
        yield f"{name}: nobody is addressed"
    for approver in package.approval.approvers:
        if not approver.contact.strip():
            yield f"{name}: nobody holds the role {approver.role}"


def _mixed_figures(package: Package) -> Iterator[str]:
    name = "impact and confidence mixed into one figure"
    for sentence in mixed_figures(sentences(package)):
        yield f"{name}: {sentence!r}"
    for figure, expected in (
        (package.severity, "severity"),
        (package.confidence, "confidence"),
        (package.impact, "impact"),
    ):
        if figure.name != expected:
            yield f"{name}: {figure.name} stands in the place of {expected}"


def _under_its_floor(package: Package, bundle: Bundle) -> Iterator[str]:
    chosen = _chosen(package)
    if not chosen.is_active:
        return
    action, confidence = bundle.actions.get(chosen.action), package.confidence.value or 0
    has_failed_gate = any(gate.name == "confidence" and not gate.is_passed for gate in chosen.gates)
    if has_failed_gate or action is None or action.floor is None or confidence < action.floor:
        floor = "unknown" if action is None or action.floor is None else action.floor
        name = "production-impacting action under its floor"
        yield f"{name}: {chosen.action} at confidence {confidence}, floor {floor}"


def _implied_execution(package: Package) -> Iterator[str]:
    for sentence in implied_executions(sentences(package)):
        yield f"wording that implies execution: {sentence!r}"


def _missing_approval_requirement(package: Package, bundle: Bundle) -> Iterator[str]:
    name = "approval requirement missing"
    chosen, mode = _chosen(package), package.approval.mode
    if mode == "approval_required" and not package.approval.approvers:
        yield f"{name}: {mode}, but no role is named"
    action = bundle.actions.get(chosen.action)
    demanded = max([chosen.mode, *([action.mode] if action else [])], key=MODES.index)
    if MODES.index(mode) < MODES.index(demanded):
        yield f"{name}: {chosen.action} is handed over as {mode} but demands {demanded}"
    if action is None and chosen.is_active:
        yield f"{name}: {chosen.action} is not in the playbook's matrix"


def sentences(package: Package) -> list[str]:
    """Every sentence of the package, drafts of messages too; code, digests and pointers are left out."""
    is_message = package.proposal.media_type == "text/plain"
    return [*_texts(package), *(package.proposal.text.splitlines() if is_message else ())]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            if name not in _NOT_SENTENCES:
                yield from _texts(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _claim_numbers(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "claim" and isinstance(item, int):
                yield item
            elif key == "claims":
                yield from item
            else:
                yield from _claim_numbers(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _claim_numbers(item)


def _chosen(package: Package) -> Candidate:
    for row in package.options:
        for candidate in (row.best, *row.others):
            if candidate.is_chosen:
                return candidate
    raise HandoffRefused(f"{package.incident_id}: no option is the chosen one")
