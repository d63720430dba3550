"""Rego: what is allowed answers here as in OPA, and what is known to differ is written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.decision.rego.builtins import ALLOWED, OPERATORS, REFUSED, why_refused
from evidence.decision.rego.interpreter import UNDEFINED, CompiledModules, EvaluationError
from evidence.decision.rego.negation import negation_faults, with_meaning_of_opa
from evidence.decision.rego.source import unlike_opa
from evidence.decision.rego.text import without_strings
from simulator.policies.alikeness import differences, plain

from .opa_builtins import OPA_BUILTINS

ANSWERS: dict[str, Any] = json.loads(Path(__file__).with_name("opa_answers.json").read_text("utf-8"))
PRIVATE = "".join(map(chr, range(0xF0000, 0xF0080)))  # what escapes travel in; refused in what is replayed
HEAD = "package t\n\nimport rego.v1\n\n"


def answered(module: str) -> dict[str, Any]:
    """What the module says at `r`, in the form in which OPA's answers are kept."""
    try:
        said = CompiledModules({"t.rego": HEAD + module + "\n"}, ("t/r",)).ask("t/r", ANSWERS["input"])
    except EvaluationError:
        return {"error": True}
    return {"undefined": True} if said is UNDEFINED else {"value": said}


def faults(module: str) -> list[str]:
    source = HEAD + module + "\n"
    found = unlike_opa(source, without_strings(source), lambda name: name.startswith("data."))
    return [what for _, what in found]


def is_alike(opa: dict[str, Any], here: dict[str, Any]) -> bool:
    sides = [plain(each["value"]) if "value" in each else UNDEFINED for each in (opa, here)]
    return ("error" in opa) is ("error" in here) and not differences(*sides)


@pytest.mark.parametrize("case", ANSWERS["same"], ids=lambda case: case["module"].splitlines()[0])
def test_what_is_allowed_answers_as_in_opa(case: dict[str, Any]) -> None:
    """Each module was asked of OPA itself; an error there is one here, and undefined is undefined."""
    assert faults(case["module"]) == []
    assert is_alike(case["opa"], answered(case["module"]))


@pytest.mark.parametrize("case", ANSWERS["gaps"], ids=lambda case: case["module"].splitlines()[0])
def test_what_is_known_to_differ_is_written_down(case: dict[str, Any]) -> None:
    """A gap that closes, or changes, is taken from the list, which the reference page shows."""
    assert case["here"] == answered(case["module"])
    assert not is_alike(case["opa"], case["here"])


def test_every_built_in_of_opa_is_allowed_or_refused_with_a_reason() -> None:
    """Nothing that OPA knows is left to chance, and nothing is allowed that it does not know."""
    unsaid = {name for name in OPA_BUILTINS if why_refused(name) == "is not in the list of allowed built-ins"}
    assert unsaid == set(OPERATORS)
    assert ALLOWED <= OPA_BUILTINS
    assert not ALLOWED & REFUSED.keys()


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ('replace(input.s, input.e, "-")', "the second argument of replace is written out"),
        ('replace(input.s, "", "-")', "the second argument of replace is written out"),
        ('indexof(input.s, "")', "the second argument of indexof is written out"),
        ('concat(",", {"b", "a"})', "write concat(…, sort(…))"),
        ('concat(",", [x | some x in {"b", "a"}])', "write concat(…, sort(…))"),
        ('sprintf("%5d", [1])', "sprintf writes %5d otherwise than OPA"),
        ('sprintf("%x", [255])', "sprintf writes %x otherwise than OPA"),
        ('sprintf("%v %v", ["a"])', "sprintf has 2 verbs and 1 values"),
        ('sprintf(input.s, ["a"])', "the format of sprintf is written out"),
        ('sprintf("%v", input.a)', "the values of sprintf are written as an array"),
        ('lower("É")', "lower leaves letters beyond ASCII"),
        ('object.union({"a": 1}, {"b": 2})', "object.union differs from OPA's"),
        ("numbers.range(1, 1000000000)", "numbers.range makes as many numbers as it is told"),
        ("12345678901234567890 + 1", "the number 12345678901234567890 is kept less exactly"),
        ("1e300", "the number 1e300 is kept less exactly"),
        ("any([true])", "any is deprecated"),
        ('json.marshal({"a": 1})', "json.marshal differs from OPA's"),
    ],
)
def test_a_call_that_would_be_answered_otherwise_is_refused(call: str, what: str) -> None:
    """By the name of the built-in, or by how it is called."""
    assert [each for each in faults(f"r := {call}") if what in each] != []


TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters=PRIVATE), max_size=20)
ECHO = CompiledModules(
    {"t.rego": f"{HEAD}echo := input.x\n\nkeys := object.keys(input.o)\n\nsize := count(input.x)\n"},
    ("t/echo", "t/keys", "t/size"),
)


@given(TEXTS)
def test_any_text_comes_back_as_it_went_in(text: str) -> None:
    """Quotes, backslashes, control characters and letters of every plane; also as a key, and counted."""
    given_ = {"x": text, "o": {text: 1}}
    assert (text, [text], len(text)) == (
        ECHO.ask("t/echo", given_),
        ECHO.ask("t/keys", given_),
        ECHO.ask("t/size", given_),
    )


@settings(max_examples=40)
@given(TEXTS)
def test_a_text_written_in_a_module_is_that_of_the_input(text: str) -> None:
    """However it is escaped there."""
    escaped, plainly = json.dumps(text), json.dumps(text, ensure_ascii=False)
    module = f"same if input.x == {escaped}\n\nsame_raw if input.x == {plainly}"
    compiled = CompiledModules({"t.rego": f"{HEAD}{module}\n"}, ("t/same", "t/same_raw"))
    assert [True, True] == [compiled.ask(path, {"x": text}) for path in ("t/same", "t/same_raw")]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["a", "b", ""]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b/", "c~"]), inner),
)


@given(VALUES, VALUES)
def test_differences_are_mirrored_and_none_of_a_value_with_itself(old: Any, new: Any) -> None:
    """What one side has recorded the other has new; no place is pointed to where nothing differs."""
    assert () == differences(old, old)
    forth, back = differences(old, new), differences(new, old)
    assert sorted((each.pointer, repr(each.recorded), repr(each.new)) for each in forth) == sorted(
        (each.pointer, repr(each.new), repr(each.recorded)) for each in back
    )
    assert all(each.recorded != each.new for each in forth)


@pytest.mark.parametrize("name", ["div", "count", "any"])
def test_a_rule_does_not_hide_a_built_in(name: str) -> None:
    """OPA takes an operator for a call of it, and refuses the module or another rule."""
    hidden = f"a rule named {name} would hide the built-in of that name"
    assert [hidden] == faults(f"{name} := 4 if input.n")
    assert [] == faults(f"{name}s contains input.n")


@pytest.mark.parametrize(
    ("negated", "looked_up"),
    [
        ('not startswith(input.x, "a")', '__negated_0 := input.x; not startswith(__negated_0, "a")'),
        ("not input.x in {1}", "__negated_0 := input.x; __negated_1 := {1}; not __negated_0 in __negated_1"),
        ("not count(input.x) == 1", "__negated_0 := count(input.x); not __negated_0 == 1"),
        ("not input.x == input.y", "not input.x == input.y"),
        ("not input.x", "not input.x"),
        ("not q[input.x]", "__negated_0 := input.x; not q[__negated_0]"),
    ],
)
def test_the_arguments_of_a_negated_call_are_looked_up_first(negated: str, looked_up: str) -> None:
    """As OPA does, where an undefined argument makes the whole expression undefined."""
    written = f"{HEAD}r if {{\n\t{negated}\n}}\n\nq contains 1\n"
    assert f"{HEAD}r if {{\n\t{looked_up}\n}}\n\nq contains 1\n" == with_meaning_of_opa(written)


@pytest.mark.parametrize(
    "negated",
    [
        "not input.a[_] == 1",
        "not not input.a",
        "not input.a ==\n\t\t1",
        'every x in input.a { not startswith(x.y, "z") }',
    ],
)
def test_a_negation_that_cannot_be_read_is_refused(negated: str) -> None:
    """Rather than guessed at."""
    assert [] != negation_faults(f"{HEAD}r if {{\n\t{negated}\n}}\n")


@pytest.mark.parametrize(
    "source",
    [
        'package t\n\n# not "here"\nr := "not f(input.x)"\n',
        "package t\n\nr := `not f(\ninput.x)`\n\nq if not input.r\n",
    ],
)
def test_words_in_strings_and_comments_are_not_negations(source: str) -> None:
    """What is only text stays as it is."""
    assert source == with_meaning_of_opa(source)


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ('r := sprintf("a %v", [e]) if { e := "x" }', "a x"),
        ('r := sprintf("%s of %v", [lower("X"), concat("/", ["y", "z"])])', "x of y/z"),
        ('f(a) := sprintf("<%v>", [a])\nr := f("x")', "<x>"),
        ('r if { e := "x"; sprintf("a %v", [e]) == "a x" }', True),
        ('r if { e := "x"; not startswith(sprintf("a %v", [e]), "b") }', True),
        ('r := [sprintf("%v-%v", [e, upper(e)]) | some e in ["x", "y"]]', ["x-X", "y-Y"]),
        ('r := sprintf("%v", [sprintf("%v", [lower(sprintf("%v", ["Q"]))])])', "q"),
        ('r := sprintf("%d %v %v", [n, n > 2, [1, n]]) if { n := 3 }', "3 true [1, 3]"),
        ('r := sprintf("<%v>", [e]) if { e := "a\\"b\\n" }', '<a"b\n>'),
        ('r := sprintf("%v", [["x", e][1]]) if { e := "y" }', "y"),
        ('r := sprintf(\n\t"%v",\n\t[\n\t\tlower("A"),\n\t],\n)', "a"),
        ('r := sprintf("%v", [input.no_such_field])', None),
    ],
)
def test_a_text_is_formatted_without_quotes(module: str, said: Any) -> None:
    """Wherever it comes from; derived by hand from what OPA's `%v` and `%s` write of a text."""
    assert [] == faults(module)
    assert ({"undefined": True} if said is None else {"value": said}) == answered(module)
