"""Renders a package as Markdown to paste into a ticket; whatever is not ours stands in code spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from evidence.handoff.inert import code_block, code_span, markdown
from evidence.handoff.model import (
    Candidate,
    Figure,
    Gate,
    Package,
    Proposal,
    TimelineEntry,
    Unknown,
)
from evidence.handoff.phrases import (
    NOTHING_UNKNOWN,
    as_of_words,
    more_words,
    options_note,
    policy_lines,
    shown_facts,
)
from evidence.handoff.words import (
    MODE_WORDS,
    arrived_late,
    counted,
    flag_words,
    lower_first,
    role_words,
    source_name,
    to_second,
)

_LANGUAGES = {
    "application/json": "json",
    "application/yaml": "yaml",
    "text/x-diff": "diff",
    "text/x-shellscript": "sh",
}


def render_markdown(package: Package) -> str:
    """The whole package; recommendation and approval first, anchors last."""
    return "\n\n".join(markdown_sections(package)) + "\n"


def markdown_sections(package: Package) -> list[str]:
    """The package section by section, in the order of the page; the first is its head."""
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
    return ["\n".join(section) for section in sections]


def _head(package: Package) -> Iterator[str]:
    yield f"# {markdown(package.title)}"
    yield ""
    links = " · ".join(f"[{link.label}](<{link.url}>)" for link in package.links)
    yield f"Incident {code_span(package.incident_id)} · evidence as of {as_of_words(package)}" + (
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
    yield from (f"  - Reason: {markdown(lower_first(reason))}" for reason in package.approval.reasons)
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
    yield "In order of arrival, UTC; in brackets when it happened, where that is a minute or more earlier."
    yield from _entries(package.timeline, package.timeline_more_count)
    if not package.timeline:
        yield from ("", "None.")


def _entries(entries: Iterable[TimelineEntry], more_count: int) -> Iterator[str]:
    """One list per day, and how many more groups of records there are."""
    for day, of_day in groupby(entries, lambda entry: entry.known_at[:10]):
        yield ""
        yield f"**{day}**"
        yield ""
        for entry in of_day:
            is_late = arrived_late(entry.known_at, entry.event_time)
            happened = f" (happened {to_second(entry.event_time)})" if is_late else ""
            sentence = f"{markdown(entry.sentence)}{_cites([entry.claim])}"
            yield f"- {to_second(entry.known_at)[11:]}{happened} {sentence}"
    if more_count:
        yield ""
        yield f"And {more_words(more_count)}."


def _facts(package: Package) -> Iterator[str]:
    yield "## Known facts"
    for group, facts in groupby(shown_facts(package), lambda fact: fact.group):
        yield ""
        yield f"**{group}**"
        yield ""
        yield from (f"- {markdown(fact.sentence)}{_cites(fact.claims)}" for fact in facts)
    if not shown_facts(package):
        yield ""
        yield "None is supported by evidence."


def _unknowns(package: Package) -> Iterator[str]:
    yield "## Unknowns"
    yield ""
    if not package.unknowns:
        yield NOTHING_UNKNOWN
    for unknown in package.unknowns:
        if unknown.is_decisive:
            yield f"- **{markdown(unknown.sentence)}**{_cites(unknown.claims)} {_how(unknown)}"
    for unknown in package.unknowns:
        if not unknown.is_decisive:
            yield (
                f"- {markdown(unknown.sentence)}{_cites(unknown.claims)} {markdown(unknown.how_to_find_out)}"
            )


def _how(unknown: Unknown) -> str:
    return f"{markdown(unknown.why_it_matters)} {markdown(unknown.how_to_find_out)}"


def _options(package: Package) -> Iterator[str]:
    yield "## Options compared"
    yield ""
    yield options_note(package)
    yield ""
    yield "| option | action | effect | rung | gates failed | mode | why not |"
    yield "|---|---|---|---|---|---|---|"
    for row in package.options:
        yield _option_line(row.option, row.best)


def _option_line(option: str, best: Candidate) -> str:
    why = "**recommended**" if best.is_chosen else markdown(best.lost_because)
    failed = ", ".join(_gate(gate) for gate in best.gates if not gate.is_passed) or "none"
    effect = f"{best.effect_points} of {best.need_points}" if best.is_active else best.effect_points
    rung, gates = (best.rung, failed) if best.is_active else ("passive", "none apply")
    return f"| {option} | {best.title} | {effect} | {rung} | {gates} | {MODE_WORDS[best.mode]} | {why} |"


def _gate(gate: Gate) -> str:
    """The effect's figures stand in a column of their own."""
    return gate.name if gate.name == "effect" else f"{gate.name} ({markdown(gate.detail)})"


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
            *(markdown(sentence) for _, sentence in policy_lines(package)),
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
    if proposal.requests:
        formats = ", ".join(markdown(request.format) for request in proposal.requests)
        yield f"The package in JSON holds it as inert requests too (`executed: false`): {formats}."
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
        yield from _entries(later, record.later_more_count)
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
    flags = ", ".join(f"{flag_words(name)} = {str(value).lower()}" for name, value in package.governance)
    yield flags
    yield ""
    inputs = package.inputs
    yield (
        f"Made from {counted(inputs.record_count, 'record')} by playbook {code_span(inputs.bundle_name)}"
        f" ({code_span(inputs.bundle_sha256[:12])}); states {code_span(inputs.states_sha256[:12])},"
        f" claims {code_span(package.claims_sha256[:12])}, format {package.schema_version}."
    )


def _value(figure: Figure) -> str:
    return f"{'unknown' if figure.value is None else figure.value} of {figure.maximum}"


def _cites(claims: Iterable[int]) -> str:
    numbers = ", ".join(str(claim) for claim in claims)
    return f" ({numbers})" if numbers else ""


def _listed(lines: Iterable[str]) -> Iterator[str]:
    found = [f"- {line}" for line in lines]
    yield from found or ["None."]
