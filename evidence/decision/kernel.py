"""Owns the decision kernel: any number of bundles in one pass over incident states.

States become small integer keys (layout); policies are asked once per distinct input; every bundle
decides on the distinct keys (masks) and the codes of its decisions are joined back to the states.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from evidence.decision.bundle import Bundle
from evidence.decision.layout import Layout
from evidence.decision.masks import Masks
from evidence.decision.matrix import Action, required_approvers
from evidence.decision.policies import Answer, Court, Inputs, Policy, Value, Verdict

STATES = "enrichment.incident_states"


@dataclass(frozen=True)
class Kernel:
    """Some bundles compiled together. Its temporary tables live in the connection that it runs on.

    Its court remembers what policies have said: bundles that share policies ask each question once.
    """

    bundles: tuple[Bundle, ...]
    layout: Layout
    court: Court = field(default_factory=Court, compare=False, repr=False)

    @classmethod
    def of(cls, bundles: Sequence[Bundle], court: Court | None = None) -> Kernel:
        """The kernel of these bundles, told apart by their place in the sequence."""
        return cls(tuple(bundles), Layout.of(bundles), court or Court())

    def run(self, connection: duckdb.DuckDBPyConnection, states: str = STATES) -> None:
        """Decide every row of `states` (a relation shaped like incident_states).

        Leaves the temporary tables `kernel_states` (incident_id, moment, known_at and the key), those of
        `ask`, `kernel_masks_<i>` (one row per key: effects, gates, code) and `kernel_codes` (incident_id,
        moment, known_at and code_<i> per bundle).
        """
        _execute(connection, self.states_sql(states))
        self.ask(connection, "kernel_states")
        for index in range(len(self.bundles)):
            _execute(
                connection, f"create or replace temp table kernel_masks_{index} as {self.masks_sql(index)}"
            )
        _execute(connection, self.codes_sql())

    def ask(self, connection: duckdb.DuckDBPyConnection, keyed: str) -> None:
        """Find the distinct keys in `keyed`, a relation with the key's columns, and ask the policies.

        Leaves `kernel_keys` (one row per distinct key) and `kernel_policies`, which `masks_sql` reads.
        """
        _execute(connection, self.keys_sql(keyed))
        self._ask_policies(connection)

    # --- SQL

    def key_sql(self) -> str:
        """A select list over a state row: the columns of its key."""
        words = [f"{self.layout.word_sql(index)} as {name}" for index, name in enumerate(self.layout.words)]
        return ",\n    ".join([*words, f"{self.layout.rest_sql()} as rest"])

    def states_sql(self, states: str) -> str:
        """One row per state: its key."""
        return f"""
create or replace temp table kernel_states as
select
    incident_id,
    moment,
    known_at,
    {self.key_sql()}
from {states}"""

    def keys_sql(self, keyed: str) -> str:
        """One row per distinct key, with the parts packed in it."""
        columns = ", ".join(self.layout.key_columns)
        return f"""
create or replace temp table kernel_keys as
select
    {columns},{self.layout.unpacked_sql()}
from (select distinct {columns} from {keyed})
order by {columns}"""

    def masks_sql(self, index: int, columns: str = "*") -> str:
        """A SELECT of one row per distinct key: effects, gates, the decision's parts, and its code.

        `columns` chooses among all but the code: what is not asked for is not kept. The stages stay apart
        in the plan, so that a column of one is evaluated once however often the next ones read it.
        """
        masks = Masks(self.bundles[index], self.layout)
        return f"""
with effects as not materialized (
    select
        kernel_keys.*,
        denied,
        needing_approval,
        {masks.effects()}
    from kernel_keys
    join kernel_policies using (policy_key, also_bits)
    where kernel_policies.bundle = {index}
),
gates as not materialized (
    select
        *,
        {masks.gates()},
        {masks.passive_best()} as passive_best
    from effects
),
admissibles as not materialized (
    select
        *,
        case when has_context then effective & confident & prepared & ~denied else 0 end as admissible,
        case when has_context then effective & confident & prepared else 0 end as admissible_but_for_policy
    from gates
),
choices as not materialized (
    select
        *,
        admissible & -admissible as chosen,
        admissible_but_for_policy & -admissible_but_for_policy as preferred
    from admissibles
),
modes as not materialized (
    select
        *,
        case when (approval & chosen) <> 0 then 2 when (gated & chosen) <> 0 then 1 else 0 end as mode,
        case when (also_0 & chosen) <> 0 then 1 else 0 end
            + case when (also_1 & chosen) <> 0 then 2 else 0 end
            + case when (also_2 & chosen) <> 0 then 4 else 0 end as also_mask
    from choices
)
select
    {columns},
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
        rows = [
            (index, policy_key, also_bits, *masks)
            for index in range(len(self.bundles))
            for policy_key, also_bits, masks in self._verdicts(index, asked)
        ]
        names = ("bundle", "policy_key", "also_bits", "denied", "needing_approval")
        schema = pa.schema([(name, pa.int64()) for name in names])
        arrow = pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=schema)
        connection.register("arrow_kernel_policies", arrow)
        _execute(connection, "create or replace temp table kernel_policies as from arrow_kernel_policies")
        connection.unregister("arrow_kernel_policies")

    def _verdicts(
        self, index: int, asked: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[int, int, tuple[int, int]]]:
        """Per policy input of `asked` the rungs that are denied and those that need approval.

        A policy is asked once per combination of its own inputs, however many others there are.
        """
        bundle = self.bundles[index]
        masks: dict[tuple[object, ...], tuple[int, int]] = {}
        for policy_key, also_bits in asked:
            known = self.layout.inputs_at(policy_key)
            denied = needing = 0
            for policy in bundle.policies:
                inputs = {each: known[declared] for each, declared in policy.declaration.inputs.items()}
                key = (policy.name, also_bits, *inputs.values())
                if key not in masks:
                    masks[key] = self._policy_masks(index, policy, inputs, also_bits)
                denied |= masks[key][0]
                needing |= masks[key][1]
            yield policy_key, also_bits, (denied, needing)

    def _policy_masks(self, index: int, policy: Policy, inputs: Inputs, also_bits: int) -> tuple[int, int]:
        bundle = self.bundles[index]
        denied = needing = 0
        for place, name in enumerate(bundle.ladder):
            action = bundle.actions[name]
            roles = required_approvers(action, self.also_mask(action, also_bits))
            verdict = self.court.answer(policy, name, action, roles, inputs).verdict
            denied |= (verdict is Verdict.DENIED) << place
            needing |= (verdict is Verdict.NEEDS_APPROVAL) << place
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
