"""Owns the links of the KPI rows: to each incident, its evidence and the sources' own screens."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from evidence.links import KINDS, link
from evidence.settings import Settings
from evidence.times import NS_PER_SECOND
from expectations.contracts import TableContract
from expectations.tables.kpis import LINK_COLUMNS

NS_PER_MS = NS_PER_SECOND // 1000

_SCHEMA = pa.schema([("incident_id", pa.string()), *((column, pa.string()) for column in LINK_COLUMNS)])
_QUERY = """
select
    incident_id,
    is_decided,
    account,
    application,
    cluster,
    credential,
    namespace,
    region,
    service_name as service,
    user_name as user,
    window_start,
    window_end
from kpi_incidents
order by incident_id
"""


def incident_links(connection: duckdb.DuckDBPyConnection, settings: Settings) -> pa.Table:
    """One row per incident of `kpi_incidents`: its id and each of LINK_COLUMNS, NULL where not known."""
    rows = connection.sql(_QUERY).to_arrow_table().to_pylist()
    return pa.Table.from_pylist([_links(row, settings) for row in rows], schema=_SCHEMA)


def with_links(contract: TableContract, table: pa.Table, links: pa.Table) -> pa.Table:
    """The rows with the contract's link columns: one of each, or a list of each along `incident_ids`."""
    is_grouped = "incident_ids" in table.column_names
    ids = table.column("incident_ids" if is_grouped else "incident_id").combine_chunks()
    each = pc.list_flatten(ids) if is_grouped else ids
    index = pc.index_in(each, value_set=links.column("incident_id").combine_chunks())
    for column in LINK_COLUMNS:
        values = pc.take(links.column(column).combine_chunks(), index)
        if is_grouped:
            values = pa.ListArray.from_arrays(_offsets(ids), values)
        table = table.append_column(f"{column}s" if is_grouped else column, values)
    return table.select(list(contract.column_names))


def _offsets(lists: Any) -> pa.Array:
    ends = pc.cumulative_sum(pc.list_value_length(lists))
    return pa.concat_arrays([pa.array([0], pa.int32()), ends.cast(pa.int32())])


def _links(row: dict[str, Any], settings: Settings) -> dict[str, str | None]:
    """The links of one incident. Times are its recorded window, in milliseconds since 1970."""
    is_decided, start, end = row.pop("is_decided"), row.pop("window_start"), row.pop("window_end")
    values = {**row, "from_ms": start // NS_PER_MS, "to_ms": end // NS_PER_MS}
    urls = {f"{kind}_url": link(getattr(settings.links, kind), values) for kind in KINDS}
    path = f"handoffs/{row['incident_id']}.html" if is_decided else None
    return {"incident_id": row["incident_id"], "handoff_path": path, **urls}
