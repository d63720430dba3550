"""Names every check of every table in plain data, so that loading the code location imports no validator."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from expectations.contracts import TableContract
from expectations.minimum_context import MINIMUM_CONTEXT, ContextField
from expectations.tables import TABLES


class Severity(StrEnum):
    """What a failure means: an error blocks everything downstream, a warning lists the rows."""

    ERROR = "error"
    WARNING = "warning"


class Frame(StrEnum):
    """What an expectation looks at."""

    ROWS = "rows"  # the rows of the table
    SCHEMA = "schema"  # one row per column: its name, its declared type and the type found


@dataclass(frozen=True, slots=True)
class Expectation:
    """One statement about a table, in the vocabulary of Great Expectations (`type` and `arguments`).

    `column` is what it is about, empty for the whole table. `where_null` narrows it to rows in which
    those columns are NULL. `same_values_as` (`schema.table.column`) fills `value_set` from another table.
    `once` names a table: while that one is empty, no row is asked for.
    """

    name: str
    type: str
    arguments: tuple[tuple[str, object], ...] = ()
    column: str = ""
    frame: Frame = Frame.ROWS
    where_null: tuple[str, ...] = ()
    same_values_as: str = ""
    once: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """What a person sees as one check of a table: a true sentence, its severity and its expectations."""

    table: str
    name: str
    severity: Severity
    doc: str
    expectations: tuple[Expectation, ...]


# In the order in which the pipeline publishes them; a group is validated as soon as it is published.
GROUPS: dict[str, tuple[str, ...]] = {
    "intake": tuple(name for name, contract in TABLES.items() if contract.stage == "intake"),
    "completeness": ("quality.completeness",),
    "enrichment": tuple(name for name, contract in TABLES.items() if contract.stage == "enrichment"),
    "minimum_context": ("quality.minimum_context",),
    "decision": tuple(name for name, contract in TABLES.items() if contract.stage == "decision"),
    "handoff": tuple(name for name, contract in TABLES.items() if contract.stage == "handoff"),
    "replay": ("replay.runs", "replay.decisions", "replay.recommendations"),
    "comparisons": ("replay.comparisons",),
    "ablations": ("replay.ablations",),
    "kpis": tuple(name for name, contract in TABLES.items() if contract.stage == "kpis"),
    "validation": ("quality.validation_results",),
}

# Column that is validated beside the stored ones → the stored columns that it is the sum of.
DERIVED_SUMS: dict[str, dict[str, tuple[str, ...]]] = {
    "intake.files": {"accounted_count": ("evidence_count", "duplicate_count", "quarantined_count")},
}


def contract_check(contract: TableContract) -> Check:
    """The table's declaration as a blocking check: columns, types, NULLs, allowed values, key, row count.

    Great Expectations lets an empty table pass most expectations, so that the row count is always there.
    """
    return Check(
        contract.name,
        "keeps_its_contract",
        Severity.ERROR,
        f"Columns, types, required and allowed values are as declared; the key is {', '.join(contract.key)}.",
        (*_shape(contract), *_required(contract), *_allowed(contract)),
    )


def _shape(contract: TableContract) -> tuple[Expectation, ...]:
    key: tuple[tuple[str, object], ...] = (("column_list", list(contract.key)),)
    unique = "expect_compound_columns_to_be_unique"
    if len(contract.key) == 1:
        key, unique = (("column", contract.key[0]),), "expect_column_values_to_be_unique"
    return (
        Expectation(
            "columns_are_as_declared",
            "expect_column_pair_values_to_be_equal",
            (("column_A", "found"), ("column_B", "declared")),
            frame=Frame.SCHEMA,
        ),
        Expectation(
            "row_count_is_enough",
            "expect_table_row_count_to_be_between",
            (("min_value", contract.row_count_min),),
            once=contract.once,
        ),
        Expectation("key_is_unique", unique, key),
    )


def _required(contract: TableContract) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            "is_never_null", "expect_column_values_to_not_be_null", (("column", column.name),), column.name
        )
        for column in contract.columns
        if not column.is_nullable
    )


def _allowed(contract: TableContract) -> tuple[Expectation, ...]:
    return tuple(
        Expectation(
            "is_an_allowed_value",
            "expect_column_values_to_be_in_set",
            (("column", column.name), ("value_set", list(column.allowed))),
            column.name,
        )
        for column in contract.columns
        if column.allowed
    )


def context_check(field: ContextField, table: str = "enrichment.incident_context") -> Check:
    """One field of the minimum context set: some of its columns is known in every row of `table`."""
    first, *others = field.columns
    return Check(
        table,
        f"every_incident_has_{field.name}",
        Severity.WARNING,
        f"Minimum context: it {field.purpose}. Without it the decision is bounded to enrich or escalate.",
        (
            Expectation(
                f"every_incident_has_{field.name}",
                "expect_column_values_to_not_be_null",
                (("column", first),),
                first,
                where_null=tuple(others),
            ),
        ),
    )


def _same_incidents(table: str) -> Check:
    return Check(
        table,
        "no_incident_is_lost",
        Severity.ERROR,
        "Every recorded incident is there, and no other.",
        (
            Expectation(
                "no_incident_is_lost",
                "expect_column_distinct_values_to_equal_set",
                (("column", "incident_id"),),
                "incident_id",
                same_values_as="intake.incidents.incident_id",
            ),
        ),
    )


_COUNTS_ADD_UP = Check(
    "intake.files",
    "counts_add_up",
    Severity.ERROR,
    "Per file: records read = evidence + duplicate + quarantined. Nothing is lost.",
    (
        Expectation(
            "counts_add_up",
            "expect_column_pair_values_to_be_equal",
            (("column_A", "record_count"), ("column_B", "accounted_count")),
            "record_count",
        ),
    ),
)
_QUARANTINE_IS_EMPTY = Check(
    "intake.quarantine",
    "quarantine_is_empty",
    Severity.WARNING,
    "No record was refused; the rows that fail are the refused records.",
    (
        Expectation(
            "quarantine_is_empty",
            "expect_column_values_to_be_null",
            (("column", "record_sha256"),),
            "record_sha256",
        ),
    ),
)
_EVERY_FILE_IS_CLAIMED = Check(
    "intake.unclaimed_files",
    "every_file_is_claimed",
    Severity.WARNING,
    "Every file lies in an incident's folder; the rows that fail lack an incident.yaml beside them.",
    (
        Expectation(
            "every_file_is_claimed",
            "expect_column_values_to_be_null",
            (("column", "path"),),
            "path",
        ),
    ),
)

CHECKS: tuple[Check, ...] = (
    *(contract_check(TABLES[table]) for tables in GROUPS.values() for table in tables),
    _COUNTS_ADD_UP,
    _QUARANTINE_IS_EMPTY,
    _EVERY_FILE_IS_CLAIMED,
    *(context_check(field) for field in MINIMUM_CONTEXT),
    *(
        _same_incidents(table)
        for table in (
            "enrichment.incident_context",
            "decision.decisions",
            "handoff.packages",
            "kpis.learning",
        )
    ),
)


def checks_of(group: str) -> tuple[Check, ...]:
    """The checks of the tables of one group, in order of table."""
    return tuple(check for table in GROUPS[group] for check in CHECKS if check.table == table)
