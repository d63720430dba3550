"""Runs bundles on hand-made states."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from evidence.decision import Bundle, load_bundle
from evidence.decision.cases import CaseState, survey_cases
from evidence.decision.codes import decode
from evidence.decision.kernel import Kernel
from evidence.decision.states import register_states
from evidence.tables import open_memory

ROOT = Path(__file__).parents[2]
BUNDLES = Path(__file__).parent / "bundles"
BAD_BUNDLES = Path(__file__).parent / "bad_bundles"
PLAYBOOKS = ROOT / "playbooks"
VERSIONS = tuple(sorted(path.parent.name for path in PLAYBOOKS.glob("*/playbook.yaml")))

Decided = tuple[str, str, tuple[str, ...]]


@lru_cache
def mini() -> Bundle:
    """The small bundle whose states can all be enumerated."""
    return load_bundle(BUNDLES / "mini")


@lru_cache
def version(name: str) -> Bundle:
    """One of the shipped playbook versions."""
    return load_bundle(PLAYBOOKS / name)


def cases_of(folder: Path) -> list[CaseState]:
    """The cases of a playbook in which nothing is wrong."""
    cases, findings = survey_cases(folder)
    assert [] == findings
    return cases


def active() -> Bundle:
    """The playbook that production decides by."""
    return version("v3")


def decided(bundle: Bundle, states: Sequence[dict[str, Any]]) -> list[Decided]:
    """(action, mode, approvers) of every state, by the compiled query."""
    connection = open_memory()
    register_states(connection, "hand_made", states)
    Kernel.of([bundle]).run(connection, "hand_made")
    rows = connection.execute("select code_0 from kernel_codes order by incident_id").fetchall()
    recommendations = [decode(bundle, code) for (code,) in rows]
    return [(each.action, each.mode.value, each.approvers) for each in recommendations]


def product(**columns: Sequence[Any]) -> list[dict[str, Any]]:
    """Every combination of the columns' values; the last column varies fastest."""
    return [dict(zip(columns, values, strict=True)) for values in itertools.product(*columns.values())]
