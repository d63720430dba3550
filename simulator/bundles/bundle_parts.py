"""Owns the parts of a bundle: sections, records with fields, tables of named entries, and leaves.

Two bundles are compared and mixed along one and the same tree, so that whatever `compared` finds
different is exactly what `mixed` can exchange.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, TypeAlias

from evidence.decision import Bundle
from evidence.decision.matrix import ALSO_MAX, Action
from evidence.decision.policies import Policy

PartPath: TypeAlias = tuple[str, ...]
ORDER = "order"  # first step of the path of a table's order: ("order", "actions")


class Shape(Enum):
    """How a part is made up."""

    TABLE = "named entries"
    RECORD = "fields"
    LEAF = "one value"


@dataclass(frozen=True, slots=True)
class Difference:
    """A part that is not the same in two bundles; None where a bundle does not have it."""

    path: PartPath
    old: Any
    new: Any


def sections(bundle: Bundle) -> dict[str, Any]:
    """What the bundle's digest covers, by section; tables are dictionaries in declared order."""
    playbook = bundle.playbook
    return {
        "title": playbook.title,
        "need": playbook.need,
        "grading": playbook.grading,
        "last_resorts": playbook.last_resorts,
        "escalations": {each.id: each for each in playbook.escalations},
        "actions": dict(playbook.actions),
        "rules": {each.id: each for each in playbook.rules},
        "policies": {each.name: each for each in bundle.policies},
        "approvers": dict(bundle.approvers.roles),
        "fallback": bundle.approvers.fallback,
    }


def bundle_of(name: str, like: Bundle, parts: Mapping[str, Any]) -> Bundle:
    """The bundle made of these sections; nothing is checked, because a hybrid need not be compilable."""
    playbook = like.playbook.model_copy(
        update={
            **{key: parts[key] for key in ("title", "need", "grading", "last_resorts", "actions")},
            "escalations": tuple(parts["escalations"].values()),
            "rules": tuple(parts["rules"].values()),
        }
    )
    approvers = like.approvers.model_copy(update={"roles": parts["approvers"], "fallback": parts["fallback"]})
    return Bundle(name, playbook, approvers, tuple(parts["policies"].values()), like.detections)


def shape_of(path: PartPath) -> Shape:
    """The shape of the part at `path`."""
    match path:
        case ():
            return Shape.RECORD
        case ("rules" | "escalations" | "actions" | "policies" | "approvers",):
            return Shape.TABLE
        case ("actions", _, "needs" | "also") | ("rules", _, "supports") | ("approvers", _, "by_owner"):
            return Shape.TABLE
        case ("rules" | "escalations" | "actions" | "approvers", _) | ("actions", _, "also", _):
            return Shape.RECORD
        case ("last_resorts" | "fallback" | "grading",):
            return Shape.RECORD
        case ("grading", "thresholds" | "confidence" | "impact" | "severity"):
            return Shape.RECORD
        case ("grading", "severity", _) | ("grading", "confidence", "source_trust" | "level"):
            return Shape.RECORD
        case ("grading", "impact", "criticality" | "environment"):
            return Shape.RECORD
        case _:
            return Shape.LEAF


def is_ordered(path: PartPath) -> bool:
    """Whether the order of the table's entries is part of the content."""
    return path[-1] not in ("supports", "by_owner", "approvers")


def entries_of(part: Any) -> dict[str, Any]:
    """The entries of a table by name."""
    if isinstance(part, Mapping):
        return dict(part)
    return {each.id: each for each in part}


def fields_of(part: Any) -> dict[str, Any]:
    """The fields of a record, without the id that names it."""
    if isinstance(part, Mapping):
        return dict(part)
    return {name: getattr(part, name) for name in type(part).model_fields if name != "id"}


def is_exchanged_whole(path: PartPath, old: Any, new: Any) -> bool:
    """Whether the part has to be taken as a whole, because a mixture could not be decided.

    An action that turns from passive to active or back gains or loses every gate at once; also clauses
    of two bundles together may be more than an action can have.
    """
    if isinstance(old, Action) and isinstance(new, Action):
        return old.is_active is not new.is_active
    if path[:1] == ("actions",) and path[2:] == ("also",):
        return len({*entries_of(old), *entries_of(new)}) > ALSO_MAX
    return False


def compared(old: Any, new: Any, path: PartPath = ()) -> Iterator[Difference]:
    """Every part that differs, in the order of the tree: sections, then entries as declared, then fields."""
    shape = shape_of(path)
    if shape is Shape.LEAF or is_exchanged_whole(path, old, new):
        if not _is_same(old, new):
            yield Difference(path, old, new)
    elif shape is Shape.RECORD:
        others = fields_of(new)
        for name, value in fields_of(old).items():
            yield from compared(value, others[name], (*path, name))
    else:
        yield from _compared_tables(entries_of(old), entries_of(new), path)


def _compared_tables(old: dict[str, Any], new: dict[str, Any], path: PartPath) -> Iterator[Difference]:
    for name in merged_order(tuple(old), tuple(new)):
        if name in old and name in new:
            yield from compared(old[name], new[name], (*path, name))
        else:
            yield Difference((*path, name), old.get(name), new.get(name))
    if is_ordered(path) and not _is_order_merged(tuple(old), tuple(new)):
        yield Difference((ORDER, *path), tuple(old), tuple(new))


def mixed(old: Any, new: Any, taken: frozenset[PartPath]) -> Any:
    """The sections `old` in which the parts at the paths `taken` are those of `new`.

    What is not taken is shared with `old`.
    """
    tree: Tree = {}
    for path in taken:
        _plant(tree, path[1:] if path[0] == ORDER else path, is_whole=path[0] != ORDER)
    return _mixed(old, new, tree, taken, ())


Tree: TypeAlias = "dict[str, Tree | None]"  # steps of paths; None stands for a part that is taken whole


def _plant(tree: Tree, path: PartPath, *, is_whole: bool) -> None:
    for step in path[:-1] if is_whole else path:
        below = tree.setdefault(step, {})
        if below is None:
            return  # the part around it is taken whole
        tree = below
    if is_whole:
        tree[path[-1]] = None


def _mixed(old: Any, new: Any, tree: Tree | None, taken: frozenset[PartPath], path: PartPath) -> Any:
    if tree is None:
        return new
    if shape_of(path) is Shape.TABLE:
        entries = _mixed_tables(entries_of(old), entries_of(new), tree, taken, path)
        return entries if isinstance(old, Mapping) else tuple(entries.values())
    if isinstance(old, Mapping):
        return {**old, **{k: _mixed(old[k], new[k], each, taken, (*path, k)) for k, each in tree.items()}}
    fields = {
        name: _mixed(getattr(old, name), getattr(new, name), each, taken, (*path, name))
        for name, each in tree.items()
    }
    return old.model_copy(update=fields)


def _mixed_tables(
    old: dict[str, Any], new: dict[str, Any], tree: Tree, taken: frozenset[PartPath], path: PartPath
) -> dict[str, Any]:
    names: Iterable[str] = old
    if (ORDER, *path) in taken:
        names = merged_order(tuple(new), tuple(old))
    elif not tree.keys() <= old.keys():
        names = merged_order(tuple(old), tuple(new))
    entries: dict[str, Any] = {}
    for name in names:
        if name in old and name in new:
            part = old[name]
            entries[name] = (
                _mixed(part, new[name], tree[name], taken, (*path, name)) if name in tree else part
            )
        elif (name in new) is (name in tree):
            entries[name] = new[name] if name in new else old[name]
    return entries


@lru_cache(maxsize=4096)
def merged_order(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """Names of both: `first` as it is, names only in `second` right behind their predecessor there.

    Where both agree on the order of the names they share, leaving out what only `first` has gives
    exactly `second`.
    """
    merged = list(first)
    for place, name in enumerate(second):
        if name not in merged:
            merged.insert(merged.index(second[place - 1]) + 1 if place else 0, name)
    return tuple(merged)


def _is_order_merged(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Whether the order of `second` follows from that of `first`, so that it is no difference by itself."""
    return [name for name in merged_order(first, second) if name in second] == list(second)


def _is_same(old: Any, new: Any) -> bool:
    if isinstance(old, Policy) and isinstance(new, Policy):
        return old.digest == new.digest
    return bool(old == new)
