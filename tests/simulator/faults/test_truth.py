"""The plain reading of conditions and the kernel's SQL say the same, unknown included."""

from __future__ import annotations

import itertools
from contextlib import closing
from typing import Any

import pytest

from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import condition_sql
from evidence.decision.states import register_states
from evidence.tables import open_memory
from simulator.faults.truth import truth

from ..recordings import active

VALUES: dict[str, list[Any]] = {
    "environment": ["production", "staging", None],
    "is_stateful": [True, False, None],
    "error_rate_ppm": [0, 49_999, 50_000, 50_001, None],
    "service": ["cart", "cart-api", "c_rt", "", None],
    "signal_names": [[], ["Terminal shell in container"], ["a", "Terminal shell in container"]],
}
CONDITIONS = [
    "is_stateful",
    "not is_stateful",
    "known(is_stateful)",
    "not known(service)",
    "has_signal('Terminal shell in container')",
    "environment = 'production'",
    "environment <> 'production'",
    "environment in ('staging', 'test')",
    "not environment in ('staging', 'test')",
    "error_rate_ppm < 50000",
    "error_rate_ppm <= 50000",
    "error_rate_ppm > 50000",
    "error_rate_ppm >= 50000",
    "error_rate_ppm between 49999 and 50000",
    "service like 'cart%'",
    "service like 'c_rt'",
    "service like '%a%'",
    "regexp_matches(service, '^c.rt$')",
    "is_stateful and environment = 'production'",
    "is_stateful or environment = 'production'",
    "not (is_stateful or error_rate_ppm > 50000) and known(service)",
]


def said(conditions: list[str], states: list[dict[str, Any]]) -> list[tuple[bool | None, ...]]:
    """What DuckDB says of each condition in each state."""
    columns = ", ".join(condition_sql(parse_condition(text)) for text in conditions)
    with closing(open_memory()) as connection:
        register_states(connection, "made", states)
        rows = connection.execute(f"select {columns} from made order by incident_id").fetchall()
    return [tuple(row) for row in rows]


def test_every_kind_of_condition_is_true_false_and_unknown_where_the_kernel_says_so() -> None:
    """All combinations of telling values, unknown ones among them."""
    states = [dict(zip(VALUES, values, strict=True)) for values in itertools.product(*VALUES.values())]
    expected = said(CONDITIONS, states)
    found = [tuple(truth(parse_condition(text), state) for text in CONDITIONS) for state in states]
    assert expected == found
    assert {True, False, None} <= {value for row in found for value in row}


@pytest.mark.parametrize("is_blank", [True, False])
def test_the_conditions_of_the_active_playbook_read_alike(is_blank: bool) -> None:
    """Every rule, precondition, escalation and clause of it, on the blank state and a full one."""
    uses = sorted({use.text for use in active().uses})
    with closing(open_memory()) as connection:
        full = {**dict.fromkeys(VALUES), **{name: values[0] for name, values in VALUES.items()}}
        register_states(connection, "made", [{} if is_blank else full])
        (state,) = connection.sql("from made").to_arrow_table().to_pylist()
    expected = said(uses, [state])
    assert expected == [tuple(truth(parse_condition(text), state) for text in uses)]
