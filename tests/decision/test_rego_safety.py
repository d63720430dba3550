"""Rego: a name that nothing gives a value is refused where OPA refuses it, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evidence.decision.policies import survey_policies
from evidence.decision.rego.hoisting import with_names_for_what_runs
from evidence.decision.rego.interpreter import UNDEFINED, CompiledModules
from evidence.decision.rego.source import unlike_opa
from evidence.decision.rego.text import line_and_column, without_strings
from simulator.policies.modules import load_modules

ANSWERS: dict[str, Any] = json.loads(Path(__file__).with_name("opa_answers.json").read_text("utf-8"))
HEAD = "package t\n\nimport rego.v1\n\n"
OTHERS = "\n\nq contains 1\n\nf(x) := x\n"


def told(module: str) -> list[str]:
    """Line and column, counted from the module's first own line, and what is refused there."""
    source = HEAD + module + "\n"
    found = unlike_opa(source, without_strings(source), lambda name: name.startswith("data."))
    places = [(*line_and_column(source, offset), what) for offset, what in found]
    return [f"{line - 4}:{column} {what}" for line, column, what in places]


# Each was asked of OPA 1.20.2 itself: `var … is unsafe`.
UNSAFE = [
    ('input.a == 1; mesage := "x"; message == "x"', "message"),
    ("input.a == prod", "prod"),
    ("not foo", "foo"),
    ("not foo.bar", "foo"),
    ('not startswith(x, "a")', "x"),
    ("not input.a[i]", "i"),
    ("not f(input.a[i])", "i"),
    ("not q[x]", "x"),
    ("not x in input.a", "x"),
    ("x in input.a", "x"),
    ("[x, y] = [1, z]", "z"),
    ("x = y", "x"),
    ("count(names) > 0", "names"),
    ("count([z | some w in input.a]) > 0", "z"),
    ("count([z | z := input.a[_]; z > limit]) > 0", "limit"),
    ("x := [t | t := input.a[_]]; t == 1", "t"),
    ("every x in input.a { x > limit }", "limit"),
    ("every x in input.a { x > 0 }; x == 1", "x"),
    ("f(_) == 1", "_"),
    ('{"a": x, y: z} = input.o', "y"),
    ("{x} = input.a", "x"),
    ("x := y.z", "y"),
    ("y[0]", "y"),
    ('x := sprintf("%v", [mesage])', "mesage"),
    ("x = f(y); y = f(x)", "y"),
    ("some x in [1, 2]; some y in [x]; y > z", "z"),
    ('role := input.user.role; rol == "reader"', "rol"),
    ('rol == "reader"; role := input.user.role', "rol"),
    ("x := [a | a := c]; c := 1", "c"),
    ("count({x | x = input.a[_]; not x == y}) == 0", "y"),
]
# OPA reads each of them.
SAFE = [
    "some x; input.a[x] == 2",
    "input.a[i] == 2",
    "not input.a[i]; i = 1",
    "[x, y] := [1, 2]; x < y",
    "x = y; y = 1",
    "x = [y]; x = input.a",
    "[x] = input.a; x > 1",
    "y := 1; count([z | z := input.a[y]]) > 0",
    "count({x | x = input.a[_]; not x == y}) == 0; y = 3",
    "every k, v in input.a { v > k }",
    "some [a, b] in input.a; a == b",
    'some {"a": a} in input.a; a == 1',
    "q[x]; x > 1",
    "not f(input.a[i]); input.b[i]",
    '{"a": x} = input.o; x == 1',
    "x := {y: z | some y, z in input.o}",
    "input.a[_] == 1",
    "_ = 1",
    "data.t.q[x]",
    "data.foo[bar].baz[i]",
    "x := [a | a := input.x[b]; b = 2]",
    "a := 1; x := [a | a := 2]",
    '{"a": 1}[k]',
    "f(1)[i] == 1",
    "some i, j; input.a[i] == input.b[j]; i != j",
    "x = input.a[y]; y = input.b[x]",
    "[x, [y, z]] = [1, input.a]",
    "input[x][y]; input.z[x]",
    'x := input.a; {"k": y} = x; y > 0',
    "x := [[i, j] | input.a[i]; j = i]",
    "a := {1}; b := {2}; x := {c | c := (a | b)[_]}",
]
# OPA goes through the collection in each of them; what `r` is there follows from `GIVEN`.
RUNNING = [
    ("r contains x if { x := upper(input.names[_]) }", ["A", "B"]),
    ('r contains i if { some i; startswith(input.names[i], "a") }', [0]),
    ('r contains ({"name": x}) if { x := input.names[_] }', [{"name": "a"}, {"name": "b"}]),
    ('r if startswith(input.names[_], "b")', True),
    ('r := 1 if endswith(input.names[_], "x") else := 2 if endswith(input.names[_], "a")', 2),
    ("r contains i if { input.a[i] in {2, 1} }", [1, 2]),
    ("r contains i if { f(input.a[i]) == 1; i < 2 }", [1]),
    ("r contains x if { x := input.names[input.a[_]] }", ["b"]),
    ("r := [x | x := input.a[_] * 2]", [6, 2, 4]),
    ("r := {[input.a[i], i] | input.names[i]}", [[1, 1], [3, 0]]),
    ("r contains [input.a[i], i] if input.names[i]", [[1, 1], [3, 0]]),
    ("r contains [i, j] if { input.a[i] == input.b[j] }", [[1, 0], [2, 1]]),
    ("r contains [i, j] if { input.b[i] < input.b[j] }", [[0, 1]]),
    ("r contains y if { k := input.names[_]; y := input.o[k] }", [5, 7]),
    ("r contains y if { k := input.names[i]; y := [i, input.o[k]] }", [[0, 5], [1, 7]]),
    ("r if { every x in [1, 2] { input.a[_] == x + 0 } }", True),
    ("r if { every x in [1, 9] { input.a[_] + 0 == x } }", None),
    ('r contains x if { x := input.a[_]; contains("1 3", sprintf("%v", [input.a[_]])) }', [1, 2, 3]),
]
GIVEN = {"a": [3, 1, 2], "b": [1, 2], "names": ["a", "b"], "o": {"a": 5, "b": 7}}
# Each finds nothing in the interpreter, or ends it, and cannot be given a name.
REFUSED = [
    ("r contains [input.a[_]]", "_"),
    ("r if { not f(f(input.a[i])) }", "i"),
]
STANDING = [
    "input.a[_] == 2",
    "input.a[_].b.c > 1",
    "[1] == input.a[_]",
    'x := input.a[_]; startswith(x, "a")',
    "input.a[i] > 1; count(input.b[i]) == 1",
    "some x in input.a[_]; x == 1",
    "every x in input.a[_] { x == 1 }",
    "x := [y | y := input.a[_]]; x == [2]",
]


def answered(module: str) -> Any:
    """What `r` is, sets in order; None where it is undefined."""
    said = CompiledModules({"t.rego": f"{HEAD}{module}{OTHERS}"}, ("t/r",)).ask("t/r", GIVEN)
    return None if said is UNDEFINED else said


def test_an_index_that_runs_inside_of_an_expression_goes_through_the_collection() -> None:
    """As in OPA; without a name of its own it would hold for nothing here, in silence, or end the process."""
    assert [[] for _ in RUNNING] == [told(f"{module}{OTHERS}") for module, _ in RUNNING]
    assert [value for _, value in RUNNING] == [answered(module) for module, _ in RUNNING]


def test_lines_stay_where_they_are_when_names_are_given() -> None:
    """So that what the interpreter says of a module has its place."""
    written = 'r if {\n\tstartswith(\n\t\tinput.a[_], "a",\n\t)\n}\n'
    named = 'r if {\n\t__index_0 := input.a[_]; startswith(\n\t\t__index_0, "a",\n\t)\n}\n'
    assert HEAD + named == with_names_for_what_runs(HEAD + written)


@pytest.mark.parametrize(("module", "name"), REFUSED)
def test_an_index_that_cannot_be_given_a_name_is_refused(module: str, name: str) -> None:
    """With what to write instead."""
    assert [True] == [
        f"this tool: {name} runs through a collection" in each for each in told(f"{module}{OTHERS}")
    ]


def test_an_index_that_runs_where_it_stands_alone_is_read() -> None:
    """Or where it is compared, or has a value by another statement."""
    assert [[] for _ in STANDING] == [told(f"r if {{ {body} }}{OTHERS}") for body in STANDING]


@pytest.mark.parametrize(("body", "name"), UNSAFE)
def test_a_name_that_nothing_gives_a_value_is_refused_with_its_place(body: str, name: str) -> None:
    """A rule that could never hold is no rule: OPA does not load it, either."""
    found = told(f"r if {{ {body} }}{OTHERS}")
    assert [each for each in found if f" nothing gives {name} a value" in each] != []


@pytest.mark.parametrize("body", SAFE)
def test_a_name_that_has_a_value_in_opa_has_one_here(body: str) -> None:
    """In whatever order the statements stand."""
    assert [] == told(f"r if {{ {body} }}{OTHERS}")


@pytest.mark.parametrize(
    ("module", "fault"),
    [
        (
            'deny contains message if { mesage := "x" }',
            "1:15 nothing gives message a value: did you mean mesage?",
        ),
        ("r if input.env == prod", '1:19 nothing gives prod a value: a text is written "prod"'),
        ("f(x) := 1 if x > limit", '1:18 nothing gives limit a value: a text is written "limit"'),
        ("r := 1 if input.x\n\nelse := y", "3:9 nothing gives y a value"),
        ("r[k] := 1", "1:3 nothing gives k a value"),
        ("r if { x > 0; x := 1 }", "1:8 x is used before the line that declares it"),
        ("r if { x := 1; x := 2 }", "1:16 x is declared above in the same body"),
        (
            "a := b\n\nb := c\n\nc := a",
            "1:1 a asks for itself (a → b → c → a): OPA refuses a rule that is recursive",
        ),
        ("default r := x", "1:14 is not Rego: the value of a default is written out, without variables"),
    ],
)
def test_a_fault_names_line_and_column_and_what_may_be_meant(module: str, fault: str) -> None:
    """A near name where there is one, else that a text stands in quotes."""
    assert [fault] == told(module)


@pytest.mark.parametrize(
    ("module", "column"),
    [
        ('deny contains m if { input.e; m := "x" } else := 3 if { true }', 42),
        ('deny contains "x" if { input.e } else := 3', 34),
        ('p[x] := y if { x := "a"; y := 1 } else := 5', 35),
    ],
)
def test_else_behind_a_partial_rule_is_refused_before_the_interpreter_sees_it(
    module: str, column: int
) -> None:
    """It is no Rego, and would end the whole process."""
    assert [f"1:{column} is not Rego: `else` cannot follow"] == [
        each.split(" a rule")[0] for each in told(module)
    ]


@pytest.mark.parametrize("case", ANSWERS["refused"], ids=lambda case: case["module"].splitlines()[0])
def test_what_opa_refuses_is_refused_with_a_place(case: dict[str, Any]) -> None:
    """Before it is evaluated, where it would be merely undefined."""
    assert (True, True) == ("error" in case["opa"], told(case["module"]) != [])


def test_a_policy_with_a_mistyped_name_is_refused_when_it_is_loaded(tmp_path: Path) -> None:
    """It could never deny, and nobody would see it."""
    source = 'package incidentresponse\n\nimport rego.v1\n\ndeny contains message if {\n\tmesage := "x"\n}\n'
    (tmp_path / "typo.rego").write_text(source)
    (tmp_path / "typo.yaml").write_text("because: A test.\ncases:\n  - {id: x, action: x, verdict: allow}\n")
    _, faults = survey_policies(tmp_path)
    assert [f"{tmp_path}/typo.rego:5:15: nothing gives message a value: did you mean mesage?"] == [
        str(each).splitlines()[0] for each in faults
    ]


def test_rules_and_functions_of_the_package_may_stand_in_another_module(tmp_path: Path) -> None:
    """As in a bundle of OPA."""
    (tmp_path / "a.rego").write_text(HEAD + "r if { limit > 1; above(limit) }\n")
    (tmp_path / "b.rego").write_text(HEAD + "limit := 3\n\nabove(x) if x > 2\n")
    assert ("a.rego", "b.rego") == tuple(each.name for each in load_modules(tmp_path).modules)
