"""Tries policies in a process of its own, so that what ends the interpreter ends no command.

Loading refuses every module that is known to end it. This is for the others: the child is a copy of this
process, so that it begins at once, and it is asked what the policies' own cases give.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import select
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from evidence.decision.inspection import PLAYBOOK_FILE
from evidence.decision.named_paths import named_path, named_policies
from evidence.decision.policies import Policy, survey_policies
from evidence.errors import EvidenceError, InputError, Place
from evidence.strict_yaml import load_yaml

SECONDS_MAX = 10  # what takes longer is stopped, and not refused for it: evaluation has limits of its own


def try_policies(folder: Path) -> None:
    """Compile and ask the policies of the folder. Raises InputError where that ends the process."""
    refuse_where_it_ends(folder, lambda: _ask_all(folder))


def refuse_where_it_ends(folder: Path, work: Callable[[], None]) -> None:
    """Do the work, of which the policies of the folder are the reason. Raises as `try_policies`."""
    if ends_the_process(work):
        raise InputError(
            "one of these policies ends the interpreter of Rego, so that none can be asked",
            place=Place(folder),
            remedy="Take out what was written last, and write it otherwise",
        )


def try_policies_of(bundle: Path) -> None:
    """As `try_policies`, for the folder that a playbook names; that it names none is told elsewhere."""
    folder = policies_of(bundle)
    if folder is not None and folder.is_dir():
        try_policies(folder)


def policies_of(bundle: Path) -> Path | None:
    """The folder of policies that the playbook names; None where it names none, or cannot be read."""
    try:
        said = load_yaml(bundle / PLAYBOOK_FILE).value
    except EvidenceError:
        return None
    name = named_policies(said)
    return named_path(bundle, name) if name else None


def ends_the_process(work: Callable[[], None]) -> bool:
    """Whether the work, done in a copy of this process, ends that by a signal; what it raises is not told."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _do_and_leave(work)
    os.close(writing)
    # The pipe is at its end when the child is: it alone holds the other side.
    is_over = bool(select.select([reading], [], [], SECONDS_MAX)[0])
    if not is_over:
        os.kill(child, signal.SIGKILL)
    os.close(reading)
    _, status = os.waitpid(child, 0)
    return is_over and os.WIFSIGNALED(status)


def _do_and_leave(work: Callable[[], None]) -> None:
    """Nothing of the parent's is closed, flushed or said by the child."""
    faulthandler.disable()  # it would write of what is expected
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        with contextlib.suppress(Exception):
            work()
    finally:
        os._exit(0)


def _ask_all(folder: Path) -> None:
    policies, faults = survey_policies(folder)
    if faults:
        return  # whoever loads them next is told what and where
    for policy in policies:
        for request in _requests(policy):
            policy.ask(request)


def _requests(policy: Policy) -> Iterator[dict[str, object]]:
    """What the policy's cases give, without and with an approval."""
    for case in policy.declaration.cases:
        for approvals in ([], ["security"]):
            labels = {"approved-by": approvals[0]} if approvals else {}
            yield {
                "kind": {"kind": "Pod"},
                "operation": "UPDATE",
                "action": case.action,
                "option": "contain",
                "scope": "workload",
                "undo": "full",
                "object": {"metadata": {"labels": labels}},
                "approvals": approvals,
                **case.given,
            }
