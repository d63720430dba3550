"""Policies are tried in a process that can be lost; nothing that could end this one is evaluated here."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from evidence.errors import InputError
from simulator.bundles.bundle_refs import load_tried
from simulator.policies import trying

PLAYBOOKS = Path(__file__).parents[3] / "playbooks"
ENDING = """package incidentresponse

import rego.v1

deny contains m if { m := input.request.action } else := 3 if { true }
"""


def end_by(number: int) -> None:
    os.kill(os.getpid(), number)


def fail() -> None:
    raise ValueError("told elsewhere")


def test_work_that_ends_its_process_ends_no_other() -> None:
    """By a signal it does; what it raises, or that it is done, is not an end."""
    ended = [
        trying.ends_the_process(lambda: end_by(signal.SIGSEGV)),
        trying.ends_the_process(lambda: end_by(signal.SIGABRT)),
        trying.ends_the_process(fail),
        trying.ends_the_process(lambda: None),
    ]
    assert [True, True, False, False] == ended


def test_policies_that_are_refused_or_sound_are_told_elsewhere(tmp_path: Path) -> None:
    """The trial tells nothing of them; a folder of policies that a playbook does not name is none."""
    shutil.copytree(PLAYBOOKS / "policies", tmp_path / "policies")
    (tmp_path / "policies" / "broken.rego").write_text("package\n")
    trying.try_policies(tmp_path / "policies")
    shutil.copy(tmp_path / "policies" / "shared_release.yaml", tmp_path / "policies" / "broken.yaml")
    (tmp_path / "policies" / "broken.rego").write_text(ENDING)  # known to end it, and so not asked
    trying.try_policies(tmp_path / "policies")
    trying.try_policies_of(tmp_path)
    assert None is trying.policies_of(tmp_path)


def test_a_bundle_is_loaded_after_its_policies_were_tried() -> None:
    """As it would be without."""
    assert PLAYBOOKS / "policies" == trying.policies_of(PLAYBOOKS / "v3")
    assert "v3" == load_tried(str(PLAYBOOKS / "v3")).name


def test_a_trial_that_ends_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(InputError) as refused:
        trying.refuse_where_it_ends(tmp_path, lambda: end_by(signal.SIGKILL))
    assert f"{tmp_path}: one of these policies ends the interpreter of Rego" in str(refused.value)
