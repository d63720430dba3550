"""Writes a comparison as Markdown to paste into a pull request; what is not ours stands in code spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from evidence.handoff.inert import code_span
from evidence.handoff.words import counted, role_words, source_name
from evidence.redaction import shown
from simulator.comparison_model import (
    BundleRef,
    Change,
    ChangeClass,
    ChangeKind,
    ClauseChange,
    ClauseEvidence,
    Comparison,
    Responsibility,
    StaticWeakening,
)
from simulator.rendering.change_words import (
    by_gravity,
    clause_words,
    label_words,
    marks,
    necessary_clauses,
    parting_sentence,
    regressions,
    responsible_sentence,
)
from simulator.rendering.identifiers import markdown
from simulator.rendering.rows import Row, change_rows, figures
from simulator.rendering.wording import (
    CLASS_MEANINGS,
    allowed_weakenings,
    clause_sentence,
    headline,
    history_words,
    is_same_bundle,
    label_sentence,
    listing_sentence,
    removal_sentence,
    removed_approvals,
    responsible_counts,
    safety_sentence,
    silence_sentence,
    time_sentence,
    weakened_safeties,
)

# A comment on GitHub holds 65,536 characters; what follows the changes needs some of them.
CHANGES_LENGTH_MAX = 50_000
CLAUSES_MAX = 30
SETS_MAX = 5
REGRESSIONS_MAX = 10
WEAKENINGS_MAX = 50

Clauses = Mapping[str, ClauseChange]


def render_markdown(comparison: Comparison) -> str:
    """What a reviewer must know first, first; evidence and clauses folded in.

    Where a comment would not hold all changes, the gravest stand whole and the others on a line each.
    """
    head = _joined((*_sections_before(comparison),))
    changes = _joined(_changes(comparison, CHANGES_LENGTH_MAX - len(head)))
    return "\n\n".join(part for part in (head, changes, _joined(_sections_after(comparison))) if part) + "\n"


def _joined(sections: Iterable[Iterable[str]]) -> str:
    return "\n\n".join(text for section in sections if (text := "\n".join(section)))


def _sections_before(comparison: Comparison) -> Iterator[Iterable[str]]:
    yield _head(comparison)
    yield _weakenings(comparison)
    yield _classes(comparison)
    yield _figures(comparison)


def _sections_after(comparison: Comparison) -> Iterator[Iterable[str]]:
    yield _paths(comparison)
    yield _cosmetics(comparison)
    yield _clauses(comparison)
    yield _foot(comparison)


def metadata_head(comparison: Comparison) -> str:
    """Headline, weakenings, classes and figures, without the single changes."""
    return _joined(_sections_before(comparison))


def _head(comparison: Comparison) -> Iterator[str]:
    yield f"## Playbook comparison: {_bundle(comparison.baseline)} → {_bundle(comparison.candidate)}"
    yield ""
    yield f"**{markdown(headline(comparison.summary))}**"
    for sentence in (silence_sentence(comparison), label_sentence(comparison.summary)):
        if sentence:
            yield ""
            yield markdown(sentence)
    if lost := regressions(comparison.changed):
        more = ", …" if len(lost) > REGRESSIONS_MAX else ""
        yield ""
        yield f"**Regresses:** {', '.join(map(_name, lost[:REGRESSIONS_MAX]))}{more}"


def _bundle(bundle: BundleRef) -> str:
    return code_span(shown(bundle.name, 60))


def _weakenings(comparison: Comparison) -> Iterator[str]:
    removed, weakened = removed_approvals(comparison), weakened_safeties(comparison)
    if removed:
        yield "> [!CAUTION]"
        yield f"> **{markdown(removal_sentence(len(removed)))}**"
        yield ""
        yield "| removed | where it shows | let it pass with |"
        yield "|---|---|---|"
        for each in removed[:WEAKENINGS_MAX]:
            yield f"| {_what(each)} | {_where(each)} | {code_span(f'--allow {each.id}')} |"
        yield from _rest(len(removed), WEAKENINGS_MAX)
    if weakened:
        if removed:
            yield ""
        yield "> [!WARNING]"
        yield f"> {markdown(safety_sentence(len(weakened)))}"
        yield ""
        yield "| weakened | where it shows |"
        yield "|---|---|"
        for each in weakened[:WEAKENINGS_MAX]:
            yield f"| {_what(each)} | {_where(each)} |"
        yield from _rest(len(weakened), WEAKENINGS_MAX)
    allowed = allowed_weakenings(comparison)
    if allowed:
        if removed or weakened:
            yield ""
        yield "Allowed by name:"
        yield ""
        for each in allowed:
            yield f"- {_what(each)} ({code_span(shown(each.id, 300))})"


def _what(weakening: StaticWeakening) -> str:
    return markdown(shown(weakening.what, 300))


def _where(weakening: StaticWeakening) -> str:
    return code_span(shown(weakening.witness, 300)) if weakening.witness else "in every state"


def _rest(count: int, listed_max: int) -> Iterator[str]:
    if count > listed_max:
        yield ""
        yield f"And {count - listed_max} more, in the JSON."


def _classes(comparison: Comparison) -> Iterator[str]:
    summary = comparison.summary
    if not summary.incident_count or is_same_bundle(comparison):
        return
    yield "### Changes"
    yield ""
    yield "| class | incidents | what it means |"
    yield "|---|--:|---|"
    for each in ChangeClass:
        if summary.classes.get(each.value) and each is not ChangeClass.COSMETIC:
            yield f"| **{each.value}** | {summary.classes[each.value]} | {CLASS_MEANINGS[each]} |"
    yield f"| another path | {summary.path_count} | the same decision, by other recommendations on the way |"
    yield f"| cosmetic | {summary.cosmetic_count} | {CLASS_MEANINGS[ChangeClass.COSMETIC]} |"
    yield f"| unchanged | {summary.same_count} | nothing differs |"


def _figures(comparison: Comparison) -> Iterator[str]:
    summary = comparison.summary
    if not summary.incident_count or is_same_bundle(comparison):
        return
    yield f"### Over all {counted(summary.incident_count, 'incident')}"
    yield ""
    yield "| decisions | before | now | of | difference | 95 % interval, percentage points |"
    yield "|---|--:|--:|--:|--:|---|"
    for figure in figures(summary):
        counts = figure.counted
        difference = f"{figure.difference} ({figure.moves})" if figure.is_moved else "0"
        interval = ", ".join(part for part in (figure.interval, figure.test) if part)
        yield (
            f"| {figure.label} | {counts.baseline_count} | {counts.candidate_count} | {counts.incident_count}"
            f" | {difference} | {interval} |"
        )
    yield ""
    yield f"- **Time of decision:** {time_sentence(summary.time_to_decision)}"
    if summary.role_loads:
        loads = (
            f"{markdown(shown(role_words(load.role), 60))} {load.baseline_count} → {load.candidate_count}"
            for load in summary.role_loads
        )
        yield f"- **Asked to approve:** {', '.join(loads)}."
    for note in summary.notes:
        yield f"- {markdown(note)}"


def _changes(comparison: Comparison, length_max: int) -> Iterator[Iterable[str]]:
    changes = by_gravity(comparison.changed, ChangeKind.DECISION)
    if not changes:
        return
    yield _changes_head(comparison)
    clauses = {clause.id: clause for clause in comparison.clauses}
    for number, change in enumerate(changes):
        block = "\n".join(_change(change, clauses))
        length_max -= len(block)
        if length_max < 0:
            yield _in_short(changes[number:])
            return
        yield [block]


def _changes_head(comparison: Comparison) -> Iterator[str]:
    yield "### Changed decisions"
    if sentence := listing_sentence(comparison):
        yield ""
        yield sentence


def _in_short(changes: Sequence[Change]) -> Iterator[str]:
    """A line each, as many as fit beside what is whole."""
    most = 60
    yield f"{counted(len(changes), 'more decision')}, told whole in the HTML page and in the JSON:"
    yield ""
    for change in changes[:most]:
        yield f"- {_name(change)}: {', '.join(marks(change))}"
    yield from _rest(len(changes), most)


def _name(change: Change) -> str:
    return code_span(shown(change.incident_id, 100))


def _change(change: Change, clauses: Clauses) -> Iterator[str]:
    yield f"#### {_name(change)}: {', '.join(marks(change))}"
    yield ""
    yield markdown(shown(change.title, 200))
    yield ""
    yield "| | baseline | candidate |"
    yield "|---|---|---|"
    yield from map(_table_row, change_rows(change))
    yield ""
    for reason in change.reasons:
        yield f"- **Because:** {markdown(shown(reason, 500))}"
    yield f"- **Reviewer:** {label_words(change)}."
    yield f"- **Parted:** {markdown(shown(parting_sentence(change.parting), 500))}"
    if change.responsible is not None:
        yield from _responsible(change.responsible, clauses)
    if change.evidence:
        yield ""
        yield from _evidence(change.evidence)


def _table_row(row: Row) -> str:
    old, new = (markdown(shown(words, 300)) for words in row.words)
    if not row.is_changed:
        return f"| {row.label} | {old} | same |"
    if not row.is_list or not row.new:
        return f"| {row.label} | {old} | **{new}** |"
    names = ", ".join(_name_in_list(name, is_new=name not in row.old) for name in row.new)
    return f"| {row.label} | {old} | {names} |"


def _name_in_list(name: str, *, is_new: bool) -> str:
    told = code_span(shown(name, 100))
    return f"**{told}**" if is_new else told


def _responsible(found: Responsibility, clauses: Clauses) -> Iterator[str]:
    sets = found.minimal_sets[:SETS_MAX]
    yield f"- **Responsible:** {responsible_sentence(found)}{':' if sets else '.'}"
    for group in sets:
        yield f"  - {'<br>and '.join(_clause(name, clauses) for name in group)}"
    if len(found.minimal_sets) > SETS_MAX:
        yield f"  - and {len(found.minimal_sets) - SETS_MAX} more sets, in the JSON"
    if necessary := necessary_clauses(found):
        names = ", ".join(code_span(shown(name, 200)) for name in necessary[:CLAUSES_MAX])
        yield f"- **Not without:** {names}"


def _clause(name: str, clauses: Clauses) -> str:
    told = f": {code_span(shown(clause_words(clauses[name]), 240))}" if name in clauses else ""
    return f"{code_span(shown(name, 200))}{told}"


def _evidence(evidence: Sequence[ClauseEvidence]) -> Iterator[str]:
    yield f"<details><summary>Evidence that these clauses read: {counted(len(evidence), 'anchor')}</summary>"
    yield ""
    yield "| clause | column | source | file | record | bytes | field |"
    yield "|---|---|---|---|---|---|---|"
    for each in evidence[:CLAUSES_MAX]:
        anchor = each.anchor
        cells = (
            code_span(shown(each.clause, 200)),
            code_span(shown(each.column, 100)),
            markdown(shown(source_name(each.source), 60)),
            code_span(shown(anchor.path, 200)),
            code_span(anchor.record_sha256[:12]),
            f"{anchor.byte_offset} to {anchor.byte_offset + anchor.byte_length}",
            code_span(shown(anchor.pointer, 200)) if anchor.pointer else "whole record",
        )
        yield f"| {' | '.join(cells)} |"
    yield from _rest(len(evidence), CLAUSES_MAX)
    yield ""
    yield "</details>"


def _paths(comparison: Comparison) -> Iterator[str]:
    changes = by_gravity(comparison.changed, ChangeKind.PATH)
    if not changes:
        return
    yield "### Same decision, another path"
    yield ""
    for change in changes[:CLAUSES_MAX]:
        decided = markdown(shown(change.candidate.action, 100))
        parted = markdown(shown(parting_sentence(change.parting), 500))
        yield f"- {_name(change)}: {decided} in the end; {parted}"
    yield from _rest(len(changes), CLAUSES_MAX)


def _cosmetics(comparison: Comparison) -> Iterator[str]:
    changes = by_gravity(comparison.changed, ChangeKind.COSMETIC)
    if not changes:
        return
    yield "### Same decision and path, described otherwise"
    yield ""
    for change in changes[:CLAUSES_MAX]:
        yield f"- {_name(change)}: {markdown(shown(' '.join(change.reasons), 300))}"
    yield from _rest(len(changes), CLAUSES_MAX)


def _clauses(comparison: Comparison) -> Iterator[str]:
    if not comparison.clauses:
        return
    counts = responsible_counts(comparison.changed)
    yield f"<details><summary>{clause_sentence(comparison)}</summary>"
    yield ""
    yield "| clause | baseline | candidate | changed incidents |"
    yield "|---|---|---|--:|"
    # What decides comes first: the list may be cut.
    for clause in _by_use(comparison.clauses, counts)[:CLAUSES_MAX]:
        used = str(counts.get(clause.id, 0)) if clause.can_decide else "words only"
        yield f"| {code_span(shown(clause.id, 200))} | {_side(clause.old)} | {_side(clause.new)} | {used} |"
    yield from _rest(len(comparison.clauses), CLAUSES_MAX)
    yield ""
    yield "</details>"


def _by_use(clauses: Iterable[ClauseChange], counts: Mapping[str, int]) -> list[ClauseChange]:
    return sorted(clauses, key=lambda clause: (-counts.get(clause.id, 0), not clause.can_decide))


def _side(text: str | None) -> str:
    return "absent" if text is None else code_span(shown(text, 160))


def _foot(comparison: Comparison) -> Iterator[str]:
    baseline, candidate = comparison.baseline, comparison.candidate
    yield (
        f"Replayed: {history_words(comparison)} ({code_span(comparison.history.digest[:12])});"
        f" baseline {code_span(shown(baseline.reference, 120))} ({code_span(baseline.digest[:12])}),"
        f" candidate {code_span(shown(candidate.reference, 120))} ({code_span(candidate.digest[:12])})."
    )
