"""Reads the rules of Rego source: heads, bodies and branches of `else`, where each may stand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from evidence.decision.rego.syntax import (
    Body,
    Call,
    Closure,
    Collection,
    Ref,
    Rule,
    RuleKind,
    Scalar,
    Source,
    Term,
    Var,
)
from evidence.decision.rego.terms import TermParser
from evidence.decision.rego.tokens import Kind, NotHere, NotRego, Token


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


def is_parameter(term: Term) -> bool:
    """Whether an argument of a rule is a name, a value, or an array or object of them."""
    if isinstance(term, Collection):
        keys = term.items[::2] if term.bracket == ":" else ()
        return term.bracket != "{" and all(map(is_parameter, term.items)) and not any(map(has_variable, keys))
    return isinstance(term, Var | Scalar) or (isinstance(term, Call) and term.name == "-" and is_minus(term))


def _is_text(term: Term) -> bool:
    return isinstance(term, Scalar) and term.text[0] in '"`'


def has_variable(term: Term) -> bool:
    """Whether an element of a rule's name is one that the body gives a value."""
    return isinstance(term, Var | Ref)


def why_not_imported(path: Sequence[str], *, is_renamed: bool) -> str:
    """Why OPA does not read the import; nothing where it does."""
    match path:
        case ["data" | "input", *_]:
            return ""
        case ["future", "keywords"] if not is_renamed:
            return ""
        case ["rego", "v1"] | ["future", "keywords", "contains" | "every" | "if" | "in"]:
            return f"{'.'.join(path)} has no other name: leave out `as`" if is_renamed else ""
    return f"nothing is imported from {'.'.join(path)}: write data.…, input.… or rego.v1"


def _step(term: Term) -> str | None:
    """The name that stands in brackets, None where it is not written out."""
    if not isinstance(term, Scalar):
        return None
    if term.text[0] == "`":
        return term.text[1:-1]
    try:
        return str(json.loads(term.text)) if term.text[0] == '"' else term.text
    except ValueError:
        return term.text


_PARAMETERS = (
    "an argument of a rule is a name, a value, or an array or object of them: compare the rest behind `if`"
)


class _ModuleParser(TermParser):
    def module(self) -> Source:
        package = self._package()
        imported = []
        while self.took("import"):
            imported.append(self._import())
        rules: list[Rule] = []
        while self.token.kind is not Kind.END:
            rules += self._default() if self.took("default") else self._rules()
        imports = tuple(alias or (path[-1] if len(path) > 1 else "") for path, alias in imported)
        return Source(package, imports, tuple(rules), tuple(imported))

    def _package(self) -> tuple[str, ...]:
        self.expect("package")
        return (self.name().text, *self._dotted("a package"))

    def _dotted(self, what: str) -> list[str]:
        """Names behind dots; nothing in brackets."""
        found = []
        while self.token.is_close and self.took("."):
            found.append(self._field().text)
        if self.token.is_close and self.is_next("[", "("):
            raise NotHere(f"{what} is named in brackets: write names with dots", self.token.offset)
        return found

    def _import(self) -> tuple[tuple[str, ...], str]:
        """The path of what is imported, and its other name."""
        first = self.token
        path = [self.name().text, *self._dotted("an import")]
        if what := why_not_imported(path, is_renamed=self.is_next("as")):
            raise NotRego(what, first.offset)
        if path == ["data"]:
            raise NotHere("the import of data as a whole: write `data` where it is used", first.offset)
        return tuple(path), self.name().text if self.took("as") else ""

    def _default(self) -> list[Rule]:
        name = self.name()
        arguments, steps = [], self._dotted("the rule of a default") if not self._is_called() else []
        kind = RuleKind.VALUE
        if self._is_called():
            kind, arguments = RuleKind.FUNCTION, list(self._parameters(name))
        if not self.took(":=", "="):
            raise self.refused("`:=` and a value")
        self._constant()
        return [Rule(kind, name.text, tuple(steps), tuple(arguments), (), (), (), name.offset, True)]

    def _is_called(self) -> bool:
        return self.token.is_close and self.is_next("(")

    def _parameters(self, name: Token) -> tuple[Term, ...]:
        self.expect("(")
        before = self._place
        found = self._arguments(")")
        for token in self._tokens[before : self._place]:
            if token.kind is Kind.SIGN and token.text in ("(", "|"):
                raise NotHere(_PARAMETERS, token.offset)
        for each in found:
            if not is_parameter(each):
                raise NotHere(_PARAMETERS, each.offset)
        if not found:
            what = f"a function without arguments: write `{name.text} := …`, and call it without ()"
            raise NotHere(what, name.offset)
        return found

    def _constant(self) -> None:
        offset, value = self.token.offset, self.term()
        if not is_constant(value):
            raise NotRego("the value of a default is written out, without variables", offset)

    def _rules(self) -> list[Rule]:
        name = self.name()
        arguments, path, steps = self._followed_name(name)
        if arguments and self.is_next("contains"):
            raise self.refused("`:=` or `if`: a function gives one value")
        opening = self.token
        is_set = self.took("contains")
        if is_set and any(isinstance(each, Scalar) and not _is_text(each) for each in path):
            raise NotHere("a set at a key that is no text: write the key as a text", opening.offset)
        results = [self.term()] if is_set else []
        if not is_set and self.took(":=", "="):
            results.append(self.term(is_pair_allowed=True))
        if not results and not self.is_next("if"):
            raise self.refused("`:=`, `contains` or `if` (Rego v1)")
        before = self._place
        body = self._if()
        kind = RuleKind.SET if is_set else RuleKind.FUNCTION if arguments else RuleKind.VALUE
        rules = [Rule(kind, name.text, steps, arguments, path, tuple(results), body, name.offset)]
        is_partial = is_set or any(map(has_variable, path))
        has_body = before < self._place
        while self.is_next("else"):
            offset = self.take().offset
            if is_partial:
                what = "a set" if is_set else "several keys"
                raise NotRego(f"`else` cannot follow a rule of {what}: write a rule of its own", offset)
            if not has_body:
                raise NotRego("`else` cannot follow what always holds: there is no `if` before it", offset)
            has_body = self._else(rules[0], offset, rules)
        return rules

    def _followed_name(
        self, name: Token
    ) -> tuple[tuple[Term, ...], tuple[Term, ...], tuple[str | None, ...]]:
        """Arguments of a function, what stands in brackets behind the name, and the names behind it."""
        path: list[Term] = []
        steps: list[str | None] = []
        while self.token.is_close and self.is_next(".", "["):
            if self.take().text == ".":
                steps.append(self._field().text)
                continue
            offset = self.token.offset
            path.append(self.term())
            steps.append(_step(path[-1]))
            self.expect("]")
            is_last = not self.is_next(".", "[")
            if not is_last and not has_variable(path[-1]) and not _is_text(path[-1]):
                raise NotHere("a key of a rule that has keys of its own is a name or a text", offset)
        if not self._is_called():
            return (), tuple(path), tuple(steps)
        if path:
            raise NotHere("a function is named in brackets: write names with dots", self.token.offset)
        return self._parameters(name), (), tuple(steps)

    def _else(self, head: Rule, offset: int, rules: list[Rule]) -> bool:
        """Adds the branch; whether it has a body, so that another one may follow."""
        results = (self.term(),) if self.took(":=", "=") else ()
        has_body = self.is_next("if")
        if not results and not has_body:
            raise self.refused("`:=` or `if`")
        rules.append(replace(head, path=(), results=results, body=self._if(), offset=offset))
        return has_body

    def _if(self) -> Body:
        if not self.took("if"):
            return ()
        if self.took("{"):
            # Braces with nothing in them are an empty object, which holds.
            return () if self.took("}") else self.body()
        return (self.statement(),)
