"""Asks the policies of two bundles about every proposal of a history, at every moment up to the horizon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import duckdb
import pyarrow as pa

from evidence.decision import Bundle
from evidence.decision.kernel import Kernel
from evidence.decision.matrix import required_approvers
from evidence.decision.policies import Answer, Policy, Value, Verdict
from evidence.decision.records import record_decisions
from simulator.histories.excerpts import graded_excerpt
from simulator.histories.history import STATES

Row = Mapping[str, Any]
_ALLOWED = Answer(Verdict.ALLOW, (), ())
_STRICTNESS = list(Verdict)
_DIFFERING = pa.schema(
    [
        *((name, pa.int64()) for name in ("policy_key", "also_bits", "old_place", "new_place")),
        *((name, pa.string()) for name in ("action", "policy", "old", "new", "all_old", "all_new")),
    ]
)
_RECORDS = pa.schema(
    [("incident_id", pa.string()), ("baseline_at", pa.int64()), ("candidate_at", pa.int64())]
)


def changed_policies(bundles: tuple[Bundle, Bundle]) -> dict[str, tuple[Policy | None, Policy | None]]:
    """The policies that are not the same in both, by name; None where a bundle does not have it."""
    old, new = ({policy.name: policy for policy in bundle.policies} for bundle in bundles)
    pairs = {name: (old.get(name), new.get(name)) for name in sorted({*old, *new})}
    return {name: pair for name, pair in pairs.items() if _digest(pair[0]) != _digest(pair[1])}


def _digest(policy: Policy | None) -> str | None:
    return None if policy is None else policy.digest


@dataclass(frozen=True)
class Judged:
    """What was found: `rows` as differing_verdicts.sql gives them, and how many proposals there are."""

    rows: tuple[Row, ...]
    proposal_count: int
    questions: Questions


def judge(
    connection: duckdb.DuckDBPyConnection,
    bundles: tuple[Bundle, Bundle],
    decided_at: Mapping[str, tuple[int, int]],
    states: str = STATES,
) -> Judged:
    """Judge the proposals of these incidents; `decided_at` are both times of the decision of record, in ns.

    Moments are those of the candidate's ticks and grading.
    """
    questions = Questions(Kernel.of(bundles))
    with graded_excerpt(connection, bundles[1].grading, sorted(decided_at), states) as excerpt:
        record_decisions(excerpt, questions.kernel)
        asked = excerpt.execute(
            "select distinct policy_key, also_bits from kernel_keys order by policy_key, also_bits"
        ).fetchall()
        excerpt.register("differing_verdicts", _table(questions.differing(asked), _DIFFERING))
        excerpt.register("record_times", _table(_record_rows(decided_at), _RECORDS))
        found = excerpt.sql(_sql(questions.kernel)).to_arrow_table().to_pylist()
        return Judged(tuple(found), _proposal_count(excerpt, questions.kernel), questions)


def _record_rows(decided_at: Mapping[str, tuple[int, int]]) -> Iterator[dict[str, object]]:
    for incident_id, (old, new) in sorted(decided_at.items()):
        yield {"incident_id": incident_id, "baseline_at": old, "candidate_at": new}


def _table(rows: Iterator[dict[str, object]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=schema)


def _sql(kernel: Kernel) -> str:
    text = files("simulator.policies").joinpath("differing_verdicts.sql").read_text(encoding="utf-8")
    return text.replace("$key", ", ".join(kernel.layout.key_columns))


def _proposal_count(connection: duckdb.DuckDBPyConnection, kernel: Kernel) -> int:
    """Pairs of incident and action whose points are enough at a moment up to the horizon, on either side."""
    key = ", ".join(kernel.layout.key_columns)
    counts = f"""
select distinct states.incident_id, (masks.effective >> place.place) & 1 = 1 as is_proposed, place.action
from kernel_states as states
join kernel_masks_{{side}} as masks using ({key})
join kernel_horizons as horizons using (incident_id)
cross join (select unnest({{actions}}) as action, unnest(range({{count}})) as place) as place
where states.known_at <= horizons.horizon_at"""
    parts = [
        counts.format(side=side, actions=list(bundle.ladder), count=len(bundle.ladder))
        for side, bundle in enumerate(kernel.bundles)
        if bundle.ladder
    ]
    union = "\nunion\n".join(parts)
    query = f"select count(distinct (incident_id, action)) from ({union}) where is_proposed"
    return int(connection.execute(query).fetchall()[0][0]) if parts else 0


@dataclass(frozen=True)
class Questions:
    """What can be asked of both bundles' policies where the key has some policy inputs and also bits."""

    kernel: Kernel
    _inputs: dict[tuple[int, str, int], dict[str, Value | None]] = field(default_factory=dict, repr=False)

    def differing(self, asked: Sequence[tuple[int, int]]) -> Iterator[dict[str, object]]:
        """A row for each action and policy on which the two sides differ, of actions that both have."""
        old, new = self.kernel.bundles
        names = changed_policies((old, new))
        for policy_key, also_bits in asked if names else ():
            for action in old.ladder:
                if action in new.ladder:
                    yield from self._differing(action, policy_key, also_bits, tuple(names))

    def _differing(
        self, action: str, policy_key: int, also_bits: int, names: tuple[str, ...]
    ) -> Iterator[dict[str, object]]:
        sides = [self._all(side, action, policy_key, also_bits) for side in (0, 1)]
        strictest = [self._strictest(side) for side in sides]
        for name in names:
            old, new = (side.get(name, _ALLOWED).verdict for side in sides)
            if old is not new:
                yield {
                    "policy_key": policy_key,
                    "also_bits": also_bits,
                    "old_place": self.kernel.bundles[0].ladder.index(action),
                    "new_place": self.kernel.bundles[1].ladder.index(action),
                    "action": action,
                    "policy": name,
                    "old": old.value,
                    "new": new.value,
                    "all_old": strictest[0].value,
                    "all_new": strictest[1].value,
                }

    def _strictest(self, answers: Mapping[str, Answer]) -> Verdict:
        verdicts = (answer.verdict for answer in answers.values())
        return max(verdicts, key=_STRICTNESS.index, default=Verdict.ALLOW)

    def _all(self, side: int, action: str, policy_key: int, also_bits: int) -> dict[str, Answer]:
        kernel = self.kernel
        answers = kernel.answers(kernel.court, side, action, policy_key, also_bits)
        return {policy.name: answer for policy, answer in answers}

    def answer(self, side: int, policy: str, row: Row) -> Answer:
        """What the policy of that side says there; it allows where the side has no such policy."""
        return self._all(side, row["action"], row["policy_key"], row["also_bits"]).get(policy, _ALLOWED)

    def has_failed(self, side: int, policy: str, row: Row) -> bool:
        """Whether the policy of that side failed there, which counts as a denial."""
        own = next((each for each in self.kernel.bundles[side].policies if each.name == policy), None)
        return own is not None and own.has_failed(self.answer(side, policy, row).messages)

    def inputs(self, policy: str, row: Row) -> dict[str, Value | None]:
        """The inputs that the policy declares on either side, and their values; None is unknown."""
        known = self.kernel.layout.inputs_at(row["policy_key"])
        pair = changed_policies((self.kernel.bundles[0], self.kernel.bundles[1]))[policy]
        return {
            name: known[declared]
            for each in pair
            if each is not None
            for name, declared in sorted(each.declaration.inputs.items())
        }

    def roles(self, side: int, row: Row) -> tuple[str, ...]:
        """Who would approve the action there."""
        action = self.kernel.bundles[side].actions[row["action"]]
        return required_approvers(action, self.kernel.also_mask(action, row["also_bits"]))
