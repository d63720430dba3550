"""Owns the decision kernel: any number of bundles in one pass over incident states.

States become small integer keys (layout); policies are asked once per distinct input; every bundle
decides on the distinct keys (masks) and the codes of its decisions are joined back to the states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from evidence.decision.bundle import Bundle
from evidence.decision.layout import Layout
from evidence.decision.masks import Masks
from evidence.decision.matrix import Action, required_approvers
from evidence.decision.policies import Answer, Court, Policy, Value, Verdict

STATES = "enrichment.incident_states"


@dataclass(frozen=True)
class Kernel:
    """Some bundles compiled together. Its temporary tables live in the connection that it runs on."""

    bundles: tuple[Bundle, ...]
    layout: Layout

    @classmethod
    def of(cls, bundles: Sequence[Bundle]) -> Kernel:
        """The kernel of these bundles, told apart by their place in the sequence."""
        return cls(tuple(bundles), Layout.of(bundles))

    def run(self, connection: duckdb.DuckDBPyConnection, states: str = STATES) -> None:
        """Decide every row of `states` (a relation shaped like incident_states).

        Leaves the temporary tables `kernel_states` (incident_id, moment, known_at and the key),
        `kernel_keys` (distinct keys), `kernel_masks_<i>` (one row per key: effects, gates, code) and
        `kernel_codes` (incident_id, moment, known_at and code_<i> per bundle).
        """
        _execute(connection, self.states_sql(states))
        _execute(connection, self.keys_sql())
        self._ask_policies(connection)
        for index in range(len(self.bundles)):
            _execute(connection, self.masks_sql(index))
        _execute(connection, self.codes_sql())

    # --- SQL

    def states_sql(self, states: str) -> str:
        """One row per state: its key."""
        words = ",\n    ".join(
            f"{self.layout.word_sql(index)} as {name}" for index, name in enumerate(self.layout.words)
        )
        return f"""
create or replace temp table kernel_states as
select
    incident_id,
    moment,
    known_at,
    {words},
    {self.layout.rest_sql()} as rest
from {states}"""

    def keys_sql(self) -> str:
        """One row per distinct key, with the parts packed in it."""
        columns = ", ".join(self.layout.key_columns)
        return f"""
create or replace temp table kernel_keys as
select
    {columns},{self.layout.unpacked_sql()}
from (select distinct {columns} from kernel_states)
order by {columns}"""

    def masks_sql(self, index: int) -> str:
        """One row per distinct key: effects, gates, the decision's parts and its code."""
        masks = Masks(self.bundles[index], self.layout)
        return f"""
create or replace temp table kernel_masks_{index} as
with effects as materialized (
    select
        kernel_keys.*,
        denied,
        needing_approval,
        {masks.effects()}
    from kernel_keys
    join kernel_policies using (policy_key, also_bits)
    where kernel_policies.bundle = {index}
),
gates as materialized (
    select
        *,
        {masks.gates()},
        {masks.passive_best()} as passive_best
    from effects
),
admissibles as materialized (
    select
        *,
        case when has_context then effective & confident & prepared & ~denied else 0 end as admissible,
        case when has_context then effective & confident & prepared else 0 end as admissible_but_for_policy
    from gates
),
choices as materialized (
    select
        *,
        admissible & -admissible as chosen,
        admissible_but_for_policy & -admissible_but_for_policy as preferred
    from admissibles
),
modes as materialized (
    select
        *,
        case when (approval & chosen) <> 0 then 2 when (gated & chosen) <> 0 then 1 else 0 end as mode,
        case when (also_0 & chosen) <> 0 then 1 else 0 end
            + case when (also_1 & chosen) <> 0 then 2 else 0 end
            + case when (also_2 & chosen) <> 0 then 4 else 0 end as also_mask
    from choices
)
select
    *,
    {masks.code()} as code
from modes
order by {", ".join(self.layout.key_columns)}"""

    def codes_sql(self) -> str:
        """One row per state: the code of every bundle's decision."""
        columns = ", ".join(self.layout.key_columns)
        codes = "".join(f",\n    masks_{i}.code as code_{i}" for i in range(len(self.bundles)))
        joins = "".join(
            f"\n    join kernel_masks_{i} as masks_{i} using ({columns})" for i in range(len(self.bundles))
        )
        keyed = ", ".join(f"decided.code_{i}" for i in range(len(self.bundles)))
        return f"""
create or replace temp table kernel_codes as
with decided as materialized (
    select
        {columns}{codes}
    from kernel_keys{joins}
)
select
    incident_id,
    moment,
    known_at,
    {keyed}
from kernel_states
join decided using ({columns})"""

    # --- policies

    def _ask_policies(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Leaves `kernel_policies`: per bundle and distinct policy input two masks over rungs."""
        asked = connection.execute(
            "select distinct policy_key, also_bits from kernel_keys order by policy_key, also_bits"
        ).fetchall()
        court = Court()
        rows = [
            (index, policy_key, also_bits, *self._policy_masks(court, index, policy_key, also_bits))
            for index in range(len(self.bundles))
            for policy_key, also_bits in asked
        ]
        names = ("bundle", "policy_key", "also_bits", "denied", "needing_approval")
        schema = pa.schema([(name, pa.int64()) for name in names])
        arrow = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=schema)
        connection.register("arrow_kernel_policies", arrow)
        _execute(connection, "create or replace temp table kernel_policies as from arrow_kernel_policies")
        connection.unregister("arrow_kernel_policies")

    def _policy_masks(self, court: Court, index: int, policy_key: int, also_bits: int) -> tuple[int, int]:
        denied = needing = 0
        for place, name in enumerate(self.bundles[index].ladder):
            verdicts = {
                answer.verdict for _, answer in self.answers(court, index, name, policy_key, also_bits)
            }
            denied |= (Verdict.DENIED in verdicts) << place
            needing |= (Verdict.NEEDS_APPROVAL in verdicts) << place
        return denied, needing

    def answers(
        self, court: Court, index: int, name: str, policy_key: int, also_bits: int
    ) -> list[tuple[Policy, Answer]]:
        """Every policy's answer about an action of bundle `index` where the key has these policy inputs."""
        bundle = self.bundles[index]
        action = bundle.actions[name]
        roles = required_approvers(action, self.also_mask(action, also_bits))
        known = self.layout.inputs_at(policy_key)
        answers = []
        for policy in bundle.policies:
            inputs: dict[str, Value | None] = {
                each: known[declared] for each, declared in policy.declaration.inputs.items()
            }
            answers.append((policy, court.answer(policy, name, action, roles, inputs)))
        return answers

    def also_mask(self, action: Action, also_bits: int) -> int:
        """Which of the action's also clauses apply where the key has these also bits."""
        return sum(
            (also_bits >> self.layout.bit(also.when, is_raising=True) & 1) << place
            for place, also in enumerate(action.also)
        )


def _execute(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(sql).fetchall()
