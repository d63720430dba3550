"""Owns what a condition of a playbook can say: its typed tree, the SQL it means and the columns it reads.

A condition is true, false or unknown (SQL's NULL). It is closed once, by the role it plays: a rule's
`when` and a precondition hold only when true; a reason to raise approval holds unless false.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from expectations.contracts import Column, ColumnType
from expectations.tables.enrichment import STATE_COLUMNS

COLUMNS: dict[str, Column] = {column.name: column for column in STATE_COLUMNS}
INTEGERS = (ColumnType.INTEGER, ColumnType.BIGINT)
Literal: TypeAlias = int | str


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean column read as a condition."""

    column: str


@dataclass(frozen=True, slots=True)
class Known:
    """known(column): the column is not NULL; itself never unknown."""

    column: str


@dataclass(frozen=True, slots=True)
class HasSignal:
    """has_signal('name'): a signal of exactly that name has arrived."""

    name: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A column against a constant; `operator` is one of = <> < <= > >=."""

    column: str
    operator: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class OneOf:
    """A column against a list of constants."""

    column: str
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """An integer column within two constants, both included."""

    column: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Matches:
    """A text column against a constant pattern; `operator` is like or regexp (RE2, anywhere in the text)."""

    column: str
    operator: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    operand: Condition


@dataclass(frozen=True, slots=True)
class And:
    """Conjunction."""

    left: Condition
    right: Condition


@dataclass(frozen=True, slots=True)
class Or:
    """Disjunction."""

    left: Condition
    right: Condition


Condition: TypeAlias = Flag | Known | HasSignal | Compare | OneOf | Between | Matches | Not | And | Or


def condition_sql(condition: Condition) -> str:
    """The condition as a DuckDB boolean expression over a row of incident states, fully bracketed."""
    match condition:
        case Flag(column):
            return column
        case Known(column):
            return f"({column} is not null)"
        case HasSignal(name):
            return f"list_contains(signal_names, {literal_sql(name)})"
        case Compare(column, operator, literal):
            return f"({column} {operator} {literal_sql(literal)})"
        case OneOf(column, literals):
            return f"({column} in ({', '.join(map(literal_sql, literals))}))"
        case Between(column, low, high):
            return f"({column} between {low} and {high})"
        case Matches(column, "like", pattern):
            return f"({column} like {literal_sql(pattern)})"
        case Matches(column, _, pattern):
            return f"regexp_matches({column}, {literal_sql(pattern)})"
        case Not(operand):
            return f"(not {condition_sql(operand)})"
        case And(left, right):
            return f"({condition_sql(left)} and {condition_sql(right)})"
        case Or(left, right):
            return f"({condition_sql(left)} or {condition_sql(right)})"


def literal_sql(literal: Literal) -> str:
    """A constant as SQL; only constants of a checked bundle get here, never evidence."""
    if isinstance(literal, int):
        return str(literal)
    return "'" + literal.replace("'", "''") + "'"


def columns_read(condition: Condition) -> frozenset[str]:
    """Columns of the incident states that the condition reads."""
    match condition:
        case Not(operand):
            return columns_read(operand)
        case And(left, right) | Or(left, right):
            return columns_read(left) | columns_read(right)
        case HasSignal():
            return frozenset({"signal_names"})
        case _:
            return frozenset({condition.column})


def leaves(condition: Condition) -> tuple[Condition, ...]:
    """The conditions without and, or and not, from left to right."""
    match condition:
        case Not(operand):
            return leaves(operand)
        case And(left, right) | Or(left, right):
            return leaves(left) + leaves(right)
        case _:
            return (condition,)


def conjuncts(condition: Condition) -> tuple[Condition, ...]:
    """The parts that must all hold, from left to right."""
    if isinstance(condition, And):
        return conjuncts(condition.left) + conjuncts(condition.right)
    return (condition,)
