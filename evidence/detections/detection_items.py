"""Owns the reading of one detection item (`field|modifiers: values`) into tests.

What has no exact test is refused.
pySigma parses the modifiers. Where it would drop one in silence (`cased` before `wide`, a placeholder under
`base64`) the item is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sigma.conditions import ConditionAND
from sigma.exceptions import SigmaError
from sigma.modifiers import modifier_mapping
from sigma.rule import SigmaDetectionItem
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
)

from evidence.detections.modifiers import HONOURED, INSTEAD, clash_of
from evidence.detections.patterns import POLICY, Placeholders, pattern_expression, text_expression
from evidence.detections.refusals import refusal
from evidence.detections.terms import (
    KEYWORDS,
    AllOf,
    AnyOf,
    Expression,
    FieldTest,
    Match,
    NetworkTest,
    Not,
    NumberTest,
    Operator,
    Presence,
    PresenceTest,
    Shape,
)
from evidence.detections.values import NUMBER_MAX, address_text
from evidence.errors import DetectionError, Place

_OPERATORS = {
    CompareOperators.LT: Operator.LESS,
    CompareOperators.LTE: Operator.LESS_EQUAL,
    CompareOperators.GT: Operator.GREATER,
    CompareOperators.GTE: Operator.GREATER_EQUAL,
}


def read_item(key: str | None, value: Any, place: Place, placeholders: Placeholders) -> Expression:
    """The tests that an item stands for; `key` is None for keywords. Raises DetectionError at `place`."""
    modifiers = key.split("|")[1:] if key else []
    _check_modifiers(modifiers, place)
    _check_values(value, modifiers, place)
    if key and key.startswith("|") and {"startswith", "endswith"} & set(modifiers):
        what = "a keyword is found anywhere in a value"
        raise DetectionError(what, place=place, remedy="Name the field, or use re with ^ or $")
    try:
        item = SigmaDetectionItem.from_mapping(key, value, policy=POLICY)
    except (SigmaError, TypeError, AttributeError) as failure:
        raise refusal(failure, modifiers, value, place) from failure
    reader = _ValueReader(item.field or KEYWORDS, modifiers, place, placeholders)
    parts = tuple(reader.read(one) for one in item.value)
    together: Expression = AllOf(parts) if item.value_linking is ConditionAND else AnyOf(parts)
    if len(parts) == 1:
        together = parts[0]
    return Not(together) if item.negated else together


def _check_modifiers(modifiers: Sequence[str], place: Place) -> None:
    for modifier in modifiers:
        if modifier not in HONOURED:
            known = "known to pySigma but not honoured here" if modifier in modifier_mapping else "unknown"
            remedy = INSTEAD.get(modifier, "See docs/reference/sigma.md")
            raise DetectionError(f"the modifier '{modifier}' is {known}", place=place, remedy=remedy)
    if clash := clash_of(modifiers):
        raise DetectionError(clash.what, place=place, remedy=clash.remedy)


def _check_values(value: Any, modifiers: Sequence[str], place: Place) -> None:
    values = value if isinstance(value, list) else [value]
    if not values:
        raise DetectionError("has no value", place=place, remedy="Write null where the field must be absent")
    for one in values:
        if isinstance(one, list | dict):
            raise DetectionError("a value must be text, a number, true, false or null", place=place)
        if "re" in modifiers and not isinstance(one, str):
            raise DetectionError("a regular expression must be text", place=place, remedy="Quote it")
        if "expand" in modifiers and isinstance(one, str) and "\\%" in one:
            what = r"\% is an escaped percent sign to the specification, and none to pySigma"
            raise DetectionError(what, place=place, remedy="Write the text without expand")
        if isinstance(one, int) and abs(one) >= NUMBER_MAX:
            raise DetectionError("a number of more than 37 digits", place=place, remedy="Quote it as text")


class _ValueReader:
    """Turns the values of one item, as pySigma's modifiers left them, into tests of its field."""

    def __init__(
        self,
        field: str,
        modifiers: Sequence[str],
        place: Place,
        placeholders: Mapping[str, tuple[str, ...]] | None,
    ) -> None:
        self.field = field
        self.modifiers = modifiers
        self.place = place
        self.placeholders = placeholders

    def read(self, value: SigmaType) -> Expression:
        """The expression for one value. Raises DetectionError."""
        if isinstance(value, SigmaExpansion):
            return AnyOf(tuple(self.read(one) for one in value.values))
        if isinstance(value, SigmaString):
            return self._text(value)
        if isinstance(value, SigmaRegularExpression):
            return pattern_expression(self.field, value, self.placeholders, self.place)
        if self.field == KEYWORDS:
            return self._keyword(value)
        if isinstance(value, SigmaNull):
            null, anything = (PresenceTest(self.field, each) for each in (Presence.NULL, Presence.ANY))
            return AnyOf((Match(null), Not(Match(anything))))
        if isinstance(value, SigmaExists):
            found = Match(PresenceTest(self.field, Presence.ANY))
            return found if value.exists else Not(found)
        if isinstance(value, SigmaFieldReference):
            return Match(FieldTest(self.field, _shape_of(value), value.field))
        return self._plain(value)

    def _plain(self, value: SigmaType) -> Expression:
        if isinstance(value, SigmaBool):
            return text_expression(
                self.field, ["true" if value.boolean else "false"], False, None, self.place
            )
        if isinstance(value, SigmaCIDRExpression):
            low, high = value.network.network_address, value.network.broadcast_address
            return Match(NetworkTest(self.field, address_text(low), address_text(high), str(value.network)))
        if isinstance(value, SigmaCompareExpression):
            return self._number(value.number, _OPERATORS[value.op])
        if isinstance(value, SigmaNumber):
            return self._number(value, Operator.EQUAL)
        raise DetectionError(
            f"a value of pySigma's type {type(value).__name__} has no test", place=self.place
        )

    def _text(self, value: SigmaString) -> Expression:
        is_cased = isinstance(value, SigmaCasedString)
        if "cased" in self.modifiers and not is_cased:
            what = "'cased' would be lost under the modifiers behind it"
            raise DetectionError(what, place=self.place, remedy="Write cased as the last modifier")
        return text_expression(self.field, value.s, is_cased, self.placeholders, self.place)

    def _keyword(self, value: SigmaType) -> Expression:
        """A keyword that is no text: found, like text, anywhere within a value."""
        if isinstance(value, SigmaBool):
            return text_expression(KEYWORDS, [str(value.boolean).lower()], False, None, self.place)
        if isinstance(value, SigmaNumber) and not isinstance(value, SigmaTimestampPart):
            return text_expression(KEYWORDS, [str(self._whole(value))], False, None, self.place)
        if isinstance(value, SigmaCIDRExpression):
            return self._plain(value)
        raise DetectionError("a keyword must be text, a number or a network", place=self.place)

    def _number(self, value: SigmaNumber, operator: Operator) -> Expression:
        part = value.timestamp_part.name.lower() if isinstance(value, SigmaTimestampPart) else ""
        return Match(NumberTest(self.field, operator, self._whole(value), part))

    def _whole(self, value: SigmaNumber) -> int:
        # pySigma hands on a whole number beyond 2**53 as the nearest float.
        if isinstance(value.number, float):
            what = "a number that pySigma would round"
            raise DetectionError(what, place=self.place, remedy="Quote it: text is compared digit by digit")
        return value.number


def _shape_of(reference: SigmaFieldReference) -> Shape:
    if reference.starts_with and reference.ends_with:
        return Shape.CONTAINS
    if reference.starts_with:
        return Shape.STARTS
    return Shape.ENDS if reference.ends_with else Shape.EQUALS
