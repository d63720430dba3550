"""Writes a comparison as Markdown to paste into a pull request; what is not ours stands in code spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from evidence.handoff.inert import code_block, code_span
from evidence.handoff.words import counted, role_words
from evidence.redaction import shown
from simulator.comparison.model import (
    ChangeClass,
    ChangeKind,
    ClauseChange,
    Comparison,
    StaticWeakening,
)
from simulator.comparison.rendering.change_words import (
    by_gravity,
    is_edited_policy,
    parting_sentence,
    regressions,
    verdict_sentence,
)
from simulator.comparison.rendering.identifiers import markdown
from simulator.comparison.rendering.markdown_changes import changed_decisions, glance_lines, name_of, rest
from simulator.comparison.rendering.markdown_detections import detections_lines
from simulator.comparison.rendering.markdown_policies import policies_lines
from simulator.comparison.rendering.rows import figures
from simulator.comparison.rendering.venues import DAGSTER, PULL_REQUEST, Venue
from simulator.comparison.rendering.wording import (
    CLASS_MEANINGS,
    Group,
    allowed_weakenings,
    clause_sentence,
    headline,
    history_words,
    is_same_bundle,
    label_sentence,
    moved_loads,
    other_loads,
    responsible_counts,
    sides,
    silence_sentence,
    time_sentence,
    undecided_words,
    weakening_groups,
)

# A comment on GitHub holds 65,536 characters.
LENGTH_MAX = 64_000
LISTED_MAX = 20
REGRESSIONS_MAX = 10
WEAKENINGS_MAX = 30
POLICIES_MAX, DIFF_LINES_MAX, DIFF_LENGTH_MAX = 5, 40, 160


def render_markdown(comparison: Comparison) -> str:
    """What a reviewer must know first, first; evidence and clauses folded in.

    Where a comment would not hold all changes in full, the gravest stand whole, the others on a line each.
    """
    head, foot = _joined(_sections_before(comparison)), _joined(_sections_after(comparison))
    changes = "\n\n".join(changed_decisions(comparison, LENGTH_MAX - len(head) - len(foot)))
    return "\n\n".join(part for part in (head, changes, foot) if part) + "\n"


def _joined(sections: Iterable[Iterable[str]]) -> str:
    return "\n\n".join(text for section in sections if (text := "\n".join(section)))


def _sections_before(comparison: Comparison, venue: Venue = PULL_REQUEST) -> Iterator[Iterable[str]]:
    yield _head(comparison)
    yield _weakenings(comparison, venue)
    yield detections_lines(comparison.detections, venue) if comparison.detections else ()
    yield policies_lines(comparison.policies, venue) if comparison.policies else ()
    yield _classes(comparison)
    yield _figures(comparison)


def _sections_after(comparison: Comparison) -> Iterator[Iterable[str]]:
    yield _paths(comparison)
    yield _cosmetics(comparison)
    yield _clauses(comparison)
    yield _policies(comparison)
    yield _foot(comparison)


def metadata_text(comparison: Comparison) -> str:
    """As Dagster shows it: headline, weakenings, classes, figures, changed incidents on a line each."""
    changes = by_gravity(comparison.changed, ChangeKind.DECISION)
    glance = glance_lines(comparison, changes, LENGTH_MAX, LISTED_MAX, DAGSTER) if changes else ()
    sections = (glance, _paths(comparison, DAGSTER), _cosmetics(comparison, DAGSTER))
    return _joined((*_sections_before(comparison, DAGSTER), *sections))


def _head(comparison: Comparison) -> Iterator[str]:
    baseline, candidate = (code_span(shown(side, 80)) for side in sides(comparison))
    yield f"## Playbook comparison: {baseline} → {candidate}"
    yield ""
    yield f"**{markdown(headline(comparison.summary))}**"
    for sentence in (silence_sentence(comparison), label_sentence(comparison)):
        if sentence:
            yield ""
            yield markdown(sentence)
    if lost := regressions(comparison.changed):
        more = ", …" if len(lost) > REGRESSIONS_MAX else ""
        yield ""
        yield f"**Regresses:** {', '.join(map(name_of, lost[:REGRESSIONS_MAX]))}{more}"


def _weakenings(comparison: Comparison, venue: Venue) -> Iterator[str]:
    groups = weakening_groups(comparison)
    for number, group in enumerate(groups):
        if number:
            yield ""
        yield from _group(group, venue)
    allowed = allowed_weakenings(comparison)
    if allowed:
        if groups:
            yield ""
        yield "Allowed by name:"
        yield ""
        for each in allowed[:LISTED_MAX]:
            yield f"- {code_span(shown(each.id, 300))}: {_what(each)}"
        yield from rest(len(allowed), LISTED_MAX, venue)


def _group(group: Group, venue: Venue) -> Iterator[str]:
    sentence = group.sentence if venue.is_gate else group.told_sentence  # all of it ours, code spans too
    quoted = "> " if venue.has_alerts else ""
    if venue.has_alerts:
        yield "> [!CAUTION]" if group.is_alarm else "> [!WARNING]"
    yield f"{quoted}**{sentence}**" if group.is_alarm else f"{quoted}{sentence}"
    yield ""
    yield f"| {group.title.partition(' ')[2]} | where it shows | let it pass with |"
    yield "|---|---|---|"
    for each in group.items[:WEAKENINGS_MAX]:
        where = code_span(shown(each.witness, 300)) if each.witness else group.where(each)
        yield f"| {_what(each)} | {where} | {code_span(f'--allow {each.id}')} |"
    yield from rest(len(group.items), WEAKENINGS_MAX, venue)


def _what(weakening: StaticWeakening) -> str:
    return markdown(shown(weakening.what, 400))


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
    cosmetics = "not looked for" if summary.cosmetic_count is None else summary.cosmetic_count
    yield f"| cosmetic | {cosmetics} | {CLASS_MEANINGS[ChangeClass.COSMETIC]} |"
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
        difference = f"{figure.difference} ({figure.moves})" if figure.is_moved else figure.difference
        interval = ", ".join(part for part in (figure.interval, figure.test) if part)
        yield (
            f"| {figure.label} | {counts.baseline_count} | {counts.candidate_count} | {counts.incident_count}"
            f" | {difference} | {interval} |"
        )
    yield ""
    yield f"- **Time of decision:** {time_sentence(summary.time_to_decision)}"
    if summary.role_loads:
        loads = [
            f"{markdown(shown(role_words(load.role), 60))} {load.baseline_count} → {load.candidate_count}"
            for load in moved_loads(summary)
        ]
        loads += [others] if (others := other_loads(summary)) else []
        yield f"- **Asked to approve:** {', '.join(loads)}."
    for note in summary.notes:
        yield f"- **Note:** {markdown(note)}"


def _paths(comparison: Comparison, venue: Venue = PULL_REQUEST) -> Iterator[str]:
    changes = by_gravity(comparison.changed, ChangeKind.PATH)
    if not changes:
        return
    yield "### Same decision, another path"
    yield ""
    for change in changes[:LISTED_MAX]:
        decided = markdown(shown(change.candidate.action, 100))
        parted = markdown(shown(parting_sentence(change.parting), 500))
        yield f"- {name_of(change)}: {decided} in the end; {parted}"
    yield from rest(len(changes), LISTED_MAX, venue)


def _cosmetics(comparison: Comparison, venue: Venue = PULL_REQUEST) -> Iterator[str]:
    changes = by_gravity(comparison.changed, ChangeKind.COSMETIC)
    if not changes:
        return
    yield "### Same decision and path, described otherwise"
    yield ""
    for change in changes[:LISTED_MAX]:
        yield f"- {name_of(change)}: {markdown(shown(' '.join(change.reasons), 300))}"
    yield from rest(len(changes), LISTED_MAX, venue)


def _clauses(comparison: Comparison) -> Iterator[str]:
    if not comparison.clauses:
        return
    counts = responsible_counts(comparison.changed)
    yield f"<details><summary>{clause_sentence(comparison)}</summary>"
    yield ""
    yield "| clause | baseline | candidate | changed incidents |"
    yield "|---|---|---|--:|"
    # What decides comes first: the list may be cut.
    for clause in _by_use(comparison.clauses, counts)[:LISTED_MAX]:
        used = undecided_words(clause) or str(counts.get(clause.id, 0))
        yield f"| {code_span(shown(clause.id, 200))} | {_side(clause.old)} | {_side(clause.new)} | {used} |"
    yield from rest(len(comparison.clauses), LISTED_MAX)
    yield ""
    yield "</details>"


def _policies(comparison: Comparison) -> Iterator[str]:
    for number, clause in enumerate(filter(is_edited_policy, comparison.clauses)):
        if number:
            yield ""
        yield "<details><summary>An edited policy</summary>"
        yield ""
        yield f"{code_span(shown(clause.id, 200))}: {markdown(shown(verdict_sentence(clause), 500))}"
        yield ""
        lines = [shown(line, DIFF_LENGTH_MAX) for line in clause.diff[:DIFF_LINES_MAX]]
        yield code_block("\n".join(lines), "diff")
        yield from rest(len(clause.diff), DIFF_LINES_MAX)
        yield ""
        yield "</details>"
        if number + 1 == POLICIES_MAX:
            return


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
