"""Owns `reviews.jsonl`: reviewers' answers, one line a review, beside the folders of incidents.

Lines are added and never changed. Of several reviews each question's latest answer counts; all stay in
`intake.reviews`. The labels of an `incident.yaml` are a review like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import StringConstraints, ValidationError, model_validator

from evidence.bounded_reading import read_bounded
from evidence.errors import InputError, Place
from evidence.intake.incident_file import IncidentFile, IncidentId, Labels
from evidence.intake.recorded_order import ORDERS, REVIEWED
from evidence.json_strict import JsonRefused, parse
from evidence.model_words import model_words
from evidence.times import format_rfc3339

REVIEWS_FILE = "reviews.jsonl"
REVIEWS_BYTES_MAX = 64 * 1024 * 1024
QUESTIONS = (
    "signal_high_confidence",
    "enrichment_narrowed",
    "least_risky_effective",
    "responder_understood",
)
ANSWERS = (*QUESTIONS, "expected_option", "expected_action")
NAME_MAX = 200  # characters of a reviewer's name

Row = dict[str, Any]


class Review(Labels):
    """One line: the incident, who, when, and at least one answer."""

    incident_id: IncidentId
    by: Annotated[str, StringConstraints(min_length=1, max_length=NAME_MAX, pattern=r"\A\S(?:[^\n\r]*\S)?\z")]

    @model_validator(mode="after")
    def _answers_something(self) -> Review:
        if all(getattr(self, name) is None for name in ANSWERS):
            raise ValueError(f"it answers nothing; give at least one of {', '.join(ANSWERS)}")
        return self


@dataclass(frozen=True, slots=True)
class Placed:
    """A review and where it stands."""

    review: Review
    place: Place


def read_reviews(path: Path) -> list[Placed]:
    """Every line, in its order; none where there is no file. Raises InputError with line and field."""
    if not path.exists() and not path.is_symlink():
        return []
    content = read_bounded(path, InputError, REVIEWS_BYTES_MAX)
    lines = content.split(b"\n")
    if lines[-1]:
        raise InputError(
            "the last line has no end, as when its writing was broken off",
            place=Place(path, len(lines)),
            remedy="Complete or remove it",
        )
    return [_parsed(line, Place(path, number)) for number, line in enumerate(lines[:-1], 1) if line.strip()]


def declared_review(incident: IncidentFile) -> Review | None:
    """The labels of an incident.yaml as a review; None where it has none, or they answer nothing."""
    if incident.labels is None or all(getattr(incident.labels, name) is None for name in ANSWERS):
        return None
    return Review.model_construct(incident_id=incident.id, **dict(incident.labels))


def reviews_of(incidents: Sequence[IncidentFile], lines: Iterable[Placed]) -> list[Row]:
    """Rows of `intake.reviews`: the incidents' own labels, and the lines.

    Raises InputError, naming the line, for an unknown incident, a review older than what it reviews, and two
    reviews of one incident by one person at one time.
    """
    known = {incident.id: incident for incident in incidents}
    rows = [_row(review) for incident in incidents if (review := declared_review(incident))]
    keys = {_key(row) for row in rows}
    for line in lines:
        refuse_misplaced(line, known)
        row = _row(line.review)
        if _key(row) in keys:
            raise InputError(
                f"{row['reviewed_by']} has another review of {row['incident_id']} of"
                f" {format_rfc3339(row['reviewed_at'])}",
                place=line.place,
                remedy="A review is never changed: add a later one",
            )
        keys.add(_key(row))
        rows.append(row)
    return rows


def latest_answers(rows: Iterable[Row]) -> Mapping[str, Row]:
    """Per incident the label columns of `intake.incidents`: each question's latest answer, who was last.

    An expected action goes with its option: a later option alone takes it away. Of reviews of one moment
    that of the last name counts.
    """
    found: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row["reviewed_at"], row["reviewed_by"])):
        labels = found.setdefault(row["incident_id"], {f"label_{name}": None for name in ANSWERS})
        labels |= {f"label_{name}": row[name] for name in QUESTIONS if row[name] is not None}
        if row["expected_option"] is not None:
            labels |= {f"label_{name}": row[name] for name in ("expected_option", "expected_action")}
        labels |= {"label_by": row["reviewed_by"], "label_at": row["reviewed_at"]}
    return found


def refuse_misplaced(line: Placed, known: Mapping[str, IncidentFile]) -> None:
    """Raises InputError for a review of no incident, and for one that is older than what it reviews."""
    review = line.review
    incident = known.get(review.incident_id)
    if incident is None:
        place = Place(line.place.path, line.place.line, field="incident_id")
        raise InputError(
            f"there is no incident {review.incident_id}",
            place=place,
            remedy="Correct the id, or put the incident's folder back",
        )
    recorded = dict(incident.recorded)
    for order in ORDERS:
        earliest = recorded.get(order.earlier[-1]) if order.later == REVIEWED else None
        if earliest is not None and review.at < earliest:
            raise InputError(
                f"{format_rfc3339(review.at)} lies before {'.'.join(order.earlier)} of {incident.id}"
                f" ({format_rfc3339(earliest)}): {order.because}",
                place=Place(line.place.path, line.place.line, field="at"),
                remedy="Correct one of the two",
            )


def _parsed(line: bytes, place: Place) -> Placed:
    try:
        value = parse(line)
    except JsonRefused as refused:
        raise InputError(
            f"is no JSON: {refused.detail}", place=place, remedy="Write one JSON object a line"
        ) from None
    return Placed(parse_review(value, place), place)


def parse_review(value: Any, place: Place) -> Review:
    """The review in a JSON value. Raises InputError with the field at fault."""
    try:
        return Review.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        path = tuple(first["loc"])
        field = ".".join(map(str, path))
        what = f"unknown key '{field}'" if first["type"] == "extra_forbidden" else model_words(first, path)
        raise InputError(what, place=Place(place.path, place.line, field=field)) from None


def _row(review: Review) -> Row:
    answers = {name: getattr(review, name) for name in ANSWERS}
    return {
        "incident_id": review.incident_id,
        "reviewed_by": review.by,
        "reviewed_at": review.at,
        **answers,
    }


def _key(row: Row) -> tuple[str, str, int]:
    return row["incident_id"], row["reviewed_by"], row["reviewed_at"]
