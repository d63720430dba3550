"""Applies changes to hand-made states, so that what a flip promises can be tried."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evidence.decision import Bundle
from evidence.decision.bundle import Playbook
from evidence.decision.codes import decode
from evidence.decision.facts import Fact, Piece
from evidence.decision.flips import Flip
from evidence.decision.kernel import Kernel
from evidence.decision.states import blank_state, register_states, with_context_sql
from evidence.tables import open_memory

from .deciding import Decided

State = dict[str, Any]
Changes = tuple[tuple[Fact, Piece], ...]


def with_context(state: Mapping[str, Any]) -> State:
    """A whole state whose minimum context follows from its other columns."""
    connection = open_memory()
    register_states(connection, "hand_made", [state])
    [row] = connection.sql(f"from {with_context_sql('hand_made')}").to_arrow_table().to_pylist()
    return {**blank_state(), **row}


def decided_in_context(bundle: Bundle, states: Sequence[Mapping[str, Any]]) -> list[Decided]:
    """What is recommended in every state, its minimum context following from the other columns."""
    connection = open_memory()
    register_states(connection, "hand_made", states)
    Kernel.of([bundle]).run(connection, with_context_sql("hand_made"))
    codes = connection.execute("select code_0 from kernel_codes order by incident_id").fetchall()
    recommended = [decode(bundle, code) for (code,) in codes]
    return [(each.action, each.mode.value, each.approvers) for each in recommended]


def ways(flip: Flip) -> Iterator[Changes]:
    """Every way to take one piece of each change."""
    facts = [change.fact for change in flip.changes]
    for pieces in itertools.product(*(change.pieces for change in flip.changes)):
        yield tuple(zip(facts, pieces, strict=True))


def changed(state: Mapping[str, Any], changes: Changes) -> State:
    """The state with these facts otherwise; its key columns are left to the caller."""
    new = {name: value for name, value in state.items() if name not in ("incident_id", "moment")}
    for fact, piece in changes:
        if fact.signal:
            others = [name for name in new["signal_names"] if name != fact.signal]
            new["signal_names"] = sorted([*others, *([fact.signal] if piece.value else [])])
        else:
            new[fact.column] = piece.value
    return new


def with_rules(bundle: Bundle, *rules: Mapping[str, Any], is_added: bool = True) -> Bundle:
    """The bundle with further rules, or with these alone."""
    document = bundle.playbook.model_dump(mode="json", exclude_none=True)
    before = document["rules"] if is_added else []
    document["rules"] = [*before, *({"because": "A test.", **rule} for rule in rules)]
    return Bundle(
        "edited", Playbook.model_validate(document), bundle.approvers, bundle.policies, bundle.detections
    )
