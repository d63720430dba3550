"""Owns trying the proofs on the states that history and cases know, with the graded columns moved about.

They hold by construction when a bundle compiles. Here they are seen to hold: each state is decided with
every confidence and every blast radius that the bundle tells apart, and without its minimum context.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from evidence.decision.cells import blast_values, confidence_values
from evidence.decision.codes import Recommendation, decode
from evidence.decision.counterexamples import decision_words, may_follow
from evidence.decision.kernel import Kernel
from evidence.decision.matrix import BOUNDED_OPTIONS
from simulator.checking.trials import Trials

STATES_MAX = 2_000  # each is decided some forty times


@dataclass(frozen=True, slots=True)
class Proved:
    """How many states were moved about into how many cells, and every broken proof in one sentence."""

    state_count: int
    cell_count: int
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Cell:
    """One decided cell: the state it was made of, and its value on the axis."""

    state: str
    value: Any
    recommendation: Recommendation | None


def prove(trials: Trials) -> Proved:
    """Try the proofs around one state per distinct key of the trials, cases first, at most STATES_MAX."""
    keys = ", ".join(trials.key_columns)
    trials.connection.execute(
        "create or replace temp table proof_states as select * from trial_states"
        f" qualify row_number() over (partition by {keys} order by case_place, incident_id, moment) = 1"
        f" order by case_place, incident_id, moment limit {STATES_MAX}"
    ).fetchall()
    bundle = trials.bundle
    confidences, blasts = confidence_values(bundle), blast_values(bundle)
    cells = {
        "confidence": list(_decided(trials, "confidence", confidences)),
        "blast_radius": list(_decided(trials, "blast_radius", blasts)),
        "has_minimum_context": list(_decided(trials, "has_minimum_context", (False,))),
    }
    broken = [
        *(each for axis, among in cells.items() for each in _undecided(among, axis)),
        *_bolder(cells["confidence"], "confidence"),
        *_bolder(cells["blast_radius"], "blast_radius"),
        *_unbounded(cells["has_minimum_context"]),
    ]
    state_count = len(cells["has_minimum_context"])
    return Proved(state_count, sum(map(len, cells.values())), tuple(broken))


def _decided(trials: Trials, axis: str, values: Sequence[Any]) -> Iterator[_Cell]:
    """Every proof state with every value of one column, by state and then in the order of the values."""
    listed = ", ".join("null" if value is None else str(value) for value in values)
    cells = f"""(
select proof_states.* replace (
    incident_id || ' at moment ' || moment as incident_id, place::integer as moment, value as {axis}
)
from proof_states, (select unnest(range({len(values)})) as place, unnest([{listed}]) as value)
)"""
    kernel = Kernel.of([trials.bundle], trials.court)
    kernel.run(trials.connection, cells)
    rows = trials.connection.execute(
        "select incident_id, moment, code_0 from kernel_codes order by incident_id, moment"
    ).fetchall()
    for state, place, code in rows:
        # There is always exactly one decision: a key that none is found for has no code.
        yield _Cell(state, values[place], None if code is None else decode(trials.bundle, code))


def _bolder(cells: Sequence[_Cell], axis: str) -> Iterator[str]:
    """Neighbours in which less confidence or a wider blast radius does more, or needs less approval."""
    for safer, riskier in pairwise(cells):
        before, after = safer.recommendation, riskier.recommendation
        if safer.state != riskier.state or before is None or after is None:
            continue
        if not may_follow(before, after, axis):
            yield (
                f"{safer.state}: {axis}={safer.value} gives {decision_words(before)}, "
                f"{axis}={riskier.value} gives {decision_words(after)}"
            )


def _undecided(cells: Sequence[_Cell], axis: str) -> Iterator[str]:
    for cell in cells:
        if cell.recommendation is None:
            yield f"{cell.state}: {axis}={cell.value} gives no decision"


def _unbounded(cells: Sequence[_Cell]) -> Iterator[str]:
    """States in which something else than enriching or escalating is left without minimum context."""
    for cell in cells:
        found = cell.recommendation
        if found is not None and found.option not in BOUNDED_OPTIONS:
            yield f"{cell.state}: without minimum context {decision_words(found)} is left"
