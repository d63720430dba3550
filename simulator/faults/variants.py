"""Owns variants of recorded history: the same incidents with the evidence of some sources altered.

Every variant is an incident of its own, `<incident>#<variant>`, so that one run of quality, enrichment
and kernel decides thousands of them: planning the statements costs more than running them. Enrichment
treats incidents independently (tested), which is what makes this right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

import duckdb
import pyarrow as pa

from evidence import enrichment, quality
from evidence.decision import Bundle
from evidence.decision.codes import Recommendation, decode
from evidence.decision.kernel import Kernel
from evidence.decision.matrix import MODES
from evidence.decision.records import record_decisions
from evidence.enrichment.grading import Grading
from evidence.enrichment.rule_hits import MatchedDetections
from evidence.errors import ContractError
from evidence.readers.registry import READERS
from evidence.settings import Settings
from evidence.tables import Tables, open_memory, spare_threads
from simulator.faults.varied_hits import finding

SEPARATOR = "#"
RECORDS = "intake.raw_records"
RECORDED = (
    "intake.evidence_events",
    RECORDS,
    "intake.incidents",
    "intake.services",
    "intake.dependencies",
    "intake.declared_gaps",
    "intake.quarantine",
    "intake.files",
)
_VARIANTS = pa.schema([("variant_id", pa.string()), ("incident_id", pa.string()), ("after", pa.int64())])
_ALTERATIONS = pa.schema(
    [("variant_id", pa.string()), ("source", pa.string()), ("kind", pa.string()), ("amount", pa.int64())]
)


class Kind(StrEnum):
    """What can happen to the evidence of one source; `amount` of an alteration is in the unit named."""

    DROPPED = "dropped"  # nothing of it arrives; no amount
    HEAD_CUT = "head_cut"  # the first records of each export are missing; percent of them
    TAIL_CUT = "tail_cut"  # the last records of each export are missing; percent of them
    SKEWED = "skewed"  # its clock is off; seconds, negative when it is slow
    DELAYED = "delayed"  # it arrives later; seconds
    REORDERED = "reordered"  # its records arrive in each other's place; a number that picks the order
    DUPLICATED = "duplicated"  # each record arrives a second time under another identity; seconds later


@dataclass(frozen=True, slots=True)
class Alteration:
    """One thing that happened to the evidence of one source."""

    source: str
    kind: Kind
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Variant:
    """One incident with its alterations; with `after` (ns UTC) only what arrives later is touched."""

    incident_id: str
    name: str
    alterations: tuple[Alteration, ...] = ()
    after: int | None = None

    @property
    def id(self) -> str:
        """The incident id under which the variant is enriched and decided."""
        return f"{self.incident_id}{SEPARATOR}{self.name}"


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision of record of one variant; `at` in ns UTC."""

    recommendation: Recommendation
    at: int

    def is_riskier_than(self, other: Decided) -> bool:
        """It reaches further, or is the same action with less approval."""
        mine, theirs = self.recommendation, other.recommendation
        if mine.action != theirs.action:
            return mine.rung > theirs.rung
        is_weaker = MODES.index(mine.mode) < MODES.index(theirs.mode)
        return is_weaker or not set(theirs.approvers) <= set(mine.approvers)


def read_recorded(connection: duckdb.DuckDBPyConnection, *, with_records: bool = True) -> Tables:
    """The intake tables that variants are made from, as `connection` publishes them.

    The raw records are only read where rules are still to be matched with them.
    """
    wanted = (name for name in RECORDED if with_records or name != RECORDS)
    return {name: connection.sql(f"from {name}").to_arrow_table() for name in wanted}


def without_catalogue(recorded: Tables) -> Tables:
    """The same recording where no service, owner, dependency or known network is catalogued."""
    return {
        **recorded,
        "intake.services": recorded["intake.services"].slice(0, 0),
        "intake.dependencies": recorded["intake.dependencies"].slice(0, 0),
    }


def open_variants(
    recorded: Tables,
    variants: Iterable[Variant],
    settings: Settings,
    grading: Grading,
    matched: MatchedDetections | None = None,
) -> duckdb.DuckDBPyConnection:
    """A fresh connection in which `enrichment.incident_states` are those of the variants.

    `intake.incidents` and `quality.completeness` are theirs too; hits of rules that are `matched` with the
    recording (`varied_hits.match_recorded`) are signals. The caller closes the connection.
    Raises ContractError when two variants have one id.
    """
    connection = open_memory()
    try:
        _register_recorded(connection, recorded)
        _register_variants(connection, tuple(variants))
        for name in ("evidence_events", "declared_gaps", "quarantine", "incidents"):
            _create(connection, f"intake.{name}", _sql(f"varied_{name}"))
        ((event_count,),) = connection.execute("select count(*) from intake.evidence_events").fetchall()
        spare_threads(connection, event_count)
        completeness = quality.build_completeness(connection)["quality.completeness"]
        connection.register("arrow_completeness", completeness)
        _create(connection, "quality.completeness", "from arrow_completeness")
        if matched is None:
            enrichment.build_states(connection, settings, grading)
        else:
            enrichment.build_states(connection, settings, grading, matched.detections, finding(matched))
        _create(connection, "enrichment.incident_states", "from graded_states")
    except BaseException:
        connection.close()
        raise
    return connection


def decide(connection: duckdb.DuckDBPyConnection, bundle: Bundle) -> dict[str, Decided]:
    """The decision of record of every variant, by its id; leaves the kernel's tables of this bundle.

    The states must have been graded by this bundle's grading.
    """
    record_decisions(connection, Kernel.of([bundle]))
    rows = connection.execute(
        "select incident_id, code, decided_at from kernel_records order by incident_id"
    ).fetchall()
    return {variant_id: Decided(decode(bundle, code), at) for variant_id, code, at in rows}


def _register_recorded(connection: duckdb.DuckDBPyConnection, recorded: Tables) -> None:
    for schema in ("recorded", "intake", "quality", "enrichment"):
        connection.execute(f"create schema {schema}").fetchall()
    for name in RECORDED:
        if name == RECORDS:
            continue  # the rules have read them
        bare = name.partition(".")[2]
        connection.register(f"arrow_{bare}", recorded[name])
        _create(connection, f"recorded.{bare}", f"from arrow_{bare}")
    for bare in ("services", "dependencies"):
        _create(connection, f"intake.{bare}", f"from recorded.{bare}")
    formats = pa.table(
        {"format": [reader.format for reader in READERS], "source": [reader.source for reader in READERS]}
    )
    connection.register("arrow_formats", formats)
    _create(connection, "recorded.formats", "from arrow_formats")


def _register_variants(connection: duckdb.DuckDBPyConnection, variants: tuple[Variant, ...]) -> None:
    if len({variant.id for variant in variants}) < len(variants):
        raise ContractError("two variants of one incident have the same name")
    rows = [(variant.id, variant.incident_id, variant.after) for variant in variants]
    alterations = [
        (variant.id, each.source, each.kind.value, each.amount)
        for variant in variants
        for each in variant.alterations
    ]
    connection.register("arrow_variants", _table(rows, _VARIANTS))
    connection.register("arrow_alterations", _table(alterations, _ALTERATIONS))
    _create(connection, "variants", "from arrow_variants")
    _create(connection, "alterations", _sql("alterations"))


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(
        {field.name: pa.array(column, field.type) for field, column in zip(schema, columns, strict=True)}
    )


def _create(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    connection.execute(f"create table {name} as {sql}").fetchall()


def _sql(name: str) -> str:
    return files("simulator.faults").joinpath(f"{name}.sql").read_text(encoding="utf-8")
