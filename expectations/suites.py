"""Evaluates the declared checks with Great Expectations over pandas frames; imported only when a check runs.

Great Expectations costs seconds and 150 MB to import, so that it is imported inside the functions, and
`expectations.checks` holds everything that must be known without it.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from expectations.checks import DERIVED_SUMS, Check, Expectation, Frame
from expectations.contracts import ColumnType, TableContract
from expectations.deferral import absent, deferred
from expectations.tables import TABLES

FAILING_KEYS_MAX = 100
SUITE_SIZE = 32
KEY_SEPARATOR = " | "

# Great Expectations imports them for distributions and charts, which no check of ours needs: half its cost.
_FOR_OTHER_EXPECTATIONS = ("scipy.stats", "altair")
# It imports what it finds of these to read other sources than pandas frames.
_FOR_OTHER_SOURCES = ("pyspark",)

_DECLARED: dict[ColumnType, str] = {
    ColumnType.TEXT: "string",
    ColumnType.INTEGER: "int32",
    ColumnType.BIGINT: "int64",
    ColumnType.BOOLEAN: "bool",
    ColumnType.TEXTS: "list<string>",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one expectation held. `failing_keys` are sorted and complete; publishing may shorten them."""

    check: Check
    expectation: Expectation
    is_success: bool
    row_count: int
    failing_count: int
    failing_keys: tuple[str, ...]


def evaluate(
    checks: Sequence[Check],
    table: pa.Table,
    references: Mapping[str, pa.Table] | None = None,
    row_counts: Mapping[str, int] | None = None,
) -> list[Verdict]:
    """The verdict on every expectation of `checks`, all of them about the one `table`.

    `references` holds other tables by name for expectations that compare with one, `row_counts` their rows
    for those that hold once another table has any; one that is not named counts as having some. Raises
    RuntimeError when Great Expectations could not evaluate an expectation: that is neither a pass
    nor a failure of the data.
    """
    contract = TABLES[checks[0].table]
    rows = _rows(contract, checks, table)
    pairs = [(check, expectation) for check in checks for expectation in check.expectations]
    absent = [
        (c, e) for c, e in pairs if e.frame is Frame.ROWS and not set(_columns_of(e)) <= set(rows.columns)
    ]
    verdicts = [Verdict(c, e, False, table.num_rows, 0, ()) for c, e in absent]
    frames = {Frame.ROWS: (rows, list(contract.key)), Frame.SCHEMA: (_schema(contract, table), ["column"])}
    for kind, (frame, keys) in frames.items():
        wanted = [(c, e) for c, e in pairs if e.frame is kind and (c, e) not in absent]
        results = _validate(frame, keys, [_bound(e, references or {}, row_counts or {}) for _, e in wanted])
        for (check, expectation), result in zip(wanted, results, strict=True):
            verdicts.append(_verdict(check, expectation, result, keys, table.num_rows))
    return verdicts


def _rows(contract: TableContract, checks: Sequence[Check], table: pa.Table) -> Any:
    """The columns that some expectation reads, as a frame whose types neither round nor guess."""
    import pandas as pd

    types = {pa.string(): pd.StringDtype(), pa.int32(): pd.Int32Dtype()}
    types |= {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    sums = DERIVED_SUMS.get(contract.name, {})
    wanted = {name for check in checks for e in check.expectations for name in _columns_of(e)}
    wanted |= {name for parts in sums.values() for name in parts} | set(contract.key)
    frame = table.select([name for name in table.column_names if name in wanted]).to_pandas(
        types_mapper=types.get
    )
    for name, parts in sums.items():
        frame[name] = sum(frame[part] for part in parts)
    return frame


def _columns_of(expectation: Expectation) -> Iterable[str]:
    arguments = dict(expectation.arguments)
    named = [arguments[key] for key in ("column", "column_A", "column_B") if key in arguments]
    listed = arguments.get("column_list", ())
    assert isinstance(listed, list | tuple)
    return (*map(str, named), *map(str, listed), *expectation.where_null)


def _schema(contract: TableContract, table: pa.Table) -> Any:
    """One row per column declared or found: both types, or '(none)'."""
    import pandas as pd

    found = {field.name: _type_name(field.type) for field in table.schema}
    declared = {column.name: _DECLARED[column.type] for column in contract.columns}
    names = [*declared, *(name for name in found if name not in declared)]
    return pd.DataFrame(
        {
            "column": names,
            "declared": [declared.get(name, "(none)") for name in names],
            "found": [found.get(name, "(none)") for name in names],
        }
    )


def _type_name(found: pa.DataType) -> str:
    return f"list<{found.value_type}>" if pa.types.is_list(found) else str(found)


def _bound(
    expectation: Expectation, references: Mapping[str, pa.Table], row_counts: Mapping[str, int]
) -> tuple[str, dict[str, Any]]:
    """The expectation's type and arguments for Great Expectations, with values of other tables filled in."""
    arguments: dict[str, Any] = dict(expectation.arguments)
    if expectation.once and row_counts.get(expectation.once) == 0:
        arguments["min_value"] = 0
    if expectation.same_values_as:
        table, _, column = expectation.same_values_as.rpartition(".")
        arguments["value_set"] = sorted(set(references[table].column(column).to_pylist()))
    if expectation.where_null:
        _great_expectations()
        from great_expectations.expectations.row_conditions import Column

        first, *others = (Column(name).is_null() for name in expectation.where_null)
        for other in others:
            first = first & other
        arguments["row_condition"] = first
    return expectation.type, arguments


def _validate(frame: Any, keys: list[str], expectations: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """Great Expectations' results in the order given; those that failed name every failing row."""
    batch = _batches().get_batch({"dataframe": frame})
    results = _results(batch, expectations, {"result_format": "BOOLEAN_ONLY"})
    # Keys of failing rows cost three more metrics an expectation: they are asked for where something failed.
    failed = [position for position, result in enumerate(results) if not result.success]
    result_format = {"result_format": "COMPLETE", "unexpected_index_column_names": keys}
    found = _results(batch, [expectations[position] for position in failed], result_format)
    for position, result in zip(failed, found, strict=True):
        results[position] = result
    return results


def _results(
    batch: Any, expectations: list[tuple[str, dict[str, Any]]], result_format: dict[str, Any]
) -> list[Any]:
    """One result an expectation, in the order given."""
    results = []
    # A suite compares each expectation with all others, so that many small ones cost less than a large one.
    for start in range(0, len(expectations), SUITE_SIZE):
        suite = _suite(expectations[start : start + SUITE_SIZE])
        found = batch.validate(suite, result_format=result_format).results
        results += sorted(found, key=lambda result: int(result.expectation_config.meta["position"]))
    return results


@functools.cache
def _batches() -> Any:
    """Where frames are handed in: one context per process, in memory."""
    gx = _great_expectations()
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("tables")
    return source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("whole")


def _suite(expectations: list[tuple[str, dict[str, Any]]]) -> Any:
    gx = _great_expectations()

    return gx.ExpectationSuite(
        "contract",
        expectations=[
            _remembering(type_name)(**arguments, meta={"position": position})
            for position, (type_name, arguments) in enumerate(expectations)
        ],
    )


@functools.cache
def _remembering(type_name: str) -> Any:
    """The expectation of that type, under a name of its own, that works its configuration out once.

    Great Expectations asks an expectation for it about seventy times an evaluation, and builds it anew
    each time: a third of what an evaluation costs.
    """
    from great_expectations.compatibility.pydantic import PrivateAttr
    from great_expectations.expectations.registry import get_expectation_impl

    base = get_expectation_impl(type_name)

    def configuration(self: Any) -> Any:
        if self._said is None:
            self._said = base.configuration.fget(self)
        return self._said

    members = {"__module__": __name__, "_said": PrivateAttr(None), "configuration": property(configuration)}
    return type(base)(f"{base.__name__}Remembering", (base,), members)


@functools.cache
def _great_expectations() -> Any:
    """The package, told to report to nobody; nothing of it may be imported before this."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with deferred(*_FOR_OTHER_EXPECTATIONS), absent(*_FOR_OTHER_SOURCES):
        import great_expectations as gx
    return gx


def _verdict(check: Check, expectation: Expectation, result: Any, keys: list[str], row_count: int) -> Verdict:
    _refuse_exceptions(check, expectation, result)
    details = {} if result.success else result.result
    rows = details.get("unexpected_index_list") or ()
    differing = _differing_values(details)
    keyed = {KEY_SEPARATOR.join(str(row[key]) for key in keys) for row in rows}
    return Verdict(
        check,
        expectation,
        bool(result.success),
        row_count,
        len(differing) or int(details.get("unexpected_count") or 0),
        tuple(sorted(keyed | differing)),
    )


def _differing_values(details: Mapping[str, Any]) -> set[str]:
    """For a comparison of two sets: the values that one side lacks."""
    if "partial_missing_list" not in details:
        return set()
    return {str(value) for value in (*details["partial_unexpected_list"], *details["partial_missing_list"])}


def _refuse_exceptions(check: Check, expectation: Expectation, result: Any) -> None:
    information = result.exception_info or {}
    entries = [information] if "raised_exception" in information else list(information.values())
    for entry in entries:
        if entry.get("raised_exception"):
            raise RuntimeError(
                f"{check.table}: {expectation.name} {expectation.column} could not be evaluated: "
                f"{entry.get('exception_message')}"
            )
