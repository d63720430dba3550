"""Owns which rules report: all of a load, or those that are asked for by id or title, and their parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from evidence.detections.loading import load_rules
from evidence.detections.rule_folders import values_near
from evidence.detections.rules import RuleSet
from evidence.errors import InputError, Place


def load_chosen(path: Path, values: Path | None, chosen: Sequence[str]) -> RuleSet:
    """The rules of a file or folder; without `values`, with `values.yaml` of its folder or the one above.

    Raises InputError where a path is not there or a chosen rule is not, RefusedDetections for every fault.
    """
    if not path.exists():
        raise InputError(
            "is not there", place=Place(path), remedy="Give --rules a Sigma file, or a folder of them"
        )
    if values is not None and not values.is_file():
        raise InputError("is no file", place=Place(values), remedy="Give --values a YAML file")
    rules = load_rules(path, values or values_near(path))
    return choose(rules, chosen) if chosen else rules


def choose(rules: RuleSet, chosen: Iterable[str]) -> RuleSet:
    """Only the rules of these ids or titles report; what correlations among them read is kept for these.

    A part that is asked for reports by itself. Raises InputError for a name that is no rule's.
    """
    named = {_id_of(rules, each) for each in chosen}
    return rules.only(named)


def _id_of(rules: RuleSet, asked: str) -> str:
    by_word: dict[str, str] = {}
    for heading in rules.headings().values():
        by_word |= {heading.id.lower(): heading.id, heading.title.lower(): heading.id}
    found = by_word.get(asked.strip().lower())
    if found is None:
        near = get_close_matches(asked.lower(), list(by_word), n=1)
        titles = {heading.title.lower(): heading.title for heading in rules.headings().values()}
        meant = f"Perhaps {titles.get(near[0], near[0])!r}" if near else "Give a rule's id or its whole title"
        raise InputError(f"--rule {asked}: no rule has that id or title", remedy=meant)
    return found
