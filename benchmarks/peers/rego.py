"""The rules as one Rego module with a set of those that match: in regopy, and in OPA where it is at hand."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.closures import Leaf, alternatives, closed, operator_of
from benchmarks.peers import MatchAll, Matched, NotInstalled, State
from evidence.decision import Bundle
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import Between, Compare, Flag, HasSignal, Known, OneOf

OPERATORS = {"=": "==", "<>": "!="}
ENTRYPOINT = "rules/matched"
ALL_STATES = "[matched | state := input.states[_]; matched := data.rules.matched with input as state]"


def regopy(bundle: Bundle) -> MatchAll:
    """regopy, one evaluation per state of a bundle that is built once."""
    from regopy import Interpreter

    interpreter = Interpreter()
    interpreter.add_module("rules.rego", module(bundle))
    built = interpreter.build(None, [ENTRYPOINT])

    def match(states: Sequence[State]) -> list[Matched]:
        found = []
        for state in states:
            interpreter.set_input(state)
            output = interpreter.query_bundle_entrypoint(built, ENTRYPOINT)
            found.append(frozenset(output.results[0].expressions[0]))
        return found

    return match


class Opa:
    """OPA's command line, all states in one process; `own_seconds` is what it counted last."""

    def __init__(self, binary: str, source: str) -> None:
        self.binary, self.source, self.own_seconds = binary, source, 0.0

    def __call__(self, states: Sequence[State]) -> list[Matched]:
        """The rules that hold on each state. Its start, and reading module and input, do not count."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "rules.rego").write_text(self.source, encoding="utf-8")
            Path(folder, "input.json").write_text(json.dumps({"states": states}), encoding="utf-8")
            call = [
                self.binary,
                "eval",
                "--metrics",
                "--data",
                "rules.rego",
                "--input",
                "input.json",
                ALL_STATES,
            ]
            done = subprocess.run(call, cwd=folder, capture_output=True, check=True)
        said = json.loads(done.stdout)
        self.own_seconds = said["metrics"]["timer_rego_query_eval_ns"] / 1e9
        return [frozenset(each) for each in said["result"][0]["expressions"][0]["value"]]


def opa(bundle: Bundle) -> Opa:
    """OPA where it is on the PATH. Raises NotInstalled."""
    binary = shutil.which("opa")
    if binary is None:
        raise NotInstalled("there is no opa on the PATH")
    return Opa(binary, module(bundle))


def module(bundle: Bundle) -> str:
    """The module; what is unknown is absent from the input."""
    return "\n".join(["package rules", "import rego.v1", *_bodies(bundle), ""])


def _bodies(bundle: Bundle) -> Iterator[str]:
    for rule in bundle.rules:
        # One rule may be written several times: any of its bodies is enough.
        for conjunction in alternatives(closed(parse_condition(rule.when))):
            lines = "".join(f"\n\t{_leaf(leaf)}" for leaf in conjunction)
            yield f'matched contains "{rule.id}" if {{{lines}\n}}'


def _leaf(leaf: Leaf) -> str:
    match leaf.test:
        case Flag(column):
            return f"input.{column} == {'true' if leaf.is_wanted else 'false'}"
        case Known(column):
            known = f'"{column}" in object.keys(input)'
            return known if leaf.is_wanted else f"not {known}"
        case HasSignal(name):
            contains = f"{json.dumps(name)} in input.signal_names"
            return contains if leaf.is_wanted else f"not {contains}"
        case Compare(column, _, literal):
            operator = operator_of(leaf)
            return f"input.{column} {OPERATORS.get(operator, operator)} {_text(literal)}"
        case OneOf(column, literals):
            among = f"input.{column} in {{{', '.join(map(_text, literals))}}}"
            return among if leaf.is_wanted else f"input.{column}; not {among}"
        case Between(column, low, high) if leaf.is_wanted:
            return f"input.{column} >= {low}; input.{column} <= {high}"
    raise ValueError(f"Rego is not given this test ({leaf})")


def _text(literal: int | str) -> str:
    return str(literal) if isinstance(literal, int) else json.dumps(literal)
