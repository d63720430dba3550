"""Owns what Rego source is made of once it is read: rules, statements of their bodies, and terms."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
NOWHERE: Span = (-1, -1)  # of what is not in the source as it stands


@dataclass(frozen=True, slots=True)
class Var:
    """A name, which may be a variable, a rule or an import. Each `_` has a name of its own."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text with its quotes, a number, true, false or null; also the name behind a dot."""

    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class Ref:
    """`head.a[i]`: what stands in brackets, or behind dots, is the path; `span` is from where to where."""

    head: Term
    path: tuple[Term, ...]
    offset: int
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function, or an operator between its operands, whose name is its sign."""

    name: str
    arguments: tuple[Term, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Collection:
    """An array, a set, or an object, of which `items` are keys and values in turn."""

    bracket: str
    items: tuple[Term, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Closure:
    """A comprehension."""

    bracket: str
    heads: tuple[Term, ...]
    body: Body
    offset: int


@dataclass(frozen=True, slots=True)
class Expression:
    """A term that must hold."""

    term: Term
    is_negated: bool
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Unification:
    """`left = right`, or `left := right`, which declares the variables of its left side."""

    left: Term
    right: Term
    is_declaring: bool
    is_negated: bool
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Some:
    """`some x, y`, where `within` is None, or `some key, value in within`."""

    patterns: tuple[Term, ...]
    within: Term | None
    span: Span = NOWHERE


@dataclass(frozen=True, slots=True)
class Every:
    """`every key, value in within { body }`."""

    variables: tuple[Var, ...]
    within: Term
    body: Body
    span: Span = NOWHERE


class RuleKind(StrEnum):
    """What a rule makes of its name."""

    VALUE = "a rule of one value"
    SET = "a set (`contains`)"
    FUNCTION = "a function"


@dataclass(frozen=True, slots=True)
class Rule:
    """A head with its body; the branches of `else` are rules of their own with the same head.

    `steps` are the names behind the first, None for each that a variable stands for.
    """

    kind: RuleKind
    name: str
    steps: tuple[str | None, ...]
    arguments: tuple[Term, ...]
    path: tuple[Term, ...]
    results: tuple[Term, ...]
    body: Body
    offset: int
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """The package's path, the imports' names, the rules of a module, and its imports: path and other name."""

    package: tuple[str, ...]
    imports: tuple[str, ...]
    rules: tuple[Rule, ...]
    imported: tuple[tuple[tuple[str, ...], str], ...] = ()


Term: TypeAlias = Var | Scalar | Ref | Call | Collection | Closure
Statement: TypeAlias = Expression | Unification | Some | Every
Body: TypeAlias = tuple[Statement, ...]
