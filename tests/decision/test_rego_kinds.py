"""Rego: modules that would end the interpreter are refused when they are read; none is evaluated here."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.decision.rego.source import unlike_opa
from evidence.decision.rego.text import line_and_column, without_strings
from evidence.errors import PlaybookError
from simulator.policies.modules import load_modules

HEAD = "package t\n\nimport rego.v1\n\n"
HERE = "cannot be evaluated by this tool"
TAKEN = "which hides the {0} document: give it another name"
TEMPLATE = f'{HERE}: a template string: write sprintf("… %v …", [x])'
ARGUMENT = f"{HERE}: an argument of a rule is a name, a value, or an array or object of them"
BARE = "the head of a comprehension with an operator stands in parentheses"
MINUS = "is not Rego: expected a number or a name behind a minus (of anything else write `0 - …`), not "


def told(source: str) -> list[str]:
    """Line and column, and what is refused there."""
    found = unlike_opa(source, without_strings(source), lambda name: name.startswith("data."))
    return [":".join(map(str, line_and_column(source, offset))) + f" {what}" for offset, what in found]


# Each ends regopy 1.5, or is answered otherwise than by OPA.
REFUSED = [
    ("data := 1", "5:1 a rule must not be named data, " + TAKEN.format("data")),
    ("input := 1", "5:1 a rule must not be named input, " + TAKEN.format("input")),
    ("data.x := 1", "5:1 a rule must not be named data, " + TAKEN.format("data")),
    ("r if { data := 1; data == 1 }", "5:8 a variable must not be named data, " + TAKEN.format("data")),
    ("f(input) := 1", "5:3 a variable must not be named input, " + TAKEN.format("input")),
    (
        "r if { some input in [1]; input }",
        "5:13 a variable must not be named input, " + TAKEN.format("input"),
    ),
    (
        "r := [1 | every data in [1] { data }]",
        "5:17 a variable must not be named data, " + TAKEN.format("data"),
    ),
    ("import input.x as data", "1:1 an import must not be named data, " + TAKEN.format("data")),
    ("f() := 1", f"5:1 {HERE}: a function without arguments: write `f := …`, and call it without ()"),
    ("default f() := 1", f"5:9 {HERE}: a function without arguments: write `f := …`, and call it without ()"),
    ('f["x"](y) := 1', f"5:7 {HERE}: a function is named in brackets: write names with dots"),
    (
        "default r := {}\nr[k] := v if some k, v in input",
        "6:1 r is a rule of its own beside r[…] (in line 5): give one of them another name",
    ),
    (
        'r["a"] := 1\nr := {"b": 2}',
        "6:1 r is a rule of its own beside r.a (in line 5): give one of them another name",
    ),
    (
        "r.a := 1\nr contains 2",
        "6:1 r is a rule of its own beside r.a (in line 5): give one of them another name",
    ),
    (
        "r contains 1\nr := 2",
        "6:1 r is a rule of one value here and a set (`contains`) in line 5: give one another name",
    ),
    (
        "r.a contains 1\nr.a := 2",
        "6:1 r.a is a rule of one value here and a set (`contains`) in line 5: give one another name",
    ),
    (
        "f(x) := 1\n\nf(x, y) := 2",
        "7:1 f is a function of 2 arguments here and a function of 1 argument in line 5",
    ),
    (
        "f(x) := 1\nf := 2",
        "6:1 f is a rule of one value here and a function of 1 argument in line 5: give one another name",
    ),
    ("default r := 1\ndefault r := 2", "6:9 r has a default in line 5, too: leave one"),
    ('r := {-"a": 1}', "5:8 " + MINUS + '`"a"`'),
    ("r := -(1)", "5:7 " + MINUS + "`(`"),
    ("r := - - 1", "5:8 " + MINUS + "`-`"),
    ("r := -true", "5:7 " + MINUS + "`true`"),
    ('r := input[$"{input.a}"]', "5:12 " + TEMPLATE),
    ("r := $`{input.a}`", "5:6 " + TEMPLATE),
    ("import data", f"5:8 {HERE}: the import of data as a whole: write `data` where it is used"),
    ("import data.a[_]", f"5:14 {HERE}: an import is named in brackets: write names with dots"),
    (
        "import rego.r",
        "5:8 is not Rego: nothing is imported from rego.r: write data.…, input.… or rego.v1",
    ),
    (
        "import future.keywords.in as x",
        "5:8 is not Rego: future.keywords.in has no other name: leave out `as`",
    ),
    ("f(f(1)) := 1", "5:4 " + ARGUMENT),
    ("f({x}) := 1", "5:3 " + ARGUMENT),
    ("f((x)) := 1", "5:3 " + ARGUMENT),
    ("f(-x) := 1", "5:3 " + ARGUMENT),
    ("f([x | x := 1]) := 1", "5:6 " + ARGUMENT),
    ("a[0].b := 1", f"5:3 {HERE}: a key of a rule that has keys of its own is a name or a text"),
    ("r := input[{x | x := 1}]", f"5:12 {HERE}: a comprehension as an index: give it a name first"),
    ("r := [x + 1 | x := 1]", f"5:9 is not Rego: {BARE}"),
    ("r := {x in [1] | x := 1}", f"5:9 is not Rego: {BARE}"),
    ('r if { {"b": z} := {"c": 1} }', "5:20 objects with other keys are never equal"),
    ('r if { {"b": [z]} = {"b": []} }', "5:27 arrays of 1 and 0 values are never equal"),
    ("r if [[z]] = [{1}]", "5:15 an array, an object and a set are never equal to one another"),
    (
        'r if { {"b": z} = {input.s: 1} }',
        f"5:8 {HERE}: an object whose keys are not written out beside another: give it a name",
    ),
    ("r := count(data)", "5:12 data holds this rule itself, so that it is recursive: name the rule"),
    ("r := data[_]", "5:6 data holds this rule itself, so that it is recursive: name the rule"),
    ("r := data.t", "5:6 data.t holds this rule itself, so that it is recursive: name the rule"),
    ("r := data.t.s\n\ns := data.t.r", "5:1 r asks for itself (r → s → r): OPA refuses"),
    ("import rego.v1 as x", "5:8 is not Rego: rego.v1 has no other name: leave out `as`"),
    ("r := input[1 in [1]]", f"5:12 {HERE}: `in` as an index: give it a name first"),
    ("r if not is_null(1, 2)", "5:10 is_null takes 1 argument, not 2: name the result with `:=`"),
    ("f(x) := x\n\nr if not f(1, 2)", "7:10 f takes 1 argument, not 2: name the result"),
    ("f(x, y) := x\n\nr := data.t.f(1)", "7:6 data.t.f takes 2 arguments, not 1"),
    ("f(x) := x if x := 5", "5:14 x is an argument of the rule, and declared again"),
    ("f(x, x) := 1", f"5:6 {HERE}: x is an argument twice"),
    ("r if { some x in false }", "5:18 is not Rego: `some … in` goes through a collection"),
    ("r if { some {x} in input.a }", "5:14 nothing gives x a value"),
    ("r := [y | (y) := 1]", f"5:11 {HERE}: a name in parentheses before `:=` or `=`"),
    ("r if { every x in [] { x := 1 } }", "5:24 x is a name of `every`, and declared again"),
    ("r := [[y | y = x] | some x in [1]]", f"5:16 {HERE}: `=` with x from outside of the comprehension"),
    ("f(x) := [1 | x = 4]", f"5:14 {HERE}: `=` with x from outside of the comprehension"),
    ("r := " + 11 * "{" + "1" + 11 * "}", "5:16 more than 10 sets stand within one another"),
    ("r if input.n = {1}", f"5:16 {HERE}: a set made equal to an expression: write `==`"),
    ("r if { {1 | true} = count(input.n) }", f"5:8 {HERE}: a set made equal to an expression"),
    ("r if { some i; x := input.a[i]; i > {1}[x] }", f"5:37 {HERE}: a set that is indexed in an expression"),
    ("q[0] contains 1", f"5:6 {HERE}: a set at a key that is no text: write the key as a text"),
    ("r if input.n = [x | x := 1]", f"5:16 {HERE}: a comprehension made equal to an expression: write `==`"),
    ("r if { x := input.n; x = {1} }", f"5:26 {HERE}: `=` with a name that has a value: write `==`"),
    ("r if { x := [1]; [y | y := 1] = x }", f"5:18 {HERE}: `=` with a name that has a value: write `==`"),
    ("r if q = {1}\n\nq contains 1", f"5:10 {HERE}: `=` with a name that has a value: write `==`"),
    ("r := {{1}, {2, 3 in [1]}}", f"5:18 {HERE}: `in` behind a comma: write parentheses around it"),
    ("r := [x | x := 1, 2 in [2]]", f"5:21 {HERE}: `in` behind a comma: write parentheses around it"),
    ("r if { count(input.a) := 1 }", "5:8 is not Rego: `:=` gives a value to a name, or to an array"),
    ("r if { not is_null(input.x)\n:= 1 }", "5:8 'not' of an expression that does not stand on one line"),
    ("r if { not is_null(input.x)\n== 1 }", "5:8 'not' of an expression that does not stand on one line"),
    (
        "r if { count := count(input.a); count > 3 }",
        "5:8 a variable named count hides the function count: name it otherwise",
    ),
    ("r if { y := input.a[0]\n(1 + 2) == y }", f"6:1 {HERE}: a line that begins with ( below a ]"),
    ("r if { 1with input as 2 }", f"5:9 {HERE}: `with`: a policy depends on its declared input alone"),
    ("r := f(1)", "5:6 there is no function f: no rule has that name, and no built-in of OPA"),
    ("r := a.f(1)", "5:6 there is no function a.f: no rule has that name, and no built-in of OPA"),
    (
        "a := b\n\nb := c\n\nc := a",
        "5:1 a asks for itself (a → b → c → a): OPA refuses a rule that is recursive",
    ),
]
ALLOWED = [
    "r[k] := v if some k, v in input\nr.a.b := 2",
    "r.a contains 1\nr.b := 2",
    'r["a b"] := 1\nr[1] := 2',
    "default f(_) := 3\nf(x) := 1 if x == 2",
    "default r := 1\nr := 2 if input.x else := 3",
    "r := -input.n\nq := 3 --1",
    "a.f(x) := x\nr := a.f(1)",
    "r := data.t.q\nq := 1",
    "r := [(x + 1) | x := input.a[_]]",
    "r := {1 | {2}, {3}}",
    'f({"a": [x, {"b": y}]}, -1, `r`) := x + y',
    'r if { {"a": x, "b": [1]} = {"b": [y], "a": y} }',
    "r := data.u[_]",
    "r := [[y | y := x; y == 1] | some x in [1]]",
    "r := [x | x = q]\nq := 1",
    "import data.x.y as z\nimport input.a\nr := [z, a]",
    "r.a := 1\nr.b := r.a",
    "r := set() | {1}",
    "r if { x = {1}; count(x) == 1 }",
    "r := {{1}, {2, (3 in [1])}}",
]


@pytest.mark.parametrize(("module", "fault"), REFUSED, ids=[module for module, _ in REFUSED])
def test_what_would_end_the_interpreter_is_refused_with_its_place(module: str, fault: str) -> None:
    """And what to write instead."""
    assert told(f"{HEAD}{module}\n")[0].startswith(fault)


def test_what_only_looks_alike_is_read() -> None:
    """OPA loads each of them, and so does this tool."""
    assert [[] for _ in ALLOWED] == [told(f"{HEAD}{module}\n") for module in ALLOWED]


def test_a_package_and_an_import_are_names_with_dots() -> None:
    """In brackets both would end the interpreter."""
    what = f"{HERE}: {{}} is named in brackets: write names with dots"
    assert [f"1:10 {what.format('a package')}"] == told("package t[0]\n\nr := 1\n")
    assert [f"3:15 {what.format('an import')}"] == told("package t\n\nimport rego.v1[_]\n\nr := 1\n")


@pytest.mark.parametrize(
    ("one", "other", "fault"),
    [
        (
            "package t\n\nr := 1\n",
            "package t\n\nr contains 2\n",
            "b.rego:3:1: r is a set (`contains`) here and a rule of one value in line 3 of a.rego",
        ),
        (
            "package t\n\nf(x) := 1\n",
            "package t\n\nf(x, y) := 1\n",
            "b.rego:3:1: f is a function of 2 arguments here and a function of 1 argument in line 3",
        ),
        (
            "package t\n\ndefault r := 1\n",
            "package t\n\ndefault r := 2\n",
            "b.rego:3:9: r has a default in line 3 of a.rego",
        ),
        ("package t\n\nf(x) := 1\n", "package t\n\nr := f(1, 2)\n", "b.rego:3:6: f takes 1 argument, not 2"),
        (
            "package t\n\nr.x := 1\n",
            "package t.r\n\na := 2\n",
            "a.rego:3:1: r is a package here, too: give the rule another name",
        ),
        (
            "package t\n\nr if q\n",
            "package t\n\nq if r\n",
            "a.rego:3:1: r asks for itself (r → q → r): OPA refuses a rule that is recursive",
        ),
        (
            "package t\n\nimport data.u.v as w\n\nr := w.x(1)\n",
            "package u.v\n\nx(y) := y if data.t[y]\n",
            "a.rego:5:1: data.t.r asks for itself (data.t.r → data.u.v.x → data.t.r): OPA refuses",
        ),
    ],
)
def test_rules_of_one_name_in_two_modules_are_of_one_kind(
    tmp_path: Path, one: str, other: str, fault: str
) -> None:
    """As within a module; the place of the other one is told, too."""
    (tmp_path / "a.rego").write_text(one)
    (tmp_path / "b.rego").write_text(other)
    with pytest.raises(PlaybookError) as refused:
        load_modules(tmp_path)
    assert fault in str(refused.value)
