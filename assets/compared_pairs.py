"""Owns which playbooks the replay stage compares: those next to the active one, and a pair asked for."""

from __future__ import annotations

from pathlib import Path

from evidence import decision
from evidence.errors import InputError
from simulator.bundles.bundle_refs import PREFIX, load_pair
from simulator.comparison.compare import Side, compare
from simulator.comparison.model import Comparison
from simulator.histories.history import History

Pairs = list[tuple[Side, Side]]


def compare_all(history: History, standing: Pairs, asked: tuple[Side, Side] | None) -> list[Comparison]:
    """The standing comparisons, no clauses sought; last the one asked for, with the clauses responsible."""
    found = [
        compare(history, *pair, is_attributed=False)
        for pair in standing
        if asked is None or _references(pair) != _references(asked)
    ]
    return found if asked is None else [*found, compare(history, *asked)]


def standing_pairs(bundles: tuple[decision.Bundle, ...], active: str) -> Pairs:
    """The version before the active one with it, and it with every newer one: baseline, candidate.

    Of older versions only the last counts, so that a run costs no more with every version that is kept.
    """
    names = [bundle.name for bundle in bundles]
    if active not in names:
        return []
    place = names.index(active)
    sides = [Side(bundle, bundle.name) for bundle in bundles]
    before = [(side, sides[place]) for side in sides[:place]][-1:]
    return before + [(sides[place], side) for side in sides[place + 1 :]]


def _references(pair: tuple[Side, Side]) -> tuple[str, str]:
    return pair[0].reference, pair[1].reference


def asked_pair(playbooks: Path, baseline: str, candidate: str) -> tuple[Side, Side] | None:
    """The two that somebody asks for, each a version's name, a folder or git:REF; None where nobody does.

    Raises InputError where only one is named, or one that is not there.
    """
    if not baseline and not candidate:
        return None
    if not baseline or not candidate:
        lacking = "candidate" if baseline else "baseline"
        raise InputError(
            f"a comparison needs a baseline and a candidate; no {lacking} is configured",
            remedy="Configure both, or neither for the standing comparisons alone",
        )
    references = [_reference(playbooks, name) for name in (baseline, candidate)]
    bundles = load_pair(*references)
    return Side(bundles[0], baseline), Side(bundles[1], candidate)


def _reference(playbooks: Path, name: str) -> str:
    """A version is named by its folder alone; everything else is a reference already."""
    versions = decision.version_names(playbooks)
    if name in versions:
        return str(playbooks / name)
    if not name.startswith(PREFIX) and not Path(name).is_dir():
        raise InputError(
            f"there is no playbook {name}",
            remedy=f"Configure one of {', '.join(versions)}, a version's folder or git:REF",
        )
    return name
