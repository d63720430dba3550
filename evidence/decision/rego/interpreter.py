"""Evaluates Rego modules with regopy, so that they answer as in OPA: escapes, negation, failing built-ins.

The interpreter keeps strings as they are written: `"a\\"b"` in a module is not the `a"b` of an input. So
quotes, backslashes and control characters travel as characters of a private area, in modules, data, inputs
and answers alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from regopy import Interpreter, LogLevel, RegoError

from evidence.decision.rego.formats import with_bare_texts
from evidence.decision.rego.hoisting import with_names_for_what_runs
from evidence.decision.rego.negation import with_meaning_of_opa
from evidence.decision.rego.text import closing, literals, without_strings

_PRIVATE = 0xF0000  # of the planes that Unicode leaves to everyone; what is there in an input is refused
_MOVED = (*range(0x20), 0x22, 0x5C, 0x7F)
_FORMAT = re.compile(r"(?<![\w.])sprintf\s*\(\s*\Z")
_IN_PARENTHESES = re.compile(r"^[A-Za-z_][^\s:=(]*[ \t]+contains[ \t]*\(", re.MULTILINE)
_AWAY = {code: chr(_PRIVATE + code) for code in _MOVED}
_BACK = {_PRIVATE + code: chr(code) for code in _MOVED}


class EvaluationError(Exception):
    """The modules do not compile, or fail on an input; the message is the interpreter's."""


# Its output tells no more.
_FAILED = "a built-in failed, a rule gave two values, or the limit of steps was reached"
_NO_ANSWER = "rules ask for each other without end, or a function is called that is not there"


class Undefined:
    """What a path says where no rule gives it a value."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = Undefined()


class CompiledModules:
    """Modules that answer about some paths, such as `kubernetes/admission/deny`."""

    def __init__(
        self, modules: Mapping[str, str], paths: tuple[str, ...], data: Mapping[str, Any] | None = None
    ) -> None:
        """`modules` are sources by file name. Raises EvaluationError where they do not compile."""
        self._interpreter = Interpreter()
        self._interpreter.log_level = LogLevel.NONE  # its errors are ours to report, with their place
        # By default a built-in that fails is merely undefined, and its rule silently never denies.
        self._interpreter.strict_built_in_errors = True
        try:
            for name, source in modules.items():
                self._interpreter.add_module(name, prepared(source))
            if data:
                self._interpreter.add_data_json(json.dumps(_moved(data), ensure_ascii=False))
            self._bundle = self._interpreter.build(None, list(paths))
        except (RegoError, ValueError) as failure:
            raise EvaluationError(str(failure)) from failure

    def ask(self, path: str, given: Any) -> Any:
        """What the modules say at one of the paths about the input, as JSON; sets are arrays, or UNDEFINED.

        Raises EvaluationError: a rule gives two values, a built-in fails, or the limit of steps is reached.
        """
        try:
            self._interpreter.set_input(_moved(given))
            output = self._interpreter.query_bundle_entrypoint(self._bundle, path)
            if not output.ok():
                raise EvaluationError(str(output).strip().removeprefix("<error>") or _FAILED)
            said = output.results[0].expressions
        except json.JSONDecodeError as failure:
            raise EvaluationError(_NO_ANSWER) from failure
        except (RegoError, ValueError, IndexError) as failure:
            raise EvaluationError(str(failure)) from failure
        return _returned(said[0]) if said else UNDEFINED


def prepared(source: str) -> str:
    """The module as the interpreter is given it; lines stay where they are."""
    named = with_names_for_what_runs(_with_bare_heads(source))
    return moved_source(with_bare_texts(with_meaning_of_opa(named)))


def _with_bare_heads(source: str) -> str:
    """`contains {…}` for `contains ({…})`, which the interpreter takes for a call; nothing else is moved."""
    code, letters = without_strings(source), list(source)
    for found in _IN_PARENTHESES.finditer(code):
        opening, end = found.end() - 1, closing(code, found.end() - 1)
        if re.match(r"[ \t]*(?:if\b|\n|\Z)", code[end + 1 :]):
            letters[opening] = letters[end] = " "
    return "".join(letters)


def moved_source(source: str) -> str:
    """The module with escapes read, and what they stand for in the private area; lines stay as they are."""
    moved, end = [], 0
    for start, literal in literals(source):
        is_format = _FORMAT.search(source[end:start]) is not None
        # %s is empty here for what is no text; %v writes what OPA's %s does.
        moved += [source[end:start], _moved_literal(literal.replace("%s", "%v") if is_format else literal)]
        end = start + len(literal)
    return "".join([*moved, source[end:]])


def _moved_literal(literal: str) -> str:
    if literal[0] == "`":
        text = literal[1:-1]
        lines = "\n" * text.count("\n")
        return f'"{text.translate(_AWAY)}"' + lines
    try:
        text = json.loads(literal)
    except ValueError:
        return literal  # the interpreter says what is wrong
    return f'"{text.translate(_AWAY)}"'


def has_private_text(text: str) -> bool:
    """Whether it holds characters of the area that escapes travel in, so that it could be read as another."""
    return re.search(f"[{chr(_PRIVATE)}-{chr(_PRIVATE + 0x7F)}]", text) is not None


def _moved(value: Any) -> Any:
    match value:
        case str():
            return value.translate(_AWAY)
        case list() | tuple():
            return [_moved(each) for each in value]
        case Mapping():
            return {key.translate(_AWAY): _moved(each) for key, each in value.items()}
        case _:
            return value


def _returned(value: Any) -> Any:
    match value:
        case str():
            return value.translate(_BACK)
        case list():
            return [_returned(each) for each in value]
        case dict():
            return {key.translate(_BACK): _returned(each) for key, each in value.items()}
        case _:
            return value
