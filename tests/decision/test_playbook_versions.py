"""Sweeps the playbook versions: each is a whole bundle, and its own cases hold and speak of all its rules."""

from __future__ import annotations

import pytest

from evidence.decision import load_bundle
from evidence.decision.cases import failures
from evidence.decision.matrix import Option
from evidence.decision.policies import survey_policies

from .deciding import PLAYBOOKS, VERSIONS, cases_of, version
from .reference import Reference

each_version = pytest.mark.parametrize("name", VERSIONS)


def test_the_versions_that_a_team_went_through_are_there() -> None:
    """History has something to compare."""
    assert {"v1", "v2", "v3"} <= set(VERSIONS)


def test_no_two_versions_are_the_same() -> None:
    """A version is told apart by its digest."""
    assert len({version(name).digest for name in VERSIONS}) == len(VERSIONS)


@each_version
def test_a_version_compiles_and_shows_all_eight_options(name: str) -> None:
    """It passes the compile checks that the proofs rest on, and every option has an action."""
    bundle = load_bundle(PLAYBOOKS / name)
    assert {action.option for action in bundle.actions.values()} == set(Option)


@each_version
def test_a_version_keeps_its_own_cases(name: str) -> None:
    """Every case that the bundle carries is decided as it expects."""
    cases = cases_of(PLAYBOOKS / name)
    assert [str(failure) for failure in failures(version(name), cases)] == []


@each_version
def test_every_rule_is_true_in_some_case(name: str) -> None:
    """No rule of a version goes untested by the version's own cases."""
    model = Reference(PLAYBOOKS / name, {})
    states = [case.state for case in cases_of(PLAYBOOKS / name)]
    untried = [
        rule.id
        for rule in version(name).rules
        if not any(model.is_true(rule.when, state) for state in states)
    ]
    assert untried == []


def test_every_folder_of_policies_is_used_by_a_version() -> None:
    """No policy lies about that nothing asks."""
    folders = {path.parent for path in PLAYBOOKS.rglob("*.rego")}
    used = {(PLAYBOOKS / name / version(name).playbook.policies).resolve() for name in VERSIONS}
    assert {folder.resolve() for folder in folders} == used
    for folder in folders:
        policies, faults = survey_policies(folder)
        assert (True, []) == (bool(policies), faults)
