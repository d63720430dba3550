"""Reads the rules of Rego source: heads, bodies and branches of `else`, where each may stand."""

from __future__ import annotations

from functools import lru_cache

from evidence.decision.rego_syntax import (
    Body,
    Call,
    Closure,
    Collection,
    Ref,
    Rule,
    Scalar,
    Source,
    Term,
    Var,
)
from evidence.decision.rego_terms import TermParser
from evidence.decision.rego_tokens import Kind, NotRego


@lru_cache(maxsize=256)
def read_rego(source: str) -> Source:
    """The module. Raises NotRego with the place where it is none."""
    return _ModuleParser(source).module()


def is_constant(term: Term) -> bool:
    """Whether a default may have the value: no variable is in it, but for those of a comprehension."""
    if isinstance(term, Collection):
        return all(map(is_constant, term.items))
    return isinstance(term, Scalar | Closure) or (isinstance(term, Call) and is_minus(term))


def is_minus(term: Call) -> bool:
    """Whether it is the sign of a number."""
    return all(isinstance(each, Scalar) for each in term.arguments)


def has_variable(term: Term) -> bool:
    """Whether an element of a rule's name is one that the body gives a value."""
    return isinstance(term, Var | Ref)


class _ModuleParser(TermParser):
    def module(self) -> Source:
        self.expect("package")
        self.term()
        imports = []
        while self.took("import"):
            imports.append(self._import())
        rules: list[Rule] = []
        while self.token.kind is not Kind.END:
            rules += self._default() if self.took("default") else self._rules()
        return Source(tuple(imports), tuple(rules))

    def _import(self) -> str:
        path = self.term()
        if self.took("as"):
            return self.name().text
        return self._tokens[self._place - 1].text if isinstance(path, Ref) else ""

    def _default(self) -> list[Rule]:
        name = self.name()
        if self.token.is_close and self.took("("):
            self._arguments(")")
        else:
            self._default_path()
        if not self.took(":=", "="):
            raise self.refused("`:=` and a value")
        self._constant()
        return [Rule(name.text, (), (), (), (), name.offset)]

    def _constant(self) -> None:
        offset, value = self.token.offset, self.term()
        if not is_constant(value):
            raise NotRego("the value of a default is written out, without variables", offset)

    def _default_path(self) -> None:
        while self.token.is_close and self.took("."):
            self._field()

    def _rules(self) -> list[Rule]:
        name = self.name()
        arguments, path = self._followed_name()
        if arguments and self.is_next("contains"):
            raise self.refused("`:=` or `if`: a function gives one value")
        is_set = self.took("contains")
        results = [self.term()] if is_set else []
        if not is_set and self.took(":=", "="):
            results.append(self.term(is_pair_allowed=True))
        if not results and not self.is_next("if"):
            raise self.refused("`:=`, `contains` or `if` (Rego v1)")
        before = self._place
        body = self._if()
        rules = [Rule(name.text, arguments, path, tuple(results), body, name.offset)]
        is_partial = is_set or any(map(has_variable, path))
        has_body = before < self._place
        while self.is_next("else"):
            offset = self.take().offset
            if is_partial:
                what = "a set" if is_set else "several keys"
                raise NotRego(f"`else` cannot follow a rule of {what}: write a rule of its own", offset)
            if not has_body:
                raise NotRego("`else` cannot follow what always holds: there is no `if` before it", offset)
            has_body = self._else(name.text, arguments, offset, rules)
        return rules

    def _followed_name(self) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
        """Arguments of a function, and what stands in brackets behind the name."""
        path: list[Term] = []
        while self.token.is_close and self.is_next(".", "[", "("):
            sign = self.take().text
            if sign == "(":
                return self._arguments(")"), tuple(path)
            if sign == ".":
                self._field()
                continue
            path.append(self.term())
            self.expect("]")
        return (), tuple(path)

    def _else(self, name: str, arguments: tuple[Term, ...], offset: int, rules: list[Rule]) -> bool:
        """Adds the branch; whether it has a body, so that another one may follow."""
        results = (self.term(),) if self.took(":=", "=") else ()
        has_body = self.is_next("if")
        if not results and not has_body:
            raise self.refused("`:=` or `if`")
        rules.append(Rule(name, arguments, (), results, self._if(), offset))
        return has_body

    def _if(self) -> Body:
        if not self.took("if"):
            return ()
        if self.took("{"):
            # Braces with nothing in them are an empty object, which holds.
            return () if self.took("}") else self.body()
        return (self.statement(),)
