"""Owns names for what runs through a collection, given where the interpreter does not follow it.

`startswith(xs[_], "a")` holds for nothing in the interpreter, or ends it; `x := xs[_]; startswith(x, "a")` is
read by both, and is what OPA's compiler makes of it. `k := xs[_]; y := o[k]` ends the interpreter, too, and a
copy, `n := xs[_]; k := n; y := o[k]`, does not. Statements that are negated stay as they are: what is left is
refused (`running_faults`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.decision.rego.rules import read_rego
from evidence.decision.rego.safety import first_of_each, running_sentence, running_variables
from evidence.decision.rego.syntax import (
    NOWHERE,
    Body,
    Closure,
    Every,
    Expression,
    Ref,
    Scalar,
    Some,
    Source,
    Span,
    Statement,
    Term,
    Unification,
    Var,
)
from evidence.decision.rego.text import is_behind_if, without_strings
from evidence.decision.rego.tokens import NOT_HERE, NotRego
from evidence.decision.rego.walks import (
    Names,
    closures,
    indices,
    inside,
    parts,
    taken_apart,
    terms,
    terms_of,
)

_NAME = "__index_"
_UNNAMED = (
    f"{NOT_HERE}: a reference that runs over several lines, or through a comprehension: give it a name first"
)


def running_faults(source: str, read: Source, rules: Names) -> Iterator[tuple[int, str]]:
    """Offset and reason of each variable that still runs inside of an expression once all is named."""
    rewriting = _Rewriting(source, read)
    before, text = running_variables(read, rules), rewriting.text()
    yield from ((ref.offset, _UNNAMED) for ref in rewriting.unnamed)
    if _NAME in source and text != source:
        yield source.index(_NAME), f"{NOT_HERE}: a name that begins with {_NAME}: give it another name"
    elif any(before):
        named = running_variables(read_rego(text), rules)
        for found, left in zip(before, named, strict=True):
            yield from ((var.offset, running_sentence(var)) for var in first_of_each(found if left else ()))


def with_names_for_what_runs(source: str) -> str:
    """The module with each such reference named in a statement of its own; lines stay where they are."""
    try:
        return _Rewriting(source, read_rego(source)).text()
    except NotRego:
        return source


@dataclass(frozen=True, slots=True)
class _Edit:
    """What stands in place of a span, which may be empty."""

    span: Span
    text: str


class _Rewriting:
    """Goes through the rules once; `unnamed` are references that needed a name and have none."""

    def __init__(self, source: str, read: Source) -> None:
        self._source, self._rules = source, read.rules
        self._code = without_strings(source)
        self._running = frozenset(var.offset for each in running_variables(read) for var in each)
        self._indices: Names = frozenset()
        self._edits: list[_Edit] = []
        self._count = 0
        self.unnamed: list[Ref] = []

    def text(self) -> str:
        """The module with its edits."""
        for rule in self._rules:
            self._indices = indices(rule)
            for closure in closures((*rule.path, *rule.results)):
                self._closure(closure)
            self._body(rule.body, rule.results)
        return self._edited((0, len(self._source)))

    def _closure(self, closure: Closure) -> None:
        for inner in closures(closure.heads):
            self._closure(inner)
        self._body(closure.body, closure.heads)

    def _body(self, body: Body, heads: tuple[Term, ...] = ()) -> None:
        """Names what runs in the body's statements before each, and what runs in its heads at its end."""
        for closure in closures(terms_of(body)):
            self._closure(closure)
        last = "".join(f"; {each}" for head in heads for each in self._named(head)) if body else ""
        for statement in body:
            if isinstance(statement, Every):
                self._body(statement.body)
            copied = self._copied(statement)
            found = (self._named(each, is_copied=each in copied) for each in _looked_at(statement))
            first = "".join(f"{each}; " for names in found for each in names)
            self._surround(statement.span, first, last if statement is body[-1] else "")

    def _surround(self, span: Span, first: str, behind: str) -> None:
        if (first or behind) and is_behind_if(self._code, span[0]):
            first, behind = "{ " + first, behind + " }"
        self._edits += [_Edit((span[0], span[0]), first)] if first else []
        self._edits += [_Edit((span[1], span[1]), behind)] if behind else []

    def _copied(self, statement: Statement) -> tuple[Ref, ...]:
        """References whose value is an index elsewhere."""
        if not isinstance(statement, Unification):
            return ()
        sides = ((statement.left, statement.right), (statement.right, statement.left))
        refs = (other for one, other in sides if isinstance(one, Var) and one.name in self._indices)
        return tuple(ref for ref in refs if isinstance(ref, Ref) and not all(map(_is_scalar, ref.path)))

    def _named(self, term: Term, *, is_copied: bool = False, is_index: bool = False) -> list[str]:
        """Statements that name what runs in the term, in whose place the names are; inner ones first."""
        found = []
        for part in inside(term):
            found += self._named(part, is_index=isinstance(term, Ref) and part is not term.head)
        if not isinstance(term, Ref) or not (is_copied or self._runs(term)):
            return found
        if not self._can_be_named(term):
            self.unnamed.append(term)
            return found
        name = self._name()
        found.append(f"{name} := {self._edited(term.span)}")
        if is_index:
            found.append(f"{self._name()} := {name}")
            name = f"{_NAME}{self._count - 1}"
        self._edits = [each for each in self._edits if not _is_within(each.span, term.span)]
        self._edits.append(_Edit(term.span, name))
        return found

    def _name(self) -> str:
        self._count += 1
        return f"{_NAME}{self._count - 1}"

    def _runs(self, ref: Ref) -> bool:
        return any(var.offset in self._running for each in ref.path for var in taken_apart(each))

    def _can_be_named(self, ref: Ref) -> bool:
        is_plain = not any(isinstance(part, Closure) for part in parts(ref))
        return is_plain and ref.span != NOWHERE and "\n" not in self._source[slice(*ref.span)]

    def _edited(self, span: Span) -> str:
        """The source between two offsets with the edits there."""
        pieces, place = [], span[0]
        # Those of one place in the order in which they were made, before what begins there.
        for edit in sorted(self._edits, key=lambda each: each.span):
            if _is_within(edit.span, span):
                pieces += [self._source[place : edit.span[0]], edit.text]
                place = edit.span[1]
        return "".join([*pieces, self._source[place : span[1]]])


def _is_within(one: Span, other: Span) -> bool:
    return other[0] <= one[0] and one[1] <= other[1]


def _looked_at(statement: Statement) -> tuple[Term, ...]:
    """Terms of the statement in which what runs is named: none of a negated one."""
    match statement:
        case Expression(_, True) | Unification(_, _, _, True):
            return ()
        case Some(_, within):
            return () if within is None else (within,)
    return terms(statement)


def _is_scalar(term: Term) -> bool:
    return isinstance(term, Scalar)
