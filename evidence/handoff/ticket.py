"""Renders a package as Markdown to paste into a ticket; whatever is not ours stands in code spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.handoff.inert import code_block, code_span, markdown
from evidence.handoff.model import Candidate, Figure, Package, Proposal
from evidence.handoff.words import MODE_WORDS, counted, role_words, source_name, to_second

_LANGUAGES = {
    "application/json": "json",
    "application/yaml": "yaml",
    "text/x-diff": "diff",
    "text/x-shellscript": "sh",
}


def render_markdown(package: Package) -> str:
    """The whole package; recommendation and approval first, anchors last."""
    sections = (
        _head(package),
        _ask(package),
        _figures(package),
        _scope(package),
        _timeline(package),
        _facts(package),
        _unknowns(package),
        _options(package),
        _guardrails(package),
        _proposal(package.proposal),
        _contingencies(package),
        _record(package),
        _anchors(package),
        _boundary(package),
    )
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def _head(package: Package) -> Iterator[str]:
    yield f"# {markdown(package.title)}"
    yield ""
    links = " · ".join(f"[{link.label}](<{link.url}>)" for link in package.links)
    yield f"Incident {code_span(package.incident_id)} · evidence as of {to_second(package.as_of)}" + (
        f" · {links}" if links else ""
    )
    yield ""
    yield "> This package recommends. It carries nothing out; `executed: false`."


def _ask(package: Package) -> Iterator[str]:
    yield "## Recommendation"
    yield ""
    yield f"**{markdown(package.recommendation.sentence)}**"
    yield ""
    yield f"- **Approval:** {markdown(package.approval.sentence)}"
    yield from (f"  - {markdown(reason)}" for reason in package.approval.reasons)
    yield f"- **Requested action:** {markdown(package.requested_action)}"
    yield f"- **Owner:** {markdown(package.owner.sentence)}{_cites(package.owner.claims)}"
    yield f"- **Next review:** {markdown(package.next_review_step)}"
    yield "- **Why:**"
    for reason in package.recommendation.reasons:
        yield f"  - {markdown(reason.sentence)}{_cites(reason.claims)}"


def _figures(package: Package) -> Iterator[str]:
    yield "## Severity, confidence, impact"
    yield ""
    yield "Three figures on three scales; they are never put together."
    yield ""
    yield "| figure | value | in words | rests on |"
    yield "|---|---|---|---|"
    for figure in (package.severity, package.confidence, package.impact):
        basis = " ".join(f"{markdown(part.sentence)}{_cites(part.claims)}" for part in figure.basis)
        yield f"| {figure.name} | {_value(figure)} | {figure.word} | {basis} |"


def _scope(package: Package) -> Iterator[str]:
    yield "## Affected scope"
    yield ""
    facts = (*package.affected_scope, *package.affected_services)
    yield from _listed(f"{markdown(fact.sentence)}{_cites(fact.claims)}" for fact in facts)


def _timeline(package: Package) -> Iterator[str]:
    yield "## Timeline"
    yield ""
    yield "In order of arrival: when it was known, and in brackets when it happened."
    yield ""
    yield from _listed(
        f"{to_second(entry.known_at)} ({to_second(entry.event_time)}) "
        f"{markdown(entry.sentence)}{_cites([entry.claim])}"
        for entry in package.timeline
    )


def _facts(package: Package) -> Iterator[str]:
    yield "## Known facts"
    yield ""
    yield from _listed(f"{markdown(fact.sentence)}{_cites(fact.claims)}" for fact in package.known_facts)


def _unknowns(package: Package) -> Iterator[str]:
    yield "## Unknowns"
    yield ""
    decisive = [unknown for unknown in package.unknowns if unknown.is_decisive]
    others = [unknown for unknown in package.unknowns if not unknown.is_decisive]
    yield from _listed(
        f"**{markdown(unknown.sentence)}**{_cites(unknown.claims)} {markdown(unknown.why_it_matters)}"
        f" {markdown(unknown.how_to_find_out)}"
        for unknown in decisive
    )
    if others:
        yield ""
        yield "Not decisive here:"
        yield ""
        yield from _listed(f"{markdown(unknown.sentence)}{_cites(unknown.claims)}" for unknown in others)


def _options(package: Package) -> Iterator[str]:
    yield "## Options compared"
    yield ""
    yield "| option | action | effect | rung | gates failed | mode | why not |"
    yield "|---|---|---|---|---|---|---|"
    for row in package.options:
        yield _option_line(row.option, row.best)


def _option_line(option: str, best: Candidate) -> str:
    failed = (
        ", ".join(f"{gate.name} ({markdown(gate.detail)})" for gate in best.gates if not gate.is_passed)
        or "none"
    )
    why = "**recommended**" if best.is_chosen else markdown(best.lost_because)
    rung = str(best.rung) if best.is_active else "passive"
    effect = f"{best.effect_points} of {best.need_points}" if best.is_active else str(best.effect_points)
    gates = failed if best.is_active else "none apply"
    return f"| {option} | {best.title} | {effect} | {rung} | {gates} | {MODE_WORDS[best.mode]} | {why} |"


def _guardrails(package: Package) -> Iterator[str]:
    yield "## Guardrails and policies"
    yield ""
    yield from _listed(
        [
            *(
                f"{role_words(guard.verdict)}: {markdown(guard.sentence)} {markdown(guard.reason)}"
                + _cites(guard.claims)
                for guard in package.guardrails
            ),
            *(
                f"policy {code_span(verdict.policy)} on {role_words(verdict.action)}: "
                + role_words(verdict.verdict)
                + "".join(f"; {markdown(message)}" for message in verdict.messages)
                for verdict in package.policy_verdicts
                if verdict.verdict != "allow"
            ),
            *(f"{role_words(action)} is allowed by {names}" for action, names in allowing_policies(package)),
        ]
    )


def _proposal(proposal: Proposal) -> Iterator[str]:
    yield "## Proposal (inert text, `executed: false`)"
    yield ""
    yield f"{markdown(proposal.format)}. Before it is used, see for yourself:"
    yield ""
    yield from (f"- [ ] {markdown(check)}" for check in proposal.checks)
    yield from (
        f"- [ ] To fill in: {markdown(blank.what)}, where the text says {code_span(blank.stands_as)}"
        for blank in proposal.to_fill_in
    )
    yield ""
    yield code_block(proposal.text, _LANGUAGES.get(proposal.media_type, ""))
    yield ""
    yield f"To take it back: {markdown(proposal.undo)}"


def _contingencies(package: Package) -> Iterator[str]:
    yield "## If … then …"
    yield ""
    yield from _listed(
        f"**If** {markdown(item.condition)}, **then** {markdown(item.response)}."
        for item in package.contingencies
    )


def _record(package: Package) -> Iterator[str]:
    record = package.incident_record
    yield "## Draft incident record"
    yield ""
    yield f"{markdown(record.summary)}"
    yield ""
    yield from _listed(f"{item.name}: {item.at or 'not recorded'}" for item in record.milestones)
    yield f"- {markdown(record.recorded_response)}"
    yield f"- {markdown(record.later_recommendation)}"
    later = [entry for entry in record.timeline if entry.is_after_decision]
    if later:
        yield ""
        yield "After the decision:"
        yield ""
        yield from _listed(
            f"{entry.known_at} {markdown(entry.sentence)}{_cites([entry.claim])}" for entry in later
        )
    yield ""
    yield "To answer:"
    yield ""
    yield from (f"- [ ] {question}" for question in record.questions)


def _anchors(package: Package) -> Iterator[str]:
    yield "## Evidence"
    yield ""
    yield f"{counted(len(package.claims), 'claim')}; check them with `evidence verify {package.incident_id}`."
    yield ""
    yield "| claim | source | file | bytes | field | record |"
    yield "|---|---|---|---|---|---|"
    for claim in package.claims:
        anchor = claim.anchor
        end = anchor.byte_offset + anchor.byte_length
        field = code_span(anchor.pointer) if anchor.pointer else "whole record"
        yield (
            f"| {claim.claim} | {source_name(claim.source)} | {code_span(anchor.path)} | {anchor.byte_offset}"
            f" to {end} | {field} | {code_span(anchor.record_sha256[:12])} |"
        )


def _boundary(package: Package) -> Iterator[str]:
    yield "## Boundary"
    yield ""
    flags = ", ".join(f"{role_words(name)} = {str(value).lower()}" for name, value in package.governance)
    yield flags
    yield ""
    inputs = package.inputs
    yield (
        f"Made from {counted(inputs.record_count, 'record')} by playbook {code_span(inputs.bundle_name)}"
        f" ({code_span(inputs.bundle_sha256[:12])}); states {code_span(inputs.states_sha256[:12])},"
        f" claims {code_span(package.claims_sha256[:12])}, format {package.schema_version}."
    )


def allowing_policies(package: Package) -> list[tuple[str, str]]:
    """Per action the policies that simply allow it, as one text."""
    found: dict[str, list[str]] = {}
    for verdict in package.policy_verdicts:
        if verdict.verdict == "allow":
            found.setdefault(verdict.action, []).append(role_words(verdict.policy))
    return [(action, ", ".join(names)) for action, names in found.items()]


def _value(figure: Figure) -> str:
    return f"{'unknown' if figure.value is None else figure.value} of {figure.maximum}"


def _cites(claims: Iterable[int]) -> str:
    numbers = ", ".join(str(claim) for claim in claims)
    return f" ({numbers})" if numbers else ""


def _listed(lines: Iterable[str]) -> Iterator[str]:
    found = [f"- {line}" for line in lines]
    yield from found or ["None."]
