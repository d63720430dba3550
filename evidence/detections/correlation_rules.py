"""Owns the reading of correlation documents, and of what in them has no exact meaning here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sigma.correlations import (
    SigmaCorrelationCondition,
    SigmaCorrelationRule,
    SigmaCorrelationType,
)
from sigma.exceptions import SigmaError

from evidence.detections.headings import fault_of
from evidence.detections.rules import Correlation, CorrelationKind, Heading, Rule
from evidence.errors import DetectionError
from evidence.strict_yaml import Document

_KINDS = {
    SigmaCorrelationType.EVENT_COUNT: CorrelationKind.EVENT_COUNT,
    SigmaCorrelationType.VALUE_COUNT: CorrelationKind.VALUE_COUNT,
    SigmaCorrelationType.TEMPORAL: CorrelationKind.TEMPORAL,
    SigmaCorrelationType.TEMPORAL_ORDERED: CorrelationKind.TEMPORAL_ORDERED,
    SigmaCorrelationType.VALUE_SUM: CorrelationKind.VALUE_SUM,
    SigmaCorrelationType.VALUE_AVG: CorrelationKind.VALUE_AVG,
}
_OF_VALUES = (
    SigmaCorrelationType.VALUE_COUNT,
    SigmaCorrelationType.VALUE_SUM,
    SigmaCorrelationType.VALUE_AVG,
)
_LOWER, _UPPER = ("gt", "gte"), ("lt", "lte")
_OPERATORS = (*_LOWER, *_UPPER, "eq", "neq")
_MONTHS_AND_YEARS = ("M", "y")
_KEYS = frozenset({"type", "rules", "group-by", "timespan", "aliases", "condition", "generate"})


@dataclass(frozen=True)
class Draft:
    """A correlation whose references are still as written; of a range `upper` is the upper bound."""

    document: Document
    heading: Heading
    parsed: SigmaCorrelationRule
    upper: tuple[str, int] | None = None

    def references(self) -> list[str]:
        """Ids or names that it refers to, as written."""
        return [reference.reference for reference in self.parsed.rules or []]

    def fault(self, what: str, key: str = "", remedy: str = "") -> DetectionError:
        """A fault at a key of `correlation`."""
        at = ("correlation", key) if key else ("correlation",)
        return DetectionError(what, place=self.document.place(*at), remedy=remedy)


def read_correlation(document: Document, heading: Heading) -> tuple[Draft | None, list[DetectionError]]:
    """The draft of a correlation document, or None and every fault in it."""
    said = document.value["correlation"]
    misshapen = list(_misshapen(document, said))
    if misshapen:
        return None, misshapen
    if fault := _range_fault(document, said.get("condition")):
        return None, [fault]
    lower, upper = _bounds(said.get("condition"))
    try:
        # The specification has ranges, pySigma one bound: it is given the lower one.
        told = {**document.value, "correlation": {**said, "condition": lower}} if upper else document.value
        parsed = SigmaCorrelationRule.from_dict(dict(told), collect_errors=True)
    except (SigmaError, TypeError, AttributeError, ValueError, KeyError) as failure:
        return None, [fault_of(document, failure, "correlation")]
    # What is wrong with the heading is told where the heading is read.
    errors = [
        error for error in parsed.errors if "Correlation" in type(error).__name__ or _is_timespan(error)
    ]
    faults = [fault_of(document, error, "correlation") for error in errors]
    draft = Draft(document, heading, parsed, upper)
    if not faults:
        unknown = sorted(set(said) - _KEYS)
        faults = [draft.fault(f"a correlation has no '{key}'", key) for key in unknown]
        faults += _refusals(draft)
    return (None if faults else draft), faults


def _misshapen(document: Document, said: Any) -> Iterable[DetectionError]:
    """What pySigma takes on trust: names that are no text."""
    if not isinstance(said, dict):
        yield DetectionError("must be a mapping", place=document.place("correlation"))
        return
    condition, aliases = said.get("condition"), said.get("aliases")
    wanted = {
        "rules": _is_names(said.get("rules")),
        "group-by": _is_names(said.get("group-by")),
        "condition": not isinstance(condition, dict) or isinstance(condition.get("field", ""), str),
        "aliases": aliases is None
        or (isinstance(aliases, dict) and all(_is_mapping_of_names(each) for each in aliases.values())),
    }
    for key, is_right in wanted.items():
        if not is_right:
            what = f"'{key}' holds what is no name"
            yield DetectionError(what, place=document.place("correlation", key), remedy="Names are text")


def _range_fault(document: Document, condition: Any) -> DetectionError | None:
    """What is wrong with several bounds: a range has a lower and an upper one, and a number within."""
    bounds = [key for key in condition if key in _OPERATORS] if isinstance(condition, dict) else []
    if len(bounds) < 2:
        return None
    place = document.place("correlation", "condition")
    lower, upper = ([key for key in bounds if key in of] for of in (_LOWER, _UPPER))
    if len(lower) != 1 or len(upper) != 1 or len(bounds) != 2:
        what = f"{', '.join(bounds)} together are no range"
        return DetectionError(what, place=place, remedy="Write one of gt, gte and one of lt, lte")
    counts = [condition[key] for key in (*lower, *upper)]
    if not all(isinstance(count, int) and not isinstance(count, bool) for count in counts):
        return DetectionError("counts are whole numbers", place=place)
    if counts[0] + (lower[0] == "gt") > counts[1] - (upper[0] == "lt"):
        return DetectionError("no count lies within the range", place=place)
    return None


def _bounds(condition: Any) -> tuple[Any, tuple[str, int] | None]:
    """The condition without the upper bound of a range, and that bound."""
    keys = [key for key in condition if key in _OPERATORS] if isinstance(condition, dict) else []
    if len(keys) < 2:
        return condition, None
    [name] = [key for key in keys if key in _UPPER]
    return {key: value for key, value in condition.items() if key != name}, (name, condition[name])


def _is_names(value: Any) -> bool:
    return (
        value is None
        or isinstance(value, str)
        or (isinstance(value, list) and all(isinstance(one, str) for one in value))
    )


def _is_mapping_of_names(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _is_timespan(error: Exception) -> bool:
    return type(error).__name__ == "SigmaTimespanError"


def _refusals(draft: Draft) -> Iterable[DetectionError]:
    parsed = draft.parsed
    if parsed.type not in _KINDS:
        what = f"{parsed.type.name.lower()} ranks values, and which one lies between two is not specified"
        yield draft.fault(what, "type")
    if not isinstance(parsed.condition, SigmaCorrelationCondition):
        yield draft.fault("a condition in words is not read here", "condition", "Write gte and a number")
    elif not isinstance(parsed.condition.count, int):
        yield draft.fault("counts are whole numbers", "condition")
    elif isinstance(parsed.condition.fieldref, list):
        yield draft.fault("values of one field are counted", "condition")
    elif parsed.type is SigmaCorrelationType.TEMPORAL_ORDERED and not _is_every_rule(draft):
        yield draft.fault(
            "an order is only known of all rules together", "condition", "Leave the condition out"
        )
    if parsed.timespan.unit in _MONTHS_AND_YEARS:
        yield draft.fault("months and years have no fixed length", "timespan", "Write days")
    if len(set(draft.references())) < len(draft.references()):
        yield draft.fault("refers to one rule twice", "rules")
    if not parsed.rules:
        yield draft.fault("refers to no rule", "rules")


def _is_every_rule(draft: Draft) -> bool:
    parsed = draft.parsed
    condition = parsed.condition
    return (
        draft.upper is None
        and isinstance(condition, SigmaCorrelationCondition)
        and condition.op.name == "GTE"
        and condition.count == len(parsed.rules or [])
    )


def resolve_correlations(
    rules: Iterable[Rule], drafts: Iterable[Draft]
) -> tuple[list[Rule], list[Correlation], list[DetectionError]]:
    """Rules and correlations with their references as ids, correlations after what they refer to.

    Rules that are only read by correlations without `generate` are marked as no output.
    """
    rules, drafts = list(rules), list(drafts)
    ids = _ids([*(rule.heading for rule in rules), *(draft.heading for draft in drafts)])
    faults: list[DetectionError] = []
    found: dict[str, Correlation] = {}
    waiting = {draft.heading.id: draft for draft in drafts}
    for draft in drafts:
        faults += [
            draft.fault(f"there is no rule '{name}'", "rules", "Name a rule of this folder by its id or name")
            for name in draft.references()
            if name not in ids
        ]
    while not faults and waiting:
        ready = [
            one for one in waiting.values() if not {ids[name] for name in one.references()} & set(waiting)
        ]
        if not ready:
            faults += [one.fault("refers to itself, in the end", "rules") for one in waiting.values()]
        for draft in ready:
            correlation, more = _resolved(draft, ids, found)
            faults += more
            found[correlation.heading.id] = correlation
            del waiting[draft.heading.id]
    silent = {ids[n] for d in drafts if not d.parsed.generate for n in d.references() if n in ids}
    shown = [replace(rule, is_output=rule.heading.id not in silent) for rule in rules]
    return shown, [replace(c, is_output=key not in silent) for key, c in found.items()], faults


def _ids(headings: Iterable[Heading]) -> dict[str, str]:
    found = {}
    for heading in headings:
        found[heading.id] = heading.id
        if heading.name:
            found[heading.name] = heading.id
    return found


def _resolved(
    draft: Draft, ids: Mapping[str, str], before: Mapping[str, Correlation]
) -> tuple[Correlation, list[DetectionError]]:
    parsed, condition = draft.parsed, draft.parsed.condition
    assert isinstance(condition, SigmaCorrelationCondition)
    references = tuple(dict.fromkeys(ids[name] for name in draft.references()))
    group_by = tuple((name, _fields(parsed, name, ids, references)) for name in parsed.group_by or [])
    counted = _fields(parsed, condition.fieldref, ids, references) if condition.fieldref else None
    correlation = Correlation(
        draft.heading,
        _KINDS[parsed.type],
        references,
        parsed.timespan.seconds,
        condition.op.name.lower(),
        int(condition.count),
        group_by,
        counted if parsed.type in _OF_VALUES else None,
        upper=draft.upper,
    )
    return correlation, list(_unknown_fields(draft, correlation, before))


def _fields(
    parsed: SigmaCorrelationRule, name: Any, ids: Mapping[str, str], references: Iterable[str]
) -> dict[str, str]:
    """Per referenced rule, the field that the name stands for: an alias's, or else the name itself."""
    alias = parsed.aliases.aliases.get(name)
    mapped = {ids.get(one.reference, ""): field for one, field in alias.mapping.items()} if alias else {}
    return {reference: mapped.get(reference, name) for reference in references}


def _unknown_fields(
    draft: Draft, correlation: Correlation, before: Mapping[str, Correlation]
) -> Iterable[DetectionError]:
    for alias in draft.parsed.aliases:
        written = set(draft.references())
        for aliased in alias.mapping:
            if aliased.reference not in written:
                yield draft.fault(f"the alias '{alias.alias}' is for a rule that is not listed", "aliases")
    for reference in correlation.references:
        inner = before.get(reference)
        names = {name for name, _ in inner.group_by} if inner else set()
        if inner and not correlation.fields_of(reference) <= names:
            what = f"hits of the correlation '{inner.heading.title}' have no field but those it groups by"
            yield draft.fault(what, "group-by")
