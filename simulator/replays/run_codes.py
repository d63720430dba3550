"""Owns what bundles decide on runs: every distinct key once, every combination of codes as one number.

A combination is a *vector*: the codes of all bundles of a pass at one moment. There are few of them, so
that what follows along an incident's moments costs nearly the same for many bundles as for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from evidence.decision import Bundle
from evidence.decision.codes import Recommendation, decode, is_active_sql, is_automatic_sql
from simulator.replays.key_runs import Pass

TEXTS = pa.list_(pa.string())
_WORDS = pa.schema(
    [
        ("bundle", pa.int32()),
        ("code", pa.int64()),
        ("option", pa.string()),
        ("action", pa.string()),
        ("mode", pa.string()),
        ("approvers", TEXTS),
        ("recommendation", pa.int32()),
    ]
)
_RUNGS = pa.schema([("bundle", pa.int32()), ("preferred", pa.int64()), ("action", pa.string())])


def decide_runs(work: duckdb.DuckDBPyConnection, each: Pass) -> None:
    """Decide the keys of the pass's `runs`, which `coded_sql` then reads as vectors.

    Leaves `vectors`: per vector and place the code (code_<place>), the bit of the rung that policy alone
    kept from being chosen, 0 for none (preferred_<place>), and what the code means (is_active_<place>,
    is_automatic_<place>); and `blanks`: one row, the blank state's vector.
    """
    indices = range(len(each.kernels))
    for index in indices:
        _decide_keys(work, each, index)
    numbers = ", ".join(f"number_{index}" for index in indices)
    keyed_blank = " cross join ".join(each.table(f"blank_key_{index}") for index in indices)
    numbered = f"select {numbers} from {{}}{_decided_joins(each)}"
    _execute(
        work,
        f"""
create table {each.table("combinations")} as
select {numbers}, (row_number() over (order by {numbers}))::integer as vector
from ({numbered.format(each.table("runs"))} union {numbered.format(keyed_blank)})""",
    )
    _execute(
        work,
        f"""
create table {each.table("blanks")} as
select vector
from ({numbered.format(keyed_blank)})
join {each.table("combinations")} using ({numbers})""",
    )
    _execute(work, _vectors_sql(each))


def coded_sql(each: Pass) -> str:
    """A SELECT of the pass's runs (place, known_at, first_signal_at, flags) with the vector of each."""
    numbers = ", ".join(f"number_{index}" for index in range(len(each.kernels)))
    return f"""
select place, known_at, first_signal_at, flags, vector
from {each.table("runs")}{_decided_joins(each)}
join {each.table("combinations")} using ({numbers})"""


def _decided_joins(each: Pass) -> str:
    return "".join(
        f"\njoin {each.table(f'decided_{index}')} using ({', '.join(each.key_columns(index))})"
        for index in range(len(each.kernels))
    )


def _decide_keys(work: duckdb.DuckDBPyConnection, each: Pass, index: int) -> None:
    """Leaves `decided_<index>`, a number per key of a kernel, and `numbers_<index>`, the codes per number."""
    kernel, places = each.kernels[index], each.places[index]
    keys, named = kernel.layout.key_columns, each.key_columns(index)
    renamed = ", ".join(f"{new} as {old}" for old, new in zip(keys, named, strict=True))
    blank = each.table(f"blank_key_{index}")
    _execute(work, f"create table {blank} as {_blank_sql(each, index)}")
    keyed = (f"select {renamed} from {name}" for name in (each.table("runs"), blank))
    kernel.ask(work, f"({' union all '.join(keyed)})")
    columns = f"{', '.join(keys)}, case when preferred <> chosen then preferred else 0 end as preferred"
    for bundle, place in enumerate(places):
        masks = kernel.masks_sql(bundle, columns)
        _execute(work, f"create or replace temp table key_codes_{place} as {masks}")
    codes = ", ".join(f"code_{place}, preferred_{place}" for place in places)
    joined = "".join(
        f"\njoin (select {', '.join(keys)}, code as code_{place}, preferred as preferred_{place}"
        f" from key_codes_{place}) using ({', '.join(keys)})"
        for place in places
    )
    named_keys = ", ".join(f"{old} as {new}" for old, new in zip(keys, named, strict=True))
    _execute(
        work,
        f"""
create or replace temp table key_numbers as
select {named_keys}, {codes}, (dense_rank() over (order by {codes}))::integer as number_{index}
from kernel_keys{joined}""",
    )
    _execute(
        work,
        f"""
create table {each.table(f"decided_{index}")} as
select {", ".join(named)}, number_{index} from key_numbers""",
    )
    _execute(
        work,
        f"""
create table {each.table(f"numbers_{index}")} as
select distinct number_{index}, {codes} from key_numbers""",
    )
    for name in ("key_numbers", *(f"key_codes_{place}" for place in places)):
        _execute(work, f"drop table {name}")


def _blank_sql(each: Pass, index: int) -> str:
    """One row: the blank state's key under its names in the pass."""
    keys = zip(each.kernels[index].layout.key_columns, each.key_columns(index), strict=True)
    renamed = ", ".join(f"{old} as {new}" for old, new in keys)
    return f"select {renamed} from ({each.blank_keys_sql(index)})"


def _vectors_sql(each: Pass) -> str:
    columns = "".join(
        f",\n    code_{place},\n    preferred_{place},\n    {is_active_sql(bundle, f'code_{place}')} as"
        f" is_active_{place},\n    is_active_{place} and {is_automatic_sql(f'code_{place}')}"
        f" as is_automatic_{place}"
        for place, bundle in each.bundles.items()
    )
    joins = "".join(
        f"\njoin {each.table(f'numbers_{index}')} using (number_{index})"
        for index in range(len(each.kernels))
    )
    return f"""
create table {each.table("vectors")} as
select
    vector{columns}
from {each.table("combinations")}{joins}"""


def name_codes(work: duckdb.DuckDBPyConnection, passes: Iterable[Pass], bundles: Sequence[Bundle]) -> None:
    """Leaves the temporary tables `code_words` and `rung_words`: what codes and preferred rungs mean.

    `recommendation` numbers what makes two recommendations the same (action, mode and approvers) across
    all bundles.
    """
    coded = [
        f"select distinct {place} as bundle, code_{place} as code from {each.table('vectors')}"
        for each in passes
        for place in each.bundles
    ]
    rows = work.execute(f"{' union all '.join(coded)} order by bundle, code").fetchall() if coded else []
    meant = [(place, code, decode(bundles[place], code)) for place, code in rows]
    numbers: dict[tuple[Any, ...], int] = {}
    words = [
        {
            "bundle": place,
            "code": code,
            "option": each.option.value,
            "action": each.action,
            "mode": each.mode.value,
            "approvers": list(each.approvers),
            "recommendation": numbers.setdefault(_identity(each), len(numbers)),
        }
        for place, code, each in meant
    ]
    _keep(work, "code_words", pa.Table.from_pylist(words, schema=_WORDS))
    rungs = [
        {"bundle": place, "preferred": 1 << rung, "action": action}
        for place, bundle in enumerate(bundles)
        for rung, action in enumerate(bundle.ladder)
    ]
    _keep(work, "rung_words", pa.Table.from_pylist(rungs, schema=_RUNGS))


def _identity(recommendation: Recommendation) -> tuple[Any, ...]:
    return recommendation.action, recommendation.mode, recommendation.approvers


def _keep(work: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    work.register("arrow_kept", table)
    _execute(work, f"create or replace temp table {name} as from arrow_kept")
    work.unregister("arrow_kept")


def _execute(work: duckdb.DuckDBPyConnection, sql: str) -> None:
    work.execute(sql).fetchall()
