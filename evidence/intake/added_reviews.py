"""Owns how reviews enter `reviews.jsonl`: all of a call or none, at its end, and nothing in it is changed."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from evidence.errors import InputError, Place
from evidence.intake.discovery import INCIDENT_FILE, find_incidents
from evidence.intake.reviews import (
    ANSWERS,
    REVIEWS_FILE,
    Placed,
    Review,
    declared_review,
    read_reviews,
    reviews_of,
)
from evidence.times import format_rfc3339


def add_reviews(root: Path, added: Sequence[Placed], now: int) -> list[Placed]:
    """Write the reviews below those that the incidents folder has; returns them with their lines there.

    `now` is the present in ns UTC: a review of later would count before all that follow, and is refused.

    Raises InputError, and writes nothing, where any of them is one that `evidence run` would refuse: the
    message names the place that the review came from. Two calls at once wait for each other.
    """
    _refuse_future(added, now)
    incidents = [folder.incident for folder in find_incidents(root)]
    path = root / REVIEWS_FILE
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise InputError("is no regular file", place=Place(path), remedy="Put the file itself there")
    with _held(root):
        present = read_reviews(path)
        reviews_of(incidents, [*present, *added])
        line_count = path.read_bytes().count(b"\n") if path.exists() else 0
        with path.open("ab") as file:
            file.write(b"".join(line_of(each.review) for each in added))
            file.flush()
            os.fsync(file.fileno())
    return [Placed(each.review, Place(path, number)) for number, each in enumerate(added, line_count + 1)]


def _refuse_future(added: Sequence[Placed], now: int) -> None:
    for each in added:
        if each.review.at > now:
            raise InputError(
                f"{format_rfc3339(each.review.at)} lies in the future: no later review would count",
                place=Place(each.place.path, each.place.line, field="at"),
                remedy="Correct it, or leave it out for now",
            )


def reviews_in(root: Path) -> list[Placed]:
    """Every review of the incidents folder with its place: declared ones first, then the lines."""
    folders = find_incidents(root)
    lines = read_reviews(root / REVIEWS_FILE)
    reviews_of([folder.incident for folder in folders], lines)
    declared = [
        Placed(review, Place(folder.folder / INCIDENT_FILE))
        for folder in folders
        if (review := declared_review(folder.incident))
    ]
    return [*declared, *lines]


def line_of(review: Review) -> bytes:
    """The review as its line, answers that were not given left out."""
    answers = {name: value for name in ANSWERS if (value := getattr(review, name)) is not None}
    said = {
        "incident_id": review.incident_id,
        "by": review.by,
        "at": format_rfc3339(review.at),
        **answers,
    }
    return f"{json.dumps(said, ensure_ascii=False)}\n".encode()


@contextmanager
def _held(root: Path) -> Iterator[None]:
    """Nobody else adds reviews meanwhile. The folder is locked, so that a refusal leaves no file."""
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
