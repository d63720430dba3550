"""Reads a condition: SQL text in, typed tree out, and everything outside the allow-list refused by place.

sqlglot reads far more than a condition may say (several statements, casts, chained comparisons,
adjacent strings that concatenate) and never complains about types. So its tokens are checked against an
allow-list first, exactly one tree is demanded, and the tree is walked into our own types.
"""

from __future__ import annotations

import itertools
import re
from functools import lru_cache

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from evidence.decision.conditions import (
    COLUMNS,
    INTEGERS,
    And,
    Between,
    Compare,
    Condition,
    Flag,
    HasSignal,
    Known,
    Literal,
    Matches,
    Not,
    OneOf,
    Or,
)
from expectations.contracts import Column, ColumnType, Role

INTEGER_MAX = 2**63 - 1
NESTING_MAX = 16  # brackets and 'not' within one another; sqlglot calls itself some twenty times for each
FUNCTIONS = ("known", "has_signal", "regexp_matches")
READABLE_ROLES = (Role.FEATURE, Role.GRADED, Role.AGEING)

_WORD = re.compile(r"[a-z][a-z0-9_]*")
_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TOKENS = {
    TokenType.VAR, TokenType.STRING, TokenType.NUMBER, TokenType.L_PAREN, TokenType.R_PAREN, TokenType.COMMA,
    TokenType.AND, TokenType.OR, TokenType.NOT, TokenType.IN, TokenType.BETWEEN, TokenType.LIKE,
    TokenType.DASH, TokenType.EQ, TokenType.NEQ, TokenType.LT, TokenType.LTE, TokenType.GT, TokenType.GTE,
}  # fmt: skip
_REFUSED_TOKENS = {
    TokenType.SEMICOLON: "one condition only: a semicolon begins a second statement",
    TokenType.NULL: "NULL is not a constant here: ask known(column)",
    TokenType.IS: "'is' is not part of the language: ask known(column), or write the boolean column alone",
    TokenType.TRUE: "write the boolean column alone, without true",
    TokenType.FALSE: "write 'not' and the boolean column, without false",
    TokenType.DCOLON: "a cast hides an error of type",
    TokenType.SELECT: "a condition reads one row: no subqueries",
    TokenType.IDENTIFIER: "columns are written without quotes; text constants in single quotes",
}


class ConditionError(Exception):
    """What is wrong with a condition and at which character of it, from 0."""

    def __init__(self, what: str, offset: int) -> None:
        self.what = what
        self.offset = offset
        super().__init__(f"{what} (at character {offset + 1})")


@lru_cache(maxsize=4096)
def parse_condition(text: str) -> Condition:
    """The condition that `text` states. Raises ConditionError with the offending character."""
    tokens = _checked_tokens(text)
    if not tokens:
        raise ConditionError("a condition cannot be empty", 0)
    try:
        trees = sqlglot.parse(text, dialect="duckdb")
        if len(trees) != 1 or trees[0] is None:
            raise ConditionError("one condition is expected", 0)
        return _Walker(tokens).condition(trees[0])
    except SqlglotError as failure:
        raise ConditionError(
            f"is not a condition: {_first_line(failure)}", _fault_offset(failure)
        ) from failure
    except RecursionError as failure:
        raise ConditionError("is nested too deeply", 0) from failure


def _checked_tokens(text: str) -> list[Token]:
    try:
        tokens = list(DuckDB().tokenize(text))
    except SqlglotError as failure:
        raise ConditionError(
            f"is not a condition: {_first_line(failure)}", _fault_offset(failure)
        ) from failure
    previous = None
    for token in tokens:
        _check_token(token, previous)
        previous = token
    _check_calls(tokens)
    _check_nesting(tokens)
    if tokens and _has_comment(text, tokens):
        raise ConditionError(
            "comments belong into YAML, not into the condition", _comment_offset(text, tokens)
        )
    return tokens


def _check_token(token: Token, previous: Token | None) -> None:
    if token.token_type in _REFUSED_TOKENS:
        raise ConditionError(_REFUSED_TOKENS[token.token_type], token.start)
    # Some names of columns (namespace) are words of SQL as well.
    if token.token_type not in _TOKENS and token.text not in COLUMNS:
        raise ConditionError(f"'{token.text}' is not part of the language of conditions", token.start)
    if token.token_type is TokenType.VAR and not _WORD.fullmatch(token.text):
        raise ConditionError(
            f"'{token.text}' is not a name: lower-case letters, digits and _ only", token.start
        )
    if token.token_type is TokenType.NUMBER and not token.text.isdecimal():
        raise ConditionError(f"{token.text} is not an integer: nothing that rounds may decide", token.start)
    if previous and token.token_type is previous.token_type is TokenType.STRING:
        raise ConditionError("two strings side by side would be joined silently", token.start)


def _check_calls(tokens: list[Token]) -> None:
    """sqlglot knows hundreds of functions, each by a type of its own: they are told apart here, by name."""
    for name, bracket in itertools.pairwise(tokens):
        is_call = bracket.token_type is TokenType.L_PAREN and name.token_type is TokenType.VAR
        if is_call and name.text not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            raise ConditionError(
                f"there is no function {name.text} in the language of conditions: {known}", name.start
            )


def _check_nesting(tokens: list[Token]) -> None:
    """Counted before sqlglot reads the text: it calls itself for each, until Python has no more room."""
    nots = [0]  # per open bracket: a `not` holds on to the end of what it negates
    for token in tokens:
        match token.token_type:
            case TokenType.L_PAREN:
                nots.append(0)
            case TokenType.R_PAREN if len(nots) > 1:
                nots.pop()
            case TokenType.NOT:
                nots[-1] += 1
            case TokenType.AND | TokenType.OR:
                nots[-1] = 0
        if len(nots) - 1 + sum(nots) > NESTING_MAX:
            what = f"is nested too deeply: at most {NESTING_MAX} brackets and 'not' within one another"
            raise ConditionError(what, token.start)


def _has_comment(text: str, tokens: list[Token]) -> bool:
    return bool(_uncovered(text, tokens))


def _comment_offset(text: str, tokens: list[Token]) -> int:
    return _uncovered(text, tokens)[0]


def _uncovered(text: str, tokens: list[Token]) -> list[int]:
    """Offsets of characters, other than space, that belong to no token: comments do not become tokens."""
    covered = {offset for token in tokens for offset in range(token.start, token.end + 1)}
    return [offset for offset, char in enumerate(text) if offset not in covered and not char.isspace()]


class _Walker:
    """Walks one sqlglot tree. Trees have no places of their own, so that tokens are looked up by text."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens

    def condition(self, node: exp.Expr) -> Condition:
        match node:
            case exp.Paren():
                return self.condition(node.this)
            case exp.And():
                return And(self.condition(node.this), self.condition(node.expression))
            case exp.Or():
                return Or(self.condition(node.this), self.condition(node.expression))
            case exp.Not():
                return Not(self.condition(node.this))
            case exp.Column():
                return self._flag(node)
            case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
                return self._compare(node)
            case exp.In():
                return self._negated(node, self._one_of(node))
            case exp.Between():
                return self._negated(node, self._between(node))
            case exp.Like():
                return self._negated(node, self._matches(node, "like"))
            case exp.RegexpLike():
                return self._matches(node, "regexp")
            case exp.Anonymous():
                return self._function(node)
        raise self._error(f"{node.key} is not part of the language of conditions", node)

    def _negated(self, node: exp.Expr, condition: Condition) -> Condition:
        return Not(condition) if node.args.get("negate") else condition

    def _flag(self, node: exp.Column) -> Condition:
        column = self._column(node)
        if column.type is not ColumnType.BOOLEAN:
            raise self._error(
                f"{column.name} is {_kind(column)}, not a condition: compare it with a constant", node
            )
        return Flag(column.name)

    def _compare(self, node: exp.Expr) -> Condition:
        operator = _OPERATORS[type(node)]
        left, right = node.this, node.expression
        if isinstance(right, exp.Column) and not isinstance(left, exp.Column):
            left, right, operator = right, left, _MIRRORED[operator]
        if not isinstance(left, exp.Column):
            raise self._error(
                "a comparison takes one column and one constant; write a chain with 'and'", node
            )
        column = self._column(left)
        literal = self._literal(right, column)
        if column.type is ColumnType.TEXT and operator not in ("=", "<>"):
            raise self._error(f"{column.name} is text, which has no order here: use = or <>", node)
        return Compare(column.name, operator, literal)

    def _one_of(self, node: exp.In) -> Condition:
        if set(node.args) - {"this", "expressions", "negate"} or not node.expressions:
            raise self._error("'in' takes a list of constants", node)
        column = self._compared_column(node.this)
        return OneOf(column.name, tuple(self._literal(each, column) for each in node.expressions))

    def _between(self, node: exp.Between) -> Condition:
        if node.args.get("symmetric") is not None:
            raise self._error("'symmetric' is not part of the language of conditions", node)
        column = self._compared_column(node.this)
        low, high = self._literal(node.args["low"], column), self._literal(node.args["high"], column)
        if not isinstance(low, int) or not isinstance(high, int):
            raise self._error(f"{column.name} is text, which has no order here: use 'in'", node)
        if low > high:
            raise self._error(f"between {low} and {high} is never true", node)
        return Between(column.name, low, high)

    def _matches(self, node: exp.Expr, operator: str) -> Condition:
        column = self._compared_column(node.this)
        pattern = node.expression
        if column.type is not ColumnType.TEXT:
            raise self._error(f"{column.name} is {_kind(column)}: patterns read text", node)
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise self._error("a pattern must be a text constant", node)
        if {name for name, value in node.args.items() if value} - {"this", "expression", "negate"}:
            raise self._error("a pattern takes no options", node)
        if operator == "regexp":
            self._check_pattern(pattern)
        return Matches(column.name, operator, str(pattern.this))

    def _check_pattern(self, pattern: exp.Literal) -> None:
        try:
            duckdb.execute("select regexp_matches('', ?)", [str(pattern.this)]).fetchall()
        except duckdb.Error as failure:
            raise self._error(f"is not an RE2 pattern: {_first_line(failure)}", pattern) from failure

    def _function(self, node: exp.Anonymous) -> Condition:
        name, arguments = str(node.this), node.expressions
        if name == "known" and len(arguments) == 1 and isinstance(arguments[0], exp.Column):
            column = self._column(arguments[0])
            if not column.is_nullable:
                raise self._error(f"{column.name} is always known", node)
            return Known(column.name)
        if name == "has_signal" and len(arguments) == 1 and _is_text(arguments[0]):
            return HasSignal(str(arguments[0].this))
        if name in ("known", "has_signal"):
            takes = "one column" if name == "known" else "one text constant"
            raise self._error(f"{name}(…) takes {takes}", node)
        raise self._error(f"the function {name} takes other arguments", node)

    def _compared_column(self, node: exp.Expr) -> Column:
        if not isinstance(node, exp.Column):
            raise self._error("a column is expected on the left", node)
        return self._column(node)

    def _column(self, node: exp.Column) -> Column:
        identifier = node.this
        if len(node.parts) != 1 or not isinstance(identifier, exp.Identifier) or identifier.quoted:
            raise self._error("columns are written as one bare name", node)
        column = COLUMNS.get(str(identifier.this))
        if column is None:
            raise self._error(f"there is no column {identifier.this}{_nearest(str(identifier.this))}", node)
        if column.type is ColumnType.TEXTS:
            raise self._error(f"{column.name} is a list: ask has_signal('…')", node)
        if column.role not in READABLE_ROLES:
            raise self._error(f"{column.name} is for {_use(column)}; no condition may read it", node)
        return column

    def _literal(self, node: exp.Expr, column: Column) -> Literal:
        value = _constant(node)
        if value is None:
            raise self._error(
                "a comparison takes one column and one constant; write a chain with 'and'", node
            )
        is_fitting = isinstance(value, int) if column.type in INTEGERS else isinstance(value, str)
        if column.type is ColumnType.BOOLEAN or not is_fitting:
            raise self._error(f"{column.name} is {_kind(column)}, {value!r} is not", node)
        if isinstance(value, int) and abs(value) > INTEGER_MAX:
            raise self._error(f"{value} does not fit in 64 bits", node)
        if column.allowed and value not in column.allowed:
            raise self._error(
                f"{column.name} is never {value!r}: it is one of {', '.join(column.allowed)}", node
            )
        return value

    def _error(self, what: str, node: exp.Expr) -> ConditionError:
        return ConditionError(what, self._offset(node))

    def _offset(self, node: exp.Expr) -> int:
        """Where the node begins: recorded by sqlglot for names, looked up in the tokens for constants."""
        starts = [each.meta["start"] for each in node.walk() if "start" in each.meta]
        texts = {str(each.this) for each in node.walk() if isinstance(each, exp.Literal)}
        constants = (TokenType.STRING, TokenType.NUMBER)
        starts += [each.start for each in self.tokens if each.token_type in constants and each.text in texts]
        if isinstance(node, exp.Anonymous):
            starts += [each.start for each in self.tokens if each.text == str(node.this)]
        return min(starts, default=0)


def _constant(node: exp.Expr) -> Literal | None:
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return -int(str(node.this.this))
    if not isinstance(node, exp.Literal):
        return None
    return str(node.this) if node.is_string else int(str(node.this))


def _is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and bool(node.is_string)


def _kind(column: Column) -> str:
    if column.type in INTEGERS:
        return "an integer"
    return "true or false" if column.type is ColumnType.BOOLEAN else "text"


def _use(column: Column) -> str:
    return "people" if column.role is Role.DESCRIPTIVE else "the kernel"


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COLUMNS, n=1)
    return f" (did you mean {near[0]}?)" if near else " in enrichment.incident_states"


def _first_line(failure: Exception) -> str:
    return str(failure).splitlines()[0]


def _fault_offset(failure: SqlglotError) -> int:
    found = re.search(r"Col: (\d+)", str(failure))
    return max(int(found.group(1)) - 1, 0) if found else 0
