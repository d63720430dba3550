"""Puts one incident's package together and refuses it when it would be unsafe to hand over."""

from __future__ import annotations

from evidence.anchors import canonical_json, sha256_of
from evidence.decision.bundle import Bundle
from evidence.handoff import approval, comparison, facts, figures
from evidence.handoff.briefing import briefing, contenders, open_points
from evidence.handoff.case import Case
from evidence.handoff.claims import ClaimBook
from evidence.handoff.contingencies import contingencies
from evidence.handoff.model import Claim, Inputs, Link, Package
from evidence.handoff.proposals import Brief, propose
from evidence.handoff.recommendation import recommendation
from evidence.handoff.record import incident_record
from evidence.handoff.refusals import refuse_unsafe
from evidence.handoff.subjects import subject_of, window
from evidence.handoff.timeline import timeline
from evidence.handoff.unknowns import unknowns
from evidence.handoff.words import NS_PER_MS
from evidence.links import audit_place, link
from evidence.redaction import shown
from evidence.settings import Settings
from evidence.times import format_rfc3339

_LINKS = (
    ("Incident", "incident"),
    ("Logs", "logs"),
    ("Traces", "traces"),
    ("Changes", "changes"),
    ("Audit trail", "audit"),
)
# Where bytes lie is no content: the same bytes under other names give the same content digest.
LOCATION_FIELDS = frozenset({"path", "file_sha256", "ordinal", "byte_offset"})


def package_of(case: Case, bundle: Bundle, settings: Settings) -> Package:
    """The package of one incident. Raises HandoffRefused when it shows an anti-pattern."""
    book = ClaimBook(case)
    # Claims are numbered in the order in which a reader meets them: place, facts, time, then the rest.
    scope = facts.scope_facts(book)
    known = facts.known_facts(book)
    services = facts.affected_services(book)
    entries, more_count = timeline(book)
    missing = unknowns(book, bundle)
    owner = approval.owner(book, bundle)
    given = approval.approval(case, bundle)
    requested = approval.requested_action(case, bundle, given)
    recommended = recommendation(book, bundle)
    measured = (figures.severity(book), figures.confidence(book), figures.impact(book))
    compared = comparison.options(case, bundle)
    brief = Brief(
        summary=briefing(recommended, measured, scope, known),
        open_points=open_points(missing),
        decisive_points=open_points(tuple(unknown for unknown in missing if unknown.is_decisive)),
        contenders=contenders(compared),
        requested=requested,
    )
    commander = approval.commander(case, bundle)
    proposal = propose(subject_of(case, owner, given, commander, brief))
    record = incident_record(book, entries)
    package = Package(
        incident_id=case.incident_id,
        title=shown(case.incident["title"]),
        as_of=format_rfc3339(case.decided_at),
        recommendation=recommended,
        requested_action=requested,
        approval=given,
        owner=owner,
        next_review_step=approval.next_review_step(case, owner.addressee, given),
        severity=measured[0],
        confidence=measured[1],
        impact=measured[2],
        affected_scope=scope,
        affected_services=services,
        known_facts=known,
        unknowns=missing,
        timeline=entries,
        timeline_more_count=more_count,
        options=compared,
        guardrails=comparison.guardrails(book, bundle),
        policy_verdicts=comparison.policy_verdicts(case, bundle),
        proposal=proposal,
        contingencies=contingencies(case, bundle, given, proposal),
        links=links(case, settings),
        incident_record=record,
        inputs=_inputs(case, bundle),
        claims=tuple(book.claims),
        claims_sha256=claims_sha256(tuple(book.claims)),
    )
    refuse_unsafe(package, bundle)
    return package


def links(case: Case, settings: Settings) -> tuple[Link, ...]:
    """Links into the sources' own screens, from the settings' templates, values percent-encoded."""
    state, entry = case.state, case.catalogue.entry(case.state["service"])
    start, end = window(case)
    values: dict[str, str | int | None] = {
        "incident_id": case.incident_id,
        "service": entry["name"] if entry else state["service"],
        "namespace": state["namespace"],
        "cluster": state["cluster"],
        "application": entry["argocd_app"] if entry else None,
        "credential": state["credential_uid"],
        "user": state["principal"] if state["actor_kind"] == "human" else None,
        **audit_place(case.known_events, state["credential_uid"], state["principal"]),
        "from_ms": start // NS_PER_MS,
        "to_ms": end // NS_PER_MS,
    }
    found = ((label, link(getattr(settings.links, name), values)) for label, name in _LINKS)
    return tuple(Link(label=label, url=url) for label, url in found if url is not None)


def claims_sha256(claims: tuple[Claim, ...]) -> str:
    """Digest of the claims' canonical JSON, by which `evidence verify` sees that none was altered."""
    return sha256_of(canonical_json([claim.model_dump(mode="json") for claim in claims]))


def content_sha256(package: Package) -> str:
    """Digest of the package without file locations."""
    content = package.model_dump(mode="json", exclude={"claims_sha256"})
    for claim in content["claims"]:
        claim["anchor"] = {key: value for key, value in claim["anchor"].items() if key not in LOCATION_FIELDS}
    return sha256_of(canonical_json(content))


def _inputs(case: Case, bundle: Bundle) -> Inputs:
    return Inputs(
        states_sha256=case.states_sha256,
        evidence_sha256=case.evidence_sha256,
        bundle_sha256=bundle.digest,
        bundle_name=bundle.name,
        record_count=len({event["record_sha256"] for event in case.events}),
        event_count=len(case.events),
        sources=tuple(sorted({event["source"] for event in case.events})),
    )
