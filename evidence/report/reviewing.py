"""Tells what reviewers answered, and what each incident of a week teaches."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.handoff.inert import quote
from evidence.handoff.words import ACTION_TITLES, listed, lower_first, role_words, sentence, source_name
from evidence.redaction import shown
from evidence.report.figures import share
from evidence.report.model import NAME_MAX, Answer, Dispute, Lesson, Opinion, Review, Stall
from evidence.report.reading import Read, Row
from evidence.report.words import STALLS
from evidence.times import format_rfc3339

LESSONS_MAX = 50
"""Incidents of which it is told what they teach; the table holds all."""
BECAUSE_MAX = 400
QUESTIONS = (
    ("was_signal_high_confidence", "Was the signal high-confidence?"),
    ("did_enrichment_narrow", "Did the enrichment narrow the decision correctly?"),
    ("was_least_risky_effective", "Was the least risky effective action chosen?"),
    ("did_responder_understand", "Could the responder understand why?"),
)
DISPUTED = {
    "signal": QUESTIONS[0][1],
    "enrichment": QUESTIONS[1][1],
    "action": QUESTIONS[2][1],
    "responder": QUESTIONS[3][1],
    "option": "Which option would have been right?",
    "expected action": "Which action would have been right?",
}
"""The questions by their names in `kpi_latest_answers`."""


def review(read: Read) -> Review:
    """The answers of the week, by question and as to whether the decision was right."""
    rows = read["reviews"]

    def such(column: str, value: object) -> tuple[str, ...]:
        return tuple(row["incident_id"] for row in rows if row.get(column) == value)

    return Review(
        answers=tuple(
            Answer(
                question=question,
                share=share(len(such(column, "yes")), len(such(column, "yes")) + len(such(column, "no"))),
                yes=such(column, "yes"),
                no=such(column, "no"),
                unlabelled=such(column, "unlabelled"),
            )
            for column, question in QUESTIONS
        ),
        agrees=such("agreement", "agrees"),
        differs=such("agreement", "differs"),
        unlabelled=such("agreement", "unlabelled"),
        disputes=_disputes(read["disputes"]),
        after_cut=tuple(
            row["incident_id"] for row in rows if row["labelled_at"] and row["labelled_at"] >= read.week.cut
        ),
    )


def _disputes(rows: Sequence[Row]) -> tuple[Dispute, ...]:
    """By incident and question, in the order of the rows."""
    found: dict[tuple[str, str], list[Opinion]] = {}
    for row in rows:
        said = {"true": "yes", "false": "no"}.get(row["answer"], role_words(row["answer"]))
        opinion = Opinion(
            by=shown(row["reviewed_by"], NAME_MAX), at=format_rfc3339(row["reviewed_at"]), answer=said
        )
        found.setdefault((row["incident_id"], row["question"]), []).append(opinion)
    return tuple(
        Dispute(incident_id=incident_id, question=DISPUTED[question], opinions=tuple(opinions))
        for (incident_id, question), opinions in found.items()
    )


def stalls(read: Read) -> tuple[Stall, ...]:
    """Where the playbook stalled, by gate."""
    found: dict[str, list[str]] = {}
    for row in read["lessons"]:
        if row["stalled_at"] in STALLS:
            found.setdefault(row["stalled_at"], []).append(row["incident_id"])
    return tuple(Stall(gate=gate, incidents=tuple(whose)) for gate, whose in sorted(found.items()))


def lesson(row: Row) -> Lesson:
    """What one incident teaches. The taken action is a foreign text, as recorded."""
    signal = row["first_signal_name"]
    source = row["first_signal_source"]
    first = f"{quote(signal)} by {source_name(source)}" if signal and source else "No signal was seen."
    deciding = listed([role_words(source_name(each)) for each in row["deciding_sources"]])
    hastening = listed([role_words(source_name(each)) for each in row["hastening_sources"]])
    mattered = [f"Without {deciding} the decision would have been another one."] if deciding else []
    mattered += [f"Without {hastening} it would have come later."] if hastening else []
    return Lesson(
        incident_id=row["incident_id"],
        first_signal=sentence(first),
        what_mattered=" ".join(mattered) or "No single source decided it.",
        stalled_at=row["stalled_at"],
        stalled=_stalled(row),
        action=_action(row),
    )


def _stalled(row: Row) -> str:
    if row["stalled_at"] == "not_stalled":
        return "It did not stall."
    return f"At {row['stalled_at']}: {lower_first(shown(row['stalled_because'], BECAUSE_MAX))}"


_VERDICTS = {
    "recommended": "is the one that is recommended",
    "denied_by_policy": "is denied by policy",
    "same_option": "is another action of the recommended option",
    "other_option": "is an action of another option",
    "unknown_action": "is no action of the active playbook",
    "undecided": "has no decision to be compared with",
}


def _action(row: Row) -> str:
    if row["action_taken"] is None:
        return "What responders did is not recorded."
    judged = {True: "the reviewer holds it right", False: "the reviewer does not hold it right"}
    told = judged.get(row["is_action_correct"], "unlabelled whether it was right")
    taken = ACTION_TITLES.get(row["action_taken"])
    name = f"“{lower_first(taken)}”" if taken else quote(row["action_taken"])
    return f"Responders took {name}: it {_VERDICTS[row['action_verdict']]}; {told}."
