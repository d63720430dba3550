"""Reads the terms and bodies of Rego source from its tokens, as OPA's parser does."""

from __future__ import annotations

from dataclasses import replace

from evidence.decision.rego.syntax import (
    Body,
    Call,
    Closure,
    Collection,
    Every,
    Expression,
    Ref,
    Scalar,
    Some,
    Statement,
    Term,
    Unification,
    Var,
)
from evidence.decision.rego.tokens import Kind, NotHere, NotRego, Token, tokens

KEYWORDS = frozenset(
    {"as", "contains", "default", "else", "every", "false", "if", "import", "in", "not", "null", "package",
     "some", "true", "with"}
)  # fmt: skip
_TIERS = (("==", "!=", "<", ">", "<=", ">="), ("|",), ("&",), ("+", "-"), ("*", "/", "%"))
_CLOSING = {"[": "]", "{": "}", "(": ")"}
DEPTH_MAX = 40  # terms within one another
REREADS_MAX = 50  # of what began as a comprehension


def is_declarable(term: Term) -> bool:
    """Whether `:=` may give it a value."""
    return isinstance(term, Var) or (isinstance(term, Collection) and term.bracket != "{")


class _BareHead(NotRego):
    """Before `|` stands an operator."""


class TermParser:
    """Reads forward through the tokens; each method leaves off behind what it has read."""

    def __init__(self, source: str) -> None:
        self._tokens = tuple(tokens(source))
        self._place = 0
        self._depth = 0
        self._rereads = 0
        self._in_parentheses: set[int] = set()  # offsets of operators

    @property
    def token(self) -> Token:
        """The next token."""
        return self._tokens[self._place]

    def is_next(self, *texts: str) -> bool:
        """Whether the next token is a sign or a name of that spelling."""
        return self.token.kind in (Kind.SIGN, Kind.NAME) and self.token.text in texts

    def take(self) -> Token:
        """The next token, which is left behind."""
        taken = self.token
        self._place += 1 if taken.kind is not Kind.END else 0
        return taken

    def _behind(self) -> int:
        """Offset behind what was taken last."""
        last = self._tokens[self._place - 1]
        return last.offset + len(last.text)

    def took(self, *texts: str) -> bool:
        """Whether the next token was of that spelling; if so it is left behind."""
        if self.is_next(*texts):
            self.take()
            return True
        return False

    def expect(self, text: str) -> Token:
        """The next token. Raises NotRego where it is not of that spelling."""
        if not self.is_next(text):
            raise self.refused(f"`{text}`")
        return self.take()

    def refused(self, expected: str) -> NotRego:
        """What is told where something else stands."""
        shown = f"`{self.token.text}`" if self.token.text else "the end of the module"
        return NotRego(f"expected {expected}, not {shown}", self.token.offset)

    def name(self) -> Token:
        """A name that is no keyword."""
        if self.token.kind is not Kind.NAME or self.token.text in KEYWORDS:
            raise self.refused("a name")
        return self.take()

    def body(self) -> Body:
        """Statements up to the closing brace, which is read, too."""
        found = [self.statement()]
        while not self.is_next("}"):
            if not self.took(";") and not self.token.is_first:
                raise self.refused("a new line, `;` or `}`")
            if self.is_next("(") and self._tokens[self._place - 1].text == "]":
                raise NotHere(
                    "a line that begins with ( below a ]: write `;` between them", self.token.offset
                )
            found.append(self.statement())
        self.expect("}")
        return tuple(found)

    def statement(self) -> Statement:
        """One statement of a body. Raises NotHere where something is replaced `with`."""
        start = self.token.offset
        read = self._statement()
        read = replace(read, span=(start, self._behind()))
        if self.is_next("with"):
            raise NotHere("`with`: a policy depends on its declared input alone", self.token.offset)
        return read

    def _statement(self) -> Statement:
        if self.took("some"):
            return self._some()
        if self.took("every"):
            return self._every()
        is_negated = self.took("not")
        opening = self.token
        left = self.term(is_pair_allowed=True)
        if opening.text == "(" and isinstance(left, Var) and self.is_next(":=", "="):
            raise NotHere("a name in parentheses before `:=` or `=`: write it without", opening.offset)
        if not self.is_next(":=", "="):
            return Expression(left, is_negated)
        if self.is_next(":=") and not is_declarable(left):
            raise NotRego("`:=` gives a value to a name, or to an array or object of names", opening.offset)
        sign = self.take().text
        right = self.term(is_pair_allowed=True)
        if isinstance(right, Call) and len(right.arguments) > 2:
            self._check_in(right)
        return Unification(left, right, sign == ":=", is_negated)

    def _check_in(self, term: Term) -> None:
        """Raises NotHere at an `in` that would be read with what stands before the comma."""
        is_in = isinstance(term, Call) and term.name == "in"
        if is_in and term.offset not in self._in_parentheses:
            raise NotHere("`in` behind a comma: write parentheses around it", term.offset)

    def _some(self) -> Statement:
        patterns = [self._operand(0)]
        while self.took(","):
            patterns.append(self._operand(0))
        if self.took("in"):
            offset, within = self.token.offset, self._operand(0)
            if isinstance(within, Scalar):
                raise NotRego("`some … in` goes through a collection, not through a single value", offset)
            return Some(tuple(patterns), within)
        if not all(isinstance(each, Var) for each in patterns):
            raise self.refused("`in`")
        return Some(tuple(patterns), None)

    def _every(self) -> Statement:
        variables = [self._variable()]
        if self.took(","):
            variables.append(self._variable())
        self.expect("in")
        within = self._operand(0)
        self.expect("{")
        return Every(tuple(variables), within, self.body())

    def _variable(self) -> Var:
        return self._var(self.name())

    def _var(self, token: Token) -> Var:
        return Var(f"_{token.offset}" if token.text == "_" else token.text, token.offset)

    def term(self, is_pair_allowed: bool = False, is_head: bool = False) -> Term:
        """A term with its operators and `in`; `key, value in …` where pairs are allowed.

        What is the head of a comprehension ends at `|`.
        """
        left = [self._operand(0, is_head)]
        before = self._place
        if is_pair_allowed and self.took(","):
            try:
                pair = self._operand(0)
                is_pair = self.is_next("in")
            except NotRego:
                is_pair = False
            if is_pair:
                left.append(pair)
            else:
                self._place = before
        while self.is_next("in"):
            offset = self.take().offset
            left = [Call("in", (*left, self._operand(0, is_head)), offset)]
        return left[0]

    def _operand(self, tier: int, is_head: bool = False) -> Term:
        """What stands between operators; of a comprehension's head `|` is not a part."""
        if tier == len(_TIERS):
            return self._single()
        left = self._operand(tier + 1, is_head)
        while self.is_next(*_TIERS[tier]) and not (is_head and self.is_next("|")):
            sign = self.take()
            left = Call(sign.text, (left, self._operand(tier + 1, is_head)), sign.offset)
        return left

    def _single(self) -> Term:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise NotRego("is nested too deeply", self.token.offset)
        start = self.token.offset
        try:
            return self._followed(self._primary(), start)
        finally:
            self._depth -= 1

    def _followed(self, head: Term, start: int) -> Term:
        """The term with the references and calls that stand right behind it."""
        path: list[Term] = []
        name = head.name if isinstance(head, Var) else ""
        while self.token.is_close and self.is_next(".", "[", "("):
            if isinstance(head, Scalar):
                raise self.refused("a reference that does not begin with a value")
            sign = self.take()
            if sign.text == ".":
                field = self._field()
                path.append(Scalar(field.text, field.offset))
                name = f"{name}.{field.text}" if name else ""
            elif sign.text == "[":
                path.append(self._index())
                name = ""
            elif name:
                head, path, name = Call(name, self._arguments(")"), head.offset), [], ""
            else:
                raise NotRego("only a name with dots is called", sign.offset)
        return Ref(head, tuple(path), head.offset, (start, self._behind())) if path else head

    def _index(self) -> Term:
        offset, index = self.token.offset, self.term(is_pair_allowed=True)
        self.expect("]")
        if isinstance(index, Closure):
            raise NotHere("a comprehension as an index: give it a name first", offset)
        if isinstance(index, Call) and index.name == "in":
            raise NotHere("`in` as an index: give it a name first", offset)
        return index

    def _field(self) -> Token:
        if self.token.kind is not Kind.NAME:
            raise self.refused("a name")
        return self.take()

    def _arguments(self, end: str) -> tuple[Term, ...]:
        found: list[Term] = []
        while not self.is_next(end):
            found.append(self.term())
            if not self.took(","):
                break
        self.expect(end)
        return tuple(found)

    def _primary(self) -> Term:
        token = self.token
        if token.kind in (Kind.NUMBER, Kind.TEXT) or self.is_next("true", "false", "null"):
            return Scalar(self.take().text, token.offset)
        if token.kind is Kind.NAME and (token.text not in KEYWORDS or self._is_contains_called()):
            return self._var(self.take())
        if self.took("-"):
            return Call("-", (Scalar(token.text, token.offset), self._negative()), token.offset)
        if self.took("("):
            inner = self.term(is_pair_allowed=True)
            self.expect(")")
            self._in_parentheses.add(inner.offset)
            return inner
        if self.is_next("[", "{"):
            return self._collection(self.take())
        raise self.refused("a value")

    def _negative(self) -> Term:
        is_name = self.token.kind is Kind.NAME and self.token.text not in KEYWORDS
        if not is_name and self.token.kind is not Kind.NUMBER:
            raise self.refused("a number or a name behind a minus (of anything else write `0 - …`)")
        return self._single()

    def _is_contains_called(self) -> bool:
        after = self._tokens[self._place + 1]
        return self.is_next("contains") and after.text == "(" and after.is_close

    def _collection(self, opening: Token) -> Term:
        end = _CLOSING[opening.text]
        if self.took(end):
            return Collection(":" if end == "}" else opening.text, (), opening.offset)
        before = self._place
        items = self._item(opening, is_head=True)
        if self.is_next("|"):
            try:
                self._check_heads(items)
                return self._comprehension(items, opening, end)
            except NotRego as failure:
                return self._reread(failure, before, opening, end)
        return self._items(items, opening, end)

    def _check_heads(self, heads: list[Term]) -> None:
        for each in heads:
            is_bare = (
                isinstance(each, Call)
                and len(each.arguments) > 1
                and (each.name == "in" or not each.name[0].isalpha())
            )
            if is_bare and each.offset not in self._in_parentheses:
                raise _BareHead(
                    "the head of a comprehension with an operator stands in parentheses", each.offset
                )

    def _reread(self, failure: NotRego, before: int, opening: Token, end: str) -> Term:
        """What is no comprehension is a collection whose first item is a union, such as `{a | b, c}`."""
        self._rereads += 1
        self._place = before
        if self._rereads > REREADS_MAX:
            raise failure
        try:
            return self._items(self._item(opening), opening, end)
        except NotRego as other:
            is_certain = isinstance(failure, _BareHead | NotHere)
            raise failure if is_certain else max(failure, other, key=lambda each: each.offset) from other

    def _item(self, opening: Token, is_head: bool = False) -> list[Term]:
        """An item, or a key and its value."""
        item = [self.term(is_head=is_head)]
        if opening.text == "{" and self.took(":"):
            item.append(self.term(is_head=is_head))
        return item

    def _items(self, items: list[Term], opening: Token, end: str) -> Term:
        size = len(items)
        while self.took(",") and not self.is_next(end):
            offset = self.token.offset
            item = self._item(opening)
            if len(item) != size:
                raise NotRego("an object has keys and values, a set has neither", offset)
            self._check_in(item[0])
            items += item
        self.expect(end)
        return Collection(":" if size == 2 else opening.text, tuple(items), opening.offset)

    def _comprehension(self, heads: list[Term], opening: Token, end: str) -> Closure:
        self.expect("|")
        body = [self.statement()]
        while not self.is_next(end) and (self.took(";") or self.token.is_first):
            body.append(self.statement())
        self.expect(end)
        return Closure(opening.text if len(heads) == 1 else ":", tuple(heads), tuple(body), opening.offset)
