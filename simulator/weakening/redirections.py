"""Owns where the same role is asked at another address: the obvious way round an approval that stays.

Compared is who holds each role for each owner that the maps name, for any other owner, and for nobody.
An entry that goes leads to the fallback, and one that comes leads away from it: both redirect.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.cut_lists import cut_list
from evidence.decision import Bundle
from evidence.decision.approvers import Role

ACTIONS_NAMED_MAX = 4


@dataclass(frozen=True, slots=True)
class Redirection:
    """One clause by which roles are asked elsewhere, and the actions of the candidate that ask them.

    `owner` is the group whose services it concerns; None: all whom no entry names.
    """

    clause: str
    roles: tuple[str, ...]
    owner: str | None
    old: str
    new: str
    actions: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Who is asked instead of whom, and by what."""
        asking = cut_list(self.actions, ACTIONS_NAMED_MAX)
        return f"{', '.join(self.roles)}: {self.old} → {self.new}; asked by {asking}"

    @property
    def where(self) -> str:
        """The services that it concerns; empty for all."""
        if self.clause.startswith("fallback."):
            return "no owner is known, or the role has no entry for the owner"
        return "" if self.owner is None else f"owner={self.owner}"


def redirections(baseline: Bundle, candidate: Bundle) -> Iterator[Redirection]:
    """One per clause, of roles that both bundles ask: by role, then owner, the fallback last."""
    asking = _asking(candidate)
    roles = [role for role in _asking(baseline) if role in asking]
    before, after = baseline.approvers, candidate.approvers
    for name in roles:
        old, new = before.roles[name], after.roles[name]
        actions = tuple(asking[name])
        for owner in _owners(old, new):
            asked = before.contact_of(name, owner), after.contact_of(name, owner)
            clause = f"approvers.{name}.by_owner.{owner}"
            if asked[0] != asked[1] and old.by_owner.get(owner) != new.by_owner.get(owner):
                yield Redirection(clause, (name,), owner, *asked, actions)
        if old.contact != new.contact:
            asked = _of_all(old, baseline), _of_all(new, candidate)
            if asked[0] != asked[1]:
                yield Redirection(f"approvers.{name}.contact", (name,), None, *asked, actions)
    mapped = tuple(name for name in roles if not (before.roles[name].contact or after.roles[name].contact))
    if mapped and before.fallback.contact != after.fallback.contact:
        actions = tuple(each for each in candidate.actions if any(each in asking[name] for name in mapped))
        contacts = before.fallback.contact, after.fallback.contact
        yield Redirection("fallback.contact", mapped, None, *contacts, actions)


def _asking(bundle: Bundle) -> dict[str, list[str]]:
    """The actions that may ask each role, in the order of the matrix."""
    found: dict[str, list[str]] = {}
    for name, action in bundle.actions.items():
        also = (role for each in action.also for role in each.approvers)
        for role in dict.fromkeys((*action.approvers, *also)):
            found.setdefault(role, []).append(name)
    return found


def _owners(old: Role, new: Role) -> list[str]:
    return list(dict.fromkeys((*old.by_owner, *new.by_owner)))


def _of_all(role: Role, bundle: Bundle) -> str:
    """Who is asked where no entry names the owner."""
    return role.contact or f"{bundle.approvers.fallback.contact} (fallback)"
