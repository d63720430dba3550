"""Owns a rule's `detection` (or a filter's `filter`): its named parts and conditions as one expression."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionSelector,
    SigmaCondition,
)
from sigma.exceptions import SigmaError

from evidence.detections.detection_items import read_item
from evidence.detections.patterns import Placeholders
from evidence.detections.rules import RuleWarning
from evidence.detections.terms import AllOf, AnyOf, Expression, Not
from evidence.errors import DetectionError
from evidence.strict_yaml import Document, Path_

_NO_DETECTIONS = {
    "condition": "",
    "timeframe": "a timeframe belongs to the old aggregations, which pySigma takes for a keyword",
}


@dataclass(frozen=True)
class Detections:
    """What a section says: `condition` is None where there are faults, which have their places."""

    condition: Expression | None
    faults: Sequence[DetectionError]
    warnings: Sequence[RuleWarning] = ()


def read_detection(
    document: Document, section: str, placeholders: Placeholders, ignored: Iterable[str] = ()
) -> Detections:
    """The expression of `detection:` or `filter:`, and what is wrong or odd about it.

    Several conditions are alternatives, as they are several queries elsewhere.
    """
    holder = document.value.get(section)
    if not isinstance(holder, dict):
        return Detections(None, [DetectionError("must be a mapping", place=document.place(section))])
    reader = _Reader(document, section, placeholders, {"condition", *ignored})
    return reader.read(holder)


class _Reader:
    """Reads one section, gathering faults instead of stopping at the first."""

    def __init__(
        self, document: Document, section: str, placeholders: Placeholders, ignored: set[str]
    ) -> None:
        self.document = document
        self.section = section
        self.placeholders = placeholders
        self.ignored = ignored
        self.faults: list[DetectionError] = []
        self.used: set[str] = set()

    def read(self, holder: Mapping[str, Any]) -> Detections:
        named: dict[str, Expression | None] = {}
        for name, definition in holder.items():
            at = (self.section, name)
            if name == "timeframe":
                self._refuse(_NO_DETECTIONS[name], at, "Write a correlation rule")
            elif name not in self.ignored:
                named[name] = self._definition(definition, at)
        whole = self._conditions(holder.get("condition"), named)
        if self.faults:
            return Detections(None, self.faults)
        return Detections(whole, (), [self._unused(name) for name in named if name not in self.used])

    def _unused(self, name: str) -> RuleWarning:
        what = f"no condition names '{name}', so that it changes nothing"
        return RuleWarning(
            self.document.place(self.section, name), what, "Name it in the condition, or delete it"
        )

    def _definition(self, definition: Any, at: Path_) -> Expression | None:
        """A map joins its items by and, a list its members by or; texts alone are keywords."""
        if isinstance(definition, dict):
            return self._joined(
                AllOf, [self._item(key, one, (*at, key)) for key, one in definition.items()], at
            )
        if isinstance(definition, list) and any(isinstance(one, dict | list) for one in definition):
            members = [self._definition(one, (*at, index)) for index, one in enumerate(definition)]
            return self._joined(AnyOf, members, at)
        return self._item(None, definition, at)

    def _item(self, key: str | None, value: Any, at: Path_) -> Expression | None:
        try:
            return read_item(key, value, self.document.place(*at), self.placeholders)
        except DetectionError as fault:
            self.faults.append(fault)
            return None

    def _joined(
        self, join: type[AllOf] | type[AnyOf], parts: list[Expression | None], at: Path_
    ) -> Expression | None:
        if not parts:
            self._refuse("is empty", at)
        kept = tuple(part for part in parts if part is not None)
        return kept[0] if len(kept) == 1 else join(kept)

    def _conditions(self, condition: Any, named: Mapping[str, Expression | None]) -> Expression | None:
        conditions = condition if isinstance(condition, list) else [condition]
        if not conditions or not all(isinstance(one, str) for one in conditions):
            self._refuse("must be a condition, or a list of them", (self.section, "condition"))
            return None
        found = [self._condition(one, named) for one in conditions]
        kept = tuple(one for one in found if one is not None)
        return kept[0] if len(kept) == 1 else AnyOf(kept)

    def _condition(self, text: str, named: Mapping[str, Expression | None]) -> Expression | None:
        at = (self.section, "condition")
        if "|" in text:
            remedy = "Write a correlation rule instead"
            self._refuse(
                "aggregations behind | are deprecated, and Sigma has no exact meaning for them", at, remedy
            )
            return None
        try:
            # The names are resolved here; pySigma is only asked for the tree.
            tree = SigmaCondition(text, None).parse(postprocess=False)  # type: ignore[arg-type]
            self.used |= _names_in(tree, named)
            return _resolved(tree, named)
        except DetectionError as failure:
            self._refuse(failure.what, at, failure.remedy)
        except (SigmaError, RecursionError) as failure:
            self._refuse(f"is no condition: {failure}", at)
        return None

    def _refuse(self, what: str, at: Path_, remedy: str = "") -> None:
        self.faults.append(DetectionError(what, place=self.document.place(*at), remedy=remedy))


def _resolved(tree: Any, named: Mapping[str, Expression | None]) -> Expression:
    """pySigma's tree with the named parts in their places. A part that was refused already is left out."""
    if isinstance(tree, ConditionSelector):
        join = AllOf if tree.cond_class is ConditionAND else AnyOf
        return join(tuple(_named(name, named) for name in _selected(tree.pattern, named)))
    if isinstance(tree, ConditionIdentifier):
        return _named(tree.identifier, named)
    if isinstance(tree, ConditionNOT):
        return Not(_resolved(tree.args[0], named))
    if isinstance(tree, ConditionAND | ConditionOR):
        parts = tuple(_resolved(part, named) for part in tree.args)
        return AllOf(parts) if isinstance(tree, ConditionAND) else AnyOf(parts)
    raise DetectionError(f"a condition of pySigma's type {type(tree).__name__} is not known")


def _names_in(tree: Any, named: Mapping[str, Expression | None]) -> set[str]:
    """The parts that pySigma's tree names, one by one or by a pattern."""
    if isinstance(tree, ConditionSelector):
        return set(_selected(tree.pattern, named))
    if isinstance(tree, ConditionIdentifier):
        return {tree.identifier}
    return {name for part in tree.args for name in _names_in(part, named)}


def _named(name: str, named: Mapping[str, Expression | None]) -> Expression:
    if name not in named:
        raise DetectionError(f"there is no '{name}' to refer to", remedy=f"There is: {', '.join(named)}")
    return named[name] or AnyOf(())


def _selected(pattern: str, named: Mapping[str, Expression | None]) -> list[str]:
    """Names that `1 of PATTERN` means; names that begin with `_` are left out of `them`, as specified."""
    if pattern == "them":
        found = [name for name in named if not name.startswith("_")]
    else:
        wanted = re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
        found = [name for name in named if wanted.fullmatch(name)]
    if not found:
        raise DetectionError(f"'{pattern}' selects nothing", remedy=f"There is: {', '.join(named)}")
    return found
