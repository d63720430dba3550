"""Owns what a mutant is: a bundle with one clause changed, or the reason why there is no such bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from evidence.decision import Bundle
from evidence.decision.bundle import Path_, Playbook
from evidence.decision.checks import floor_faults
from evidence.decision.matrix import Action
from simulator.checking.trials import EVERYWHERE


class Kind(StrEnum):
    """What a mutant changes."""

    THRESHOLD = "threshold"
    OPERATOR = "operator"
    POINTS = "points"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True)
class Site:
    """One clause that is changed: its name for people, and its place in playbook.yaml or a policy's file.

    `where` is SQL over a row of trial_states that holds wherever a change of the clause may decide
    otherwise.
    """

    kind: Kind
    clause: str
    path: Path_
    where: str = EVERYWHERE
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change at a site, `new` empty where something is left out.

    `bundle` is None when it could not be loaded; `is_alike` says that it decides every state as before.
    """

    site: Site
    old: str
    new: str
    bundle: Bundle | None
    is_alike: bool = False


def mutant(
    site: Site, old: object, new: object, build: Callable[..., Bundle], *arguments: Any, **fields: Any
) -> Mutant:
    """The mutant that `build` makes of the arguments.

    It is refused when its models do not take it, or its floors would no longer rise along the rungs.
    """
    try:
        bundle: Bundle | None = build(*arguments, **fields)
    except ValidationError:
        bundle = None
    if bundle is not None and any(floor_faults(bundle)):
        bundle = None
    return Mutant(site, str(old), str(new), bundle)


def with_parts(bundle: Bundle, **parts: Any) -> Bundle:
    """The bundle with other parts of its playbook; the rest was validated before."""
    playbook: Playbook = bundle.playbook.model_copy(update=parts)
    return replace(bundle, playbook=playbook)


def with_action(bundle: Bundle, name: str, **fields: Any) -> Bundle:
    """The bundle with other fields of one action. Raises ValidationError when they do not fit."""
    action = Action.model_validate({**bundle.actions[name].model_dump(), **fields})
    return with_parts(bundle, actions={**bundle.actions, name: action})
