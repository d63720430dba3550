"""Policies: their own cases, strictness where something is unknown, and that failing is denying."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.decision import Bundle
from evidence.decision.policies import Court, Policy, PolicyCase, PolicyDeclaration, Verdict, survey_policies

from .deciding import VERSIONS, active, version

POLICIES = [
    pytest.param(version(name), policy, id=f"{name}/{policy.name}")
    for name in VERSIONS
    for policy in version(name).policies
]
CASES = [
    pytest.param(version(name), policy, case, id=f"{name}/{policy.name}/{case.id}")
    for name in VERSIONS
    for policy in version(name).policies
    for case in policy.declaration.cases
]


def roles_of(bundle: Bundle, action_name: str) -> tuple[str, ...]:
    action = bundle.actions[action_name]
    return tuple(sorted({*action.approvers, *(role for also in action.also for role in also.approvers)}))


@pytest.mark.parametrize(("bundle", "policy", "case"), CASES)
def test_policy_case(bundle: Bundle, policy: Policy, case: PolicyCase) -> None:
    """In every version a policy gives the verdict of its own case; inputs not given are unknown."""
    inputs = {name: case.given.get(name) for name in policy.declaration.inputs}
    action, roles = bundle.actions[case.action], roles_of(bundle, case.action)
    assert Court().answer(policy, case.action, action, roles, inputs).verdict == case.verdict


@pytest.mark.parametrize(("bundle", "policy"), POLICIES)
def test_every_policy_denies_something_and_allows_something(bundle: Bundle, policy: Policy) -> None:
    """A policy whose cases never deny would be no boundary, one that always does no policy."""
    verdicts = {case.verdict for case in policy.declaration.cases}
    assert Verdict.ALLOW in verdicts
    assert len(verdicts) > 1


@pytest.mark.parametrize(("bundle", "policy"), POLICIES)
def test_unknown_is_at_least_as_strict_as_every_completion(bundle: Bundle, policy: Policy) -> None:
    """For every action and input, not knowing never allows more than any way of knowing."""
    court, order = Court(), list(Verdict)
    for name in bundle.ladder:
        action, roles = bundle.actions[name], roles_of(bundle, name)
        for unknown, declared in policy.declaration.inputs.items():
            others = {each: None for each in policy.declaration.inputs if each != unknown}
            strict = court.answer(policy, name, action, roles, {**others, unknown: None}).verdict
            for value in declared.domain:
                known = court.answer(policy, name, action, roles, {**others, unknown: value}).verdict
                assert order.index(strict) >= order.index(known)


def policy_of(source: str) -> Policy:
    declaration = PolicyDeclaration.model_validate(
        {"because": "A test.", "cases": [{"id": "x", "action": "x", "verdict": "allow"}]}
    )
    return Policy("broken", source, declaration)


@pytest.mark.parametrize(
    "source",
    [
        "package incidentresponse\n\nimport rego.v1\n\ndeny := 1 if true\n\ndeny := 2 if true\n",
        "package incidentresponse\n\nimport rego.v1\n\ndeny := true\n",
        "package incidentresponse\n\nimport rego.v1\n\ndeny contains 1 if true\n",
        'package incidentresponse\n\nimport rego.v1\n\ndeny contains "no" if count(1, 2) > 3\n',
        'package incidentresponse\n\nimport rego.v1\n\ndeny contains "no" if lower(7) == "x"\n',
        'package incidentresponse\n\nimport rego.v1\n\ndeny contains "no" if 1 / count([]) > 3\n',
    ],
    ids=["conflict", "not-a-set", "not-sentences", "does-not-compile", "ill-typed", "division-by-zero"],
)
def test_a_policy_that_fails_denies(source: str) -> None:
    """A runtime error or an answer of another shape counts as a denial, with and without approval."""
    action = active().actions["roll_back_release"]
    answer = Court().answer(policy_of(source), "roll_back_release", action, ("app_owner",), {})
    assert answer.verdict == Verdict.DENIED
    assert "counts as a denial" in answer.messages[0]


def test_messages_are_sorted() -> None:
    """Sets in Rego have no order; ours is always the same."""
    source = (
        "package incidentresponse\n\nimport rego.v1\n\n"
        'deny contains m if { some m in {"c", "a", "b", "e", "d"} }\n'
    )
    assert policy_of(source).ask({}) == ("a", "b", "c", "d", "e")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('x := http.send({"url": "http://example.com"})', "the built-in http.send reaches outside"),
        ("x := opa.runtime()", "the built-in opa.runtime reaches outside"),
        ("x := time.now_ns()", "the built-in time.now_ns reads the clock"),
        ('x := rand.intn("seed", 5)', "the built-in rand.intn is random"),
        ('x := uuid.rfc4122("k")', "the built-in uuid.rfc4122 is random"),
        ('x := time.parse_rfc3339_ns("2026-01-01T00:00:00Z")', "the built-in time.parse_rfc3339_ns reads"),
        ('x := regex.match("a+", "a")', "the built-in regex.match differs"),
        ('x := nobody_knows("a")', "there is no function nobody_knows"),
        ("x := data.secrets", "'data' is refused"),
        ("x := input", "write input.request.<field> in full"),
        ('x := input["request"]', "write input.request.<field> in full"),
        ("r := input.request", "write input.request.<field> in full"),
        ("x := input.request.enviroment", "input.request.enviroment is not declared"),
    ],
)
def test_impure_source_is_refused_by_line(line: str, what: str, tmp_path: Path) -> None:
    """A policy that could answer otherwise tomorrow is refused when it is loaded, by file and line."""
    source = (
        f'package incidentresponse\n\nimport rego.v1\n\ndeny contains m if {{\n\t{line}\n\tm := "no"\n}}\n'
    )
    (tmp_path / "impure.rego").write_text(source)
    (tmp_path / "impure.yaml").write_text(
        "because: A test.\ncases:\n  - {id: x, action: x, verdict: allow}\n"
    )
    _, faults = survey_policies(tmp_path)
    assert f"impure.rego:6:{6 if ':=' in line else 1}"[:14] in str(faults[0])
    assert what in str(faults[0])


def test_words_in_strings_and_comments_are_not_code(tmp_path: Path) -> None:
    """A message may name http.send; a comment may too."""
    source = (
        "package incidentresponse\n\nimport rego.v1\n\n# http.send() is not called\n"
        'deny contains m if {\n\tinput.request.undo == "irreversible"\n\tm := "no http.send() of input"\n}\n'
    )
    (tmp_path / "pure.rego").write_text(source)
    (tmp_path / "pure.yaml").write_text("because: A test.\ncases:\n  - {id: x, action: x, verdict: allow}\n")
    policies, faults = survey_policies(tmp_path)
    assert (["pure"], []) == ([policy.name for policy in policies], faults)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "deny contains m if { y := 1 / 0; m := `x` }",
            "extra.rego: fails when asked about a request: a built-in",
        ),
        ('deny := "x"', "extra.rego: deny is not a set of sentences. Write `deny contains message if"),
        (
            'deny contains m if { m := "\\d" }',
            "extra.rego:5:28: \\d is no escape: write \\\\d, or the text between",
        ),
        ('deny contains m if { m := "\\ud83d" }', "extra.rego:5:28: \\ud83d is half of a character"),
        ('deny contains m if { m := "\\ud83d\\ude00 \\\\ud83d" }', None),
    ],
)
def test_what_fails_is_told_by_what_it_is(tmp_path: Path, line: str, told: str | None) -> None:
    """A fault of what is computed is none of the shape of the rule, and an escape has a place."""
    (tmp_path / "extra.rego").write_text(f"package incidentresponse\n\nimport rego.v1\n\n{line}\n")
    case = "{id: one, action: gather_logs_and_traces, verdict: allow}"
    (tmp_path / "extra.yaml").write_text(f"because: It is tried.\ncases:\n  - {case}\n")
    faults = [str(fault).removeprefix(f"{tmp_path}/") for fault in survey_policies(tmp_path)[1]]
    assert (1 if told else 0) == len(faults)
    assert all(fault.startswith(told or "") for fault in faults)
