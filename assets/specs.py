"""Turns table contracts into Dagster asset specs, and publishing into Dagster results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import dagster as dg

from assets.code import code_version
from assets.lineage import COLUMN_LINEAGE, UPSTREAM
from expectations.contracts import Column, TableContract
from expectations.tables import TABLES

if TYPE_CHECKING:
    from assets.folders import Folders
    from evidence.tables import Tables
    from evidence.warehouse import Published

OWNERS = {
    "intake": "team:data-engineering",
    "quality": "team:data-engineering",
    "enrichment": "team:data-engineering",
    "decision": "team:security",
    "handoff": "team:security",
    "replay": "team:security",
    "kpis": "team:service-owners",
}


# A group of the graph bears the word of its stage, so that the graph reads as the stages follow. Two tables
# of the stage `quality` judge what later stages have made, and the playbooks are read by stages before
# `decision`: they bear the word of the room that says what they are, or the stages would be drawn in circles.
PLAYBOOKS_GROUP = "playbooks"
VERDICTS_GROUP = "expectations"
VERDICT_TABLES = frozenset({"quality.minimum_context", "quality.validation_results"})


def group_of(contract: TableContract) -> str:
    """The group that a table is shown in."""
    return VERDICTS_GROUP if contract.name in VERDICT_TABLES else contract.stage


def key_of(name: str) -> dg.AssetKey:
    """The asset key of `schema.table`, or of an input that is not a table."""
    return dg.AssetKey(name.split("."))


def specs_of(names: Iterable[str]) -> list[dg.AssetSpec]:
    """One spec per table: description, columns, owner and what it is made from."""
    return [_spec(TABLES[name]) for name in names]


def tables_of(stage: str) -> tuple[str, ...]:
    """The tables that a stage owns, in the order of their declaration."""
    return tuple(name for name, contract in TABLES.items() if contract.stage == stage)


def _spec(contract: TableContract) -> dg.AssetSpec:
    return dg.AssetSpec(
        key_of(contract.name),
        deps=[key_of(upstream) for upstream in UPSTREAM[contract.name]],
        description=contract.doc,
        group_name=group_of(contract),
        owners=[OWNERS[contract.stage]],
        kinds={"duckdb", "parquet"},
        code_version=code_version(contract.stage),
        metadata={
            "dagster/column_schema": dg.TableSchema(
                columns=[_column(column) for column in contract.columns],
                constraints=dg.TableConstraints(other=[f"key: {', '.join(contract.key)}"]),
            ),
            "dagster/table_name": f"evidence.{contract.name}",
        },
    )


def _column(column: Column) -> dg.TableColumn:
    allowed = [f"one of: {', '.join(column.allowed)}"] if column.allowed else []
    return dg.TableColumn(
        column.name,
        column.type.value,
        column.doc,
        constraints=dg.TableColumnConstraints(nullable=column.is_nullable, other=allowed),
    )


def publish(folders: Folders, tables: Tables) -> Iterator[dg.MaterializeResult[None]]:
    """Publish the tables together and report each with its digest as data version."""
    return materialized(folders.tables.publish(tables))


def materialized(published: Mapping[str, Published]) -> Iterator[dg.MaterializeResult[None]]:
    """One result per published table, in the order in which they are made from one another."""
    for name in (name for name in UPSTREAM if name in published):
        entry = published[name]
        yield dg.MaterializeResult(
            asset_key=key_of(name),
            data_version=dg.DataVersion(entry.digest),
            metadata={
                "dagster/row_count": entry.row_count,
                "digest": entry.digest,
                "files": dg.MetadataValue.json([part.file_sha256 for part in entry.parts.values()]),
                **_column_lineage(name),
            },
        )


def with_metadata(
    results: Iterable[dg.MaterializeResult[None]], name: str, told: Mapping[str, dg.MetadataValue]
) -> Iterator[dg.MaterializeResult[None]]:
    """The same results, that of one table with more to show."""
    for result in results:
        if result.asset_key == key_of(name):
            metadata = {**(result.metadata or {}), **told}
            yield dg.MaterializeResult(
                asset_key=result.asset_key, data_version=result.data_version, metadata=metadata
            )
        else:
            yield result


def _column_lineage(name: str) -> dict[str, dg.TableColumnLineage]:
    if name not in COLUMN_LINEAGE:
        return {}
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(key_of(table), source) for table, source in sources]
                for column, sources in COLUMN_LINEAGE[name].items()
            }
        )
    }
