"""Owns what a report says, section by section, in blocks that know nothing of a format.

HTML and Markdown are written from these blocks, so that neither says what the other does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from evidence.handoff.inert import quote
from evidence.handoff.words import counted, to_second
from evidence.report.blocks import (
    Block,
    Cell,
    Charts,
    Linked,
    Named,
    Paragraph,
    Section,
    Table,
    Text,
)
from evidence.report.model import (
    Dispute,
    Gap,
    Incident,
    LateIncident,
    Report,
    ShareRow,
    Shares,
    Spread,
    SpreadRow,
    Times,
)
from evidence.report.weeks import WEEKS_BEFORE
from evidence.report.words import STALLS, share_parts, share_words, spread_parts

NAMED_MAX = 12
"""Incidents that a cell names; the table behind it names all."""
BEFORE = f"{WEEKS_BEFORE} weeks before"
NOTHING = "\N{EN DASH}"


def sections(report: Report) -> tuple[Section, ...]:
    """All sections but the head, in the order in which they are read."""
    named = {each.incident_id: each for each in report.incidents}
    return (
        *(_times(times, named, CHART_NOTE if place == 0 else "") for place, times in enumerate(report.times)),
        _shares(report.coverage, named),
        _shares(report.outcomes, named),
        _shares(report.approvals, named),
        _review(report, named),
        _learning(report, named),
        _quality(report, named),
        _restatement(report, named),
        _incidents(report),
    )


Names = Mapping[str, Incident]


def _incident(incident_id: str, named: Names) -> Incident:
    return named.get(incident_id) or Incident(incident_id=incident_id, title="")


def _cell(incidents: Sequence[str], named: Names, *, is_counted: bool = False) -> Cell:
    if not incidents:
        return Text(NOTHING)
    told = tuple(_incident(each, named) for each in incidents[:NAMED_MAX])
    return Named(told, len(incidents) - len(told), is_counted)


# --- times


def _times(times: Times, named: Names, note: str) -> Section:
    blocks: list[Block] = [Paragraph(times.meaning), Charts(times.charts, note)]
    told = [row for row in times.rows if row.incidents or row.dimension in _ALWAYS]
    rest = [row for row in times.rows if row not in told]
    head = ("", "this week", BEFORE, "incidents of this week")
    blocks.append(Table(head, tuple(_spread_rows(told, named))))
    if rest:
        folded = f"{len(rest)} more without an incident of this week"
        blocks.append(Table(head, tuple(_spread_rows(rest, named)), folded))
    blocks += [Paragraph(note, is_note=True) for note in times.notes]
    return Section(times.name, times.title, tuple(blocks))


CHART_NOTE = (
    "Every point is an incident: a filled one is of this week, a ring of an earlier one. Within a column "
    "time runs from left to right. Lines show the median of the weeks before and its 95 % interval, "
    "upright ones that of a week by itself, where there are at least six incidents. The axis is "
    "logarithmic, and what took less than a second stands at 1 s."
)
_ALWAYS = ("all", "incident_type")
_DIMENSIONS = {"all": "all incidents", "incident_type": "type"}


def _spread_rows(rows: Iterable[SpreadRow], named: Names) -> Iterator[tuple[Cell, ...]]:
    last = "all"
    for row in rows:
        if row.dimension != last:
            last = row.dimension
            yield (Text(f"by {_DIMENSIONS.get(row.dimension, row.dimension)}"),)
        yield (Text(_label(row)), *map(_spread, (row.week, row.before)), _cell(row.incidents, named))


def _label(row: SpreadRow) -> str:
    """Services, severities, environments and types may be anybody's words."""
    if row.dimension == "all":
        return "all incidents"
    return row.label if row.dimension == "mode" else quote(row.label)


def _spread(spread: Spread) -> Text:
    return Text(*spread_parts(spread))


# --- shares


def _shares(shares: Shares, named: Names) -> Section:
    blocks: list[Block] = [Paragraph(shares.meaning)]
    if shares.chart:
        blocks.append(Charts((shares.chart,)))
    head = ("", "this week", BEFORE, "incidents of this week")
    blocks.append(Table(head, tuple(_share_rows(shares.rows, named))))
    blocks += [Paragraph(note, is_note=True) for note in shares.notes]
    return Section(shares.name, shares.title, tuple(blocks))


def _share_rows(rows: Iterable[ShareRow], named: Names) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        shares = (Text(*share_parts(each)) for each in (row.week, row.before))
        yield (Text(row.label, row.meaning), *shares, _cell(row.incidents, named))


# --- reviews and learning


def _review(report: Report, named: Names) -> Section:
    review = report.review
    blocks: list[Block] = [
        Paragraph(
            "Four questions to a reviewer of each incident; nothing is filled in where nobody answered."
        ),
        Table(
            ("question", "yes, of the answered", "yes", "no", "unlabelled"),
            tuple(
                (
                    Text(each.question),
                    Text(*share_parts(each.share)),
                    *(_cell(ids, named, is_counted=True) for ids in (each.yes, each.no, each.unlabelled)),
                )
                for each in review.answers
            ),
        ),
        Table(
            (
                "the option that the reviewer holds right",
                "is the one recommended",
                "is another one",
                "unlabelled",
            ),
            (
                (
                    Text("agreement"),
                    *(
                        _cell(ids, named, is_counted=True)
                        for ids in (review.agrees, review.differs, review.unlabelled)
                    ),
                ),
            ),
        ),
    ]
    if review.disputes:
        head = ("the reviewers are at odds about", "question", "their latest answers")
        blocks.append(Table(head, tuple(_dispute(each, named) for each in review.disputes)))
    if review.after_cut:
        count = counted(len(review.after_cut), "incident")
        blocks.append(
            Paragraph(
                f"The latest answers on {count} were given after the week's end, as reviews are.",
                is_note=True,
            )
        )
    return Section("quality-review", "Quality review", tuple(blocks))


def _dispute(dispute: Dispute, named: Names) -> tuple[Cell, ...]:
    answers = [f"{quote(each.by)} at {to_second(each.at)}: {quote(each.answer)}" for each in dispute.opinions]
    return _cell((dispute.incident_id,), named), Text(dispute.question), Text("; ".join(answers))


def _learning(report: Report, named: Names) -> Section:
    rows = tuple(
        (
            _cell((each.incident_id,), named),
            Text(each.first_signal),
            Text(each.what_mattered),
            Text(each.stalled),
            Text(each.action),
        )
        for each in report.lessons
    )
    blocks: list[Block] = [
        Paragraph(
            "Which signal arrived first, which source of evidence mattered (what would have been decided "
            "without it), where the playbook stalled, and what responders did."
        )
    ]
    if report.stalls:
        stalled = tuple(
            (Text(STALLS[each.gate]), _cell(each.incidents, named, is_counted=True)) for each in report.stalls
        )
        blocks.append(Table(("the playbook stalled where", "incidents"), stalled))
    head = ("incident", "first signal", "what mattered", "where it stalled", "what was done")
    blocks.append(Table(head, rows) if rows else Paragraph("There is no incident to learn from."))
    if len(report.detected) > len(report.lessons):
        more = counted(len(report.detected) - len(report.lessons), "incident")
        blocks.append(Paragraph(f"{more} more are in the table kpis.learning.", is_note=True))
    return Section("learning", "Learning", tuple(blocks))


LATE_MAX = 50
INCIDENTS_MAX = 100


# --- data quality


def _quality(report: Report, named: Names) -> Section:
    quality = report.quality
    blocks: list[Block] = [
        Paragraph(
            f"{counted(quality.record_count, 'record')} of the week's incidents: {quality.evidence_count:,} "
            f"evidence, {quality.duplicate_count:,} duplicate, {quality.quarantined_count:,} quarantined. "
            f"Minimum context at the decision complete in {share_words(quality.complete)}."
        )
    ]
    for title, gaps in (
        ("known gap", quality.gaps),
        ("quarantined because", quality.quarantine),
        ("missing minimum context", quality.missing),
    ):
        blocks.append(_gap_table(title, gaps, named))
    return Section("data-quality", "Data quality", tuple(blocks))


def _gap_table(title: str, gaps: Sequence[Gap], named: Names) -> Block:
    if not gaps:
        return Paragraph(f"{title.capitalize()}: none.")
    rows = tuple((Text(each.what), Text(f"{each.count:,}"), _cell(each.incidents, named)) for each in gaps)
    return Table((title, "times", "incidents"), rows)


# --- what was restated


def _restatement(report: Report, named: Names) -> Section:
    restated = report.restatement
    if report.standing != "over" and not restated.figures:
        return Section("restated", "Restated", (Paragraph(f"{standing_words(report)} {NONE_LATE_YET}"),))
    late = f"After the week's end came {restated.arrivals}." if restated.late_count else NOTHING_LATE
    blocks: list[Block] = [
        Paragraph(f"The week ended at {report.cut}. {COMPARED}"),
        Paragraph(late),
    ]
    not_compared = Paragraph(NOT_COMPARED, is_note=True)
    if not restated.figures:
        same = Paragraph("Nothing is restated: every figure that is compared is what it was then.")
        blocks += [same, not_compared]
        return Section("restated", "Restated", tuple(blocks))
    blocks.append(
        Table(
            ("figure", "when the week ended", "now", "because of"),
            tuple(
                (Text(each.figure), Text(each.known), Text(each.now), _cell(each.incidents, named))
                for each in restated.figures
            ),
        )
    )
    blocks.append(
        Table(
            ("because of", "why", "records that came late"),
            tuple(
                (_cell((each.incident_id,), named), Text(" ".join(each.reasons)), Text(_late(each)))
                for each in restated.incidents[:LATE_MAX]
            ),
        )
    )
    if len(restated.incidents) > LATE_MAX:
        more = counted(len(restated.incidents) - LATE_MAX, "incident")
        blocks.append(Paragraph(f"And {more} more.", is_note=True))
    blocks.append(not_compared)
    return Section("restated", "Restated", tuple(blocks))


COMPARED = (
    "Held against what had arrived by then, counted in the same way: times, time to decision, coverage and "
    "approvals by the decision of the evidence of then, outcomes, where the playbook stalled, records, known "
    "gaps and missing context."
)
NOT_COMPARED = (
    "Not compared: reviews, which come after the week and are told above; which evidence mattered and "
    "whether the action taken was right, which are told of the decision of now; where a decision stalled "
    "that is another one now. What has no time of its own is taken as it is now: an incident's type, the "
    "service catalogue, and an outcome without the time of its action. A record that was refused or repeats "
    "another counts from the first arrival of its file."
)
NOTHING_LATE = "No record of the week's incidents arrived after the week's end."


NONE_LATE_YET = "Late is what arrives after the week's end, so that nothing can be late yet."


def standing_words(report: Report) -> str:
    """How far the records reach into a week that none came after; nothing of one that some came after."""
    end = to_second(report.records_end or "")
    if report.standing == "running":
        return f"The last record came at {end}; what is left of the week was quiet, or has not arrived yet."
    return f"The last record came at {end}, before this week: nothing is known of it."


def _late(incident: LateIncident) -> str:
    if not incident.late_count:
        return "None: only its own times are later."
    count = len(incident.records)
    more = f" And {incident.late_count - count:,} more." if incident.late_count > count else ""
    return f"{incident.arrivals}. {' '.join(incident.records)}{more}"


def _incidents(report: Report) -> Section:
    if not report.incidents:
        return Section("incidents", "Incidents", (Paragraph("No incident counts in this week."),))
    told = report.incidents[:INCIDENTS_MAX]
    rows = tuple(
        (Named((each,)), Text(f"“{each.title}”" if each.title else NOTHING), Linked(each)) for each in told
    )
    blocks: list[Block] = [
        Paragraph("Every incident that counts in the week by its detection, mitigation or resolution."),
        Table(("incident", "title", "leads to"), rows),
    ]
    if len(report.incidents) > len(told):
        more = len(report.incidents) - len(told)
        blocks.append(Paragraph(f"{more:,} more are in the tables kpis.weekly_*.", is_note=True))
    return Section("incidents", "Incidents", tuple(blocks))


def headline(report: Report) -> str:
    """The week in a few words."""
    if report.standing == "ahead":
        return "Nothing known"
    return counted(len(report.detected), "incident") if report.detected else "No incident"
