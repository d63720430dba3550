"""Owns how states become small integer keys: a bit per closed condition, bands by the bundles' constants.

Whole histories have few distinct keys (about three in a hundred rows), so that everything after the key
is decided once per key. Several bundles share one layout: what they have in common is evaluated once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from evidence.decision.bundle import Bundle
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import COLUMNS, condition_sql, literal_sql
from evidence.decision.policies import PolicyInput, Value
from evidence.errors import PlaybookError
from expectations.contracts import ColumnType

WORD_BITS = 60  # bits used of a 64-bit integer, so that no sign is in the way
HALF_BITS = WORD_BITS // 2
RADIX_MAX = 2**62


@dataclass(frozen=True, slots=True)
class Bit:
    """One closed condition: true only when known to be true, or (`is_raising`) unless known to be false."""

    text: str
    is_raising: bool

    def sql(self, weight: int) -> str:
        """`weight`, which fits a 32-bit integer, where the bit is set, else 0."""
        condition = condition_sql(parse_condition(self.text))
        if self.is_raising:
            return f"case when not {condition} then 0 else {weight} end"
        return f"case when {condition} then {weight} else 0 end"


@dataclass(frozen=True)
class Layout:
    """Where each condition, band and policy input of some bundles lies in the key.

    The bits of also clauses come first, so that they are all in word 0: together with the policy
    inputs they are what a policy's verdict depends on.
    """

    bits: tuple[Bit, ...]
    also_count: int
    confidence_cuts: tuple[int, ...]
    blast_cuts: tuple[int, ...]
    inputs: tuple[PolicyInput, ...]

    @classmethod
    def of(cls, bundles: Iterable[Bundle]) -> Layout:
        """The layout that all bundles share. Raises PlaybookError when they do not fit together."""
        bundles = tuple(bundles)
        also = dict.fromkeys(bit for bundle in bundles for bit in _also_bits(bundle))
        others = dict.fromkeys(bit for bundle in bundles for bit in _other_bits(bundle))
        bits = (*also, *(bit for bit in others if bit not in also))
        active = [action for bundle in bundles for action in bundle.actions.values() if action.is_active]
        inputs = dict.fromkeys(
            declared
            for bundle in bundles
            for policy in bundle.policies
            for declared in policy.declaration.inputs.values()
        )
        layout = cls(
            bits,
            len(also),
            tuple(sorted({cut for action in active for cut in (action.floor or 0, action.auto_from or 0)})),
            tuple(sorted({action.auto_blast or 0 for action in active})),
            tuple(inputs),
        )
        if len(also) > WORD_BITS or layout.rest_size > RADIX_MAX:
            raise PlaybookError("these bundles have too many also clauses or policy inputs for one pass")
        return layout

    @property
    def words(self) -> tuple[str, ...]:
        """Names of the key's bit columns."""
        return tuple(f"bits_{index}" for index in range(max(1, -(-len(self.bits) // WORD_BITS))))

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Names of all columns of the key."""
        return (*self.words, "rest")

    @property
    def rest_size(self) -> int:
        """How many values the rest can have."""
        return self.policy_size * 2 * (len(self.confidence_cuts) + 1) * (len(self.blast_cuts) + 1)

    @property
    def policy_size(self) -> int:
        """Combinations of policy inputs, unknown included."""
        size = 1
        for declared in self.inputs:
            size *= len(declared.domain) + 1
        return size

    def bit(self, text: str, *, is_raising: bool) -> int:
        """Number of the bit of a condition."""
        return self._places[text, is_raising]

    @cached_property
    def _places(self) -> dict[tuple[str, bool], int]:
        """Looked up by every candidate of every decision, so that they are not searched for each time."""
        return {(bit.text, bit.is_raising): place for place, bit in enumerate(self.bits)}

    def is_set(self, number: int) -> str:
        """SQL: 1 where the bit is set, else 0."""
        return f"(({self.words[number // WORD_BITS]} >> {number % WORD_BITS}) & 1)"

    def word_sql(self, index: int) -> str:
        """SQL over a state row: one bit column of the key."""
        bits = self.bits[index * WORD_BITS : (index + 1) * WORD_BITS]
        # 32-bit halves: or-ing those costs half of what adding up 64-bit integers does.
        low, high = (
            " | ".join(("0", *(bit.sql(1 << place) for place, bit in enumerate(half))))
            for half in (bits[:HALF_BITS], bits[HALF_BITS:])
        )
        return f"({low})::bigint | (({high})::bigint << {HALF_BITS})"

    def rest_sql(self) -> str:
        """SQL over a state row: policy inputs, confidence band, blast band and context in one integer."""
        policy_key, size = "0", 1
        for declared in self.inputs:
            policy_key += f"\n        + {size} * ({_input_code(declared)})"
            size *= len(declared.domain) + 1
        confidence = _sum(
            f"case when coalesce(confidence, 0) >= {cut} then 1 else 0 end" for cut in self.confidence_cuts
        )
        # Unknown blast radius is the worst: above every cut.
        blast = _sum(f"case when blast_radius <= {cut} then 0 else 1 end" for cut in self.blast_cuts)
        context = "case when has_minimum_context then 1 else 0 end"
        bands = f"(({confidence}) * {len(self.blast_cuts) + 1} + ({blast})) * 2 + {context}"
        return f"({policy_key})::bigint * {self.band_size} + {bands}"

    @property
    def band_size(self) -> int:
        """Combinations of the two bands and the context flag."""
        return 2 * (len(self.confidence_cuts) + 1) * (len(self.blast_cuts) + 1)

    def unpacked_sql(self) -> str:
        """SQL over a key row: the parts that `rest` holds, and the also bits, one a line."""
        blasts = len(self.blast_cuts) + 1
        return f"""
        rest // {self.band_size} as policy_key,
        rest % {self.band_size} // {2 * blasts} as confidence_band,
        rest // 2 % {blasts} as blast_band,
        rest % 2 = 1 as has_context,
        bits_0 & {(1 << self.also_count) - 1} as also_bits"""

    def inputs_at(self, policy_key: int) -> dict[PolicyInput, Value | None]:
        """The values of the policy inputs that a policy key stands for; None is unknown."""
        values: dict[PolicyInput, Value | None] = {}
        for declared in self.inputs:
            policy_key, code = divmod(policy_key, len(declared.domain) + 1)
            values[declared] = declared.domain[code - 1] if code else None
        return values


def _also_bits(bundle: Bundle) -> Iterator[Bit]:
    for action in bundle.actions.values():
        for also in action.also:
            yield Bit(also.when, is_raising=True)


def _other_bits(bundle: Bundle) -> Iterator[Bit]:
    for rule in bundle.rules:
        yield Bit(rule.when, is_raising=False)
    for action in bundle.actions.values():
        for need in action.needs:
            yield Bit(need.that, is_raising=False)
    for escalation in bundle.playbook.escalations:
        yield Bit(escalation.when, is_raising=True)


def _input_code(declared: PolicyInput) -> str:
    """SQL: 0 when unknown, else the place of the value in the input's domain, from 1."""
    if declared.that is not None:
        condition = condition_sql(parse_condition(declared.that))
        return f"case when {condition} then 2 when not {condition} then 1 else 0 end"
    column = COLUMNS[str(declared.column)]
    if column.type is ColumnType.BOOLEAN:
        return f"case when {column.name} then 2 when not {column.name} then 1 else 0 end"
    named = [value for value in declared.domain if not declared.values or value in declared.values]
    cases = " ".join(
        f"when {literal_sql(str(value))} then {place}" for place, value in enumerate(named, start=1)
    )
    # A value outside a closed list is as good as unknown; outside an open one it is 'other'.
    otherwise = (
        f"case when {column.name} is null then 0 else {len(declared.domain)} end" if declared.values else "0"
    )
    return f"case {column.name} {cases} else {otherwise} end"


def _sum(terms: Iterable[str]) -> str:
    return "\n        + ".join(("0::bigint", *terms))
