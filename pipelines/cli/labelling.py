"""The command `evidence label`: a reviewer's answers about an incident, added and never changed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.choices import Format
from pipelines.cli.completing import complete_incident
from pipelines.cli.options import PLAYBOOKS, Incidents, OutputFormat, Playbooks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evidence.intake.reviews import Placed

EPILOG = (
    "Example: evidence label inc-0112 --by tomas.novak --signal-high-confidence --expected-option escalate"
)
NAMED_MAX = 12
"""Actions that are named to who wrote one that the playbook does not have."""
_WORDS = {
    "signal_high_confidence": "was the signal high-confidence?",
    "enrichment_narrowed": "did the enrichment narrow the decision correctly?",
    "least_risky_effective": "was the least risky effective action chosen?",
    "responder_understood": "could the responder understand why?",
    "expected_option": "the option that would have been right:",
    "expected_action": "the very action that would have been right:",
}


def label(
    incident: Annotated[
        str | None,
        typer.Argument(help="Incident, or the beginning of its name.", autocompletion=complete_incident),
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who reviewed it.")] = None,
    at: Annotated[str | None, typer.Option(help="When, e.g. 2026-02-06T08:40:00Z; now when omitted.")] = None,
    signal_high_confidence: Annotated[
        bool | None,
        typer.Option("--signal-high-confidence/--no-signal-high-confidence", help="The first question."),
    ] = None,
    enrichment_narrowed: Annotated[
        bool | None,
        typer.Option(
            "--enrichment-narrowed/--no-enrichment-narrowed", help="It narrowed the decision correctly."
        ),
    ] = None,
    least_risky_effective: Annotated[
        bool | None,
        typer.Option(
            "--least-risky-effective/--no-least-risky-effective",
            help="The least risky effective action was chosen.",
        ),
    ] = None,
    responder_understood: Annotated[
        bool | None,
        typer.Option(
            "--responder-understood/--no-responder-understood", help="The responder could understand why."
        ),
    ] = None,
    expected_option: Annotated[
        str | None, typer.Option(help="Option that would have been right, e.g. escalate.")
    ] = None,
    expected_action: Annotated[
        str | None, typer.Option(help="The very action that would have been right.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--from", help="File of reviews, one JSON object a line; taken in whole or not at all."),
    ] = None,
    *,
    incidents: Incidents,
    playbooks: Playbooks = PLAYBOOKS,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Add a reviewer's answers to the four questions, or with an incident alone show those that are there.

    They are lines of reviews.jsonl in the incidents folder. None is ever changed: who thinks better of it
    adds another, and each question's latest answer counts from the next run on.
    """
    answers = {
        "signal_high_confidence": signal_high_confidence,
        "enrichment_narrowed": enrichment_narrowed,
        "least_risky_effective": least_risky_effective,
        "responder_understood": responder_understood,
        "expected_option": expected_option,
        "expected_action": expected_action,
    }
    given = {name: value for name, value in answers.items() if value is not None}
    if file is not None:
        _refuse_beside_file(incident, by, at, given)
        found = _added(incidents, _read(file), playbooks)
    elif given or by is not None or at is not None:
        found = _added(incidents, [_stated(incidents, incident, by, at, given)], playbooks)
    else:
        _print_present(incidents, incident, output_format)
        return
    _print(found, output_format, "added")


def _refuse_beside_file(incident: str | None, by: str | None, at: str | None, given: dict[str, Any]) -> None:
    from evidence.errors import InputError

    if incident is not None or by is not None or at is not None or given:
        raise InputError(
            "--from takes everything from its file", remedy="Leave out the incident and the answers"
        )


def _stated(
    root: Path, incident: str | None, by: str | None, at: str | None, given: dict[str, Any]
) -> Placed:
    """The review that the options state. Raises InputError for an incomplete one, and for no incident."""
    from evidence.errors import InputError, Place
    from evidence.intake.reviews import Placed, parse_review

    if incident is None:
        raise InputError("no incident is named", remedy="Name it, or the beginning of its name")
    if by is None:
        raise InputError("--by is missing", remedy="Say who reviewed the incident, e.g. --by tomas.novak")
    said = {"incident_id": _named(root, incident), "by": by, "at": at or _now(), **given}
    place = Place(Path("the review"))
    return Placed(parse_review(said, place), place)


def _named(root: Path, incident: str) -> str:
    from evidence.incident_names import find_incident
    from evidence.intake.discovery import find_incidents

    return find_incident(incident, sorted(folder.incident.id for folder in find_incidents(root)))


def _now() -> str:
    import datetime

    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _refuse_unknown_actions(reviews: Sequence[Placed], playbooks: Path) -> None:
    """Raises InputError for an expected action that the active playbook does not have, or has elsewhere.

    Where no playbook is there nothing is known of actions.
    """
    from difflib import get_close_matches

    from evidence.decision.loading import ACTIVE_FILE, PLAYBOOK_FILE, active_folder
    from evidence.errors import InputError, Place
    from evidence.strict_yaml import load_yaml

    if not (playbooks / ACTIVE_FILE).is_file():
        return
    actions = load_yaml(active_folder(playbooks) / PLAYBOOK_FILE).value.get("actions") or {}
    options = {name: said.get("option") for name, said in actions.items() if isinstance(said, dict)}
    for each in reviews:
        action, option = each.review.expected_action, each.review.expected_option
        if action is None or options.get(action) == option:
            continue
        place = Place(each.place.path, each.place.line, field="expected_action")
        if action in options:
            raise InputError(
                f"{action} belongs to {options[action]}, not to {option}",
                place=place,
                remedy=f"Name {options[action]} as the option, or another action",
            )
        near = get_close_matches(action, options, n=1)
        hint = f"Did you mean {near[0]}?" if near else _named_actions(options, option)
        raise InputError(f"the active playbook has no action {action}", place=place, remedy=hint)


def _named_actions(options: Mapping[str, str | None], option: str | None) -> str:
    """The actions of the option that was named with it; of all options where it has none."""
    from evidence.cut_lists import cut_list

    own = sorted(name for name, each in options.items() if each == option)
    if own:
        return f"Its actions of {option} are {cut_list(own, NAMED_MAX)}"
    return f"Its actions are {cut_list(sorted(options), NAMED_MAX)}"


def _read(file: Path) -> Sequence[Placed]:
    from evidence.errors import InputError, Place
    from evidence.intake.reviews import read_reviews

    if not file.is_file():
        raise InputError("is no file", place=Place(file), remedy="Name a file with a review a line")
    found = read_reviews(file)
    if not found:
        raise InputError("holds no review", place=Place(file), remedy="Write one JSON object a line")
    return found


def _added(root: Path, reviews: Sequence[Placed], playbooks: Path) -> Sequence[Placed]:
    from evidence.intake.added_reviews import add_reviews
    from evidence.times import parse_rfc3339
    from pipelines.cli.histories import writing

    _refuse_unknown_actions(reviews, playbooks)
    with writing("--incidents"):
        return add_reviews(root, reviews, parse_rfc3339(_now()))


def _print_present(root: Path, incident: str | None, output_format: Format) -> None:
    from evidence.errors import InputError
    from evidence.intake.added_reviews import reviews_in

    if incident is None:
        raise InputError("no incident is named", remedy="Name one, or give --from a file of reviews")
    name = _named(root, incident)
    found = [each for each in reviews_in(root) if each.review.incident_id == name]
    if not found and output_format is Format.TEXT:
        sys.stdout.write(f"{name} has no review yet\n")
        return
    _print(found, output_format, "stands")


def _print(reviews: Sequence[Placed], output_format: Format, what: str) -> None:
    import orjson

    from evidence.intake.added_reviews import line_of

    if output_format is Format.JSON:
        rows = [
            {**orjson.loads(line_of(each.review)), "path": str(each.place.path), "line": each.place.line}
            for each in reviews
        ]
        sys.stdout.write(orjson.dumps({"reviews": rows}, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    for each in reviews:
        sys.stdout.writelines(_lines(each, what))
    if what == "added":
        sys.stdout.write("The next `evidence run` counts them.\n")


def _lines(placed: Placed, what: str) -> Sequence[str]:
    from evidence.redaction import make_visible
    from evidence.times import format_rfc3339

    review = placed.review
    answers = {name: value for name in _WORDS if (value := getattr(review, name)) is not None}
    return [
        f"{review.incident_id}: review by {make_visible(review.by)} at {format_rfc3339(review.at)}"
        f" {what} in {placed.place}\n",
        *(f"  {_WORDS[name]} {_answer(value)}\n" for name, value in answers.items()),
    ]


def _answer(value: bool | str) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
