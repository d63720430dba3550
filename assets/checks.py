"""Runs the declared checks of each group of tables as soon as it is published, and publishes the verdicts.

A check of severity error blocks every asset downstream; a warning lists the rows that fail.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from assets.folders import Folders
from assets.specs import key_of
from evidence.redaction import make_visible
from expectations.checks import GROUPS, Check, Severity, checks_of

if TYPE_CHECKING:
    import pyarrow as pa

    from expectations.suites import Verdict

RESULTS = "quality.validation_results"
FAILING_SHOWN_MAX = 50
_SEVERITIES = {
    Severity.ERROR: dg.AssetCheckSeverity.ERROR,
    Severity.WARNING: dg.AssetCheckSeverity.WARN,
}


def _spec(check: Check) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        check.name,
        asset=key_of(check.table),
        description=check.doc,
        blocking=check.severity is Severity.ERROR,
        metadata={"severity": check.severity.value, "expectation_count": len(check.expectations)},
    )


def _specs(group: str) -> list[dg.AssetCheckSpec]:
    return [_spec(check) for check in checks_of(group)]


def checks_of_group(group: str) -> dg.AssetChecksDefinition:
    """The checks of one group as one step: evaluated together, reported one by one.

    The verdicts of the whole group are one part of `quality.validation_results`, made together with the
    tables that they speak of, also when a check blocks: then both are in the failed run's catalogue.
    """

    @dg.multi_asset_check(name=f"{group}_checks", specs=_specs(group), can_subset=True)
    def run_checks(context: dg.AssetCheckExecutionContext, folders: Folders) -> Iterator[dg.AssetCheckResult]:
        verdicts = judge(folders, checks_of(group))
        folders.tables.publish({RESULTS: results_table(verdicts)}, part=group)
        yield from _reports(context, group, verdicts)

    return run_checks


@dg.multi_asset_check(
    name="validation_checks",
    specs=_specs("validation"),
    can_subset=True,
)
def validation_checks(
    context: dg.AssetCheckExecutionContext, folders: Folders
) -> Iterator[dg.AssetCheckResult]:
    """Checks the table of verdicts itself; those verdicts are reported only, or it would never be final."""
    yield from _reports(context, "validation", judge(folders, checks_of("validation")))


def judge(folders: Folders, checks: Sequence[Check]) -> "list[Verdict]":
    """Every expectation of the checks, evaluated on the published tables."""
    # Great Expectations costs seconds and 150 MB: it is imported when a check runs, never before.
    from expectations.suites import evaluate

    references = {
        name: folders.tables.read(name)
        for name in sorted(
            {e.same_values_as.rpartition(".")[0] for c in checks for e in c.expectations} - {""}
        )
    }
    row_counts = {name: entry.row_count for name, entry in folders.tables.published().items()}
    return [
        verdict
        for table in dict.fromkeys(check.table for check in checks)
        for verdict in evaluate(
            [check for check in checks if check.table == table],
            folders.tables.read(table),
            references,
            row_counts,
        )
    ]


def results_table(verdicts: "Sequence[Verdict]") -> "pa.Table":
    """The verdicts as rows of `quality.validation_results`."""
    from evidence.tables import table_from_rows
    from expectations.suites import FAILING_KEYS_MAX

    return table_from_rows(
        RESULTS,
        [
            {
                "table_name": verdict.check.table,
                "expectation": verdict.expectation.name,
                "column_name": verdict.expectation.column,
                "severity": verdict.check.severity.value,
                "is_success": verdict.is_success,
                "row_count": verdict.row_count,
                "failing_count": verdict.failing_count,
                "failing_keys": list(verdict.failing_keys[:FAILING_KEYS_MAX]),
            }
            for verdict in verdicts
        ],
    )


def _reports(
    context: dg.AssetCheckExecutionContext, group: str, verdicts: "Sequence[Verdict]"
) -> Iterator[dg.AssetCheckResult]:
    """One result for each check of the group that the run asks for."""
    selected = context.selected_asset_check_keys
    for check in checks_of(group):
        if dg.AssetCheckKey(key_of(check.table), check.name) in selected:
            yield _report(check, [verdict for verdict in verdicts if verdict.check == check])


def _report(check: Check, verdicts: "Sequence[Verdict]") -> dg.AssetCheckResult:
    failed = [verdict for verdict in verdicts if not verdict.is_success]
    return dg.AssetCheckResult(
        asset_key=key_of(check.table),
        check_name=check.name,
        passed=not failed,
        severity=_SEVERITIES[check.severity],
        description=f"{len(failed)} of {len(verdicts)} expectations failed" if failed else check.doc,
        metadata={
            "expectations": len(verdicts),
            "rows": max(verdict.row_count for verdict in verdicts),
            "failing": dg.MetadataValue.md(failing_markdown(failed)),
        },
    )


def failing_markdown(failed: "Sequence[Verdict]") -> str:
    """The failing expectations with their keys; keys are code spans, so that they stay inert."""
    from evidence.handoff.inert import code_span

    lines = []
    for verdict in failed:
        column = f" ({verdict.expectation.column})" if verdict.expectation.column else ""
        lines.append(
            f"**{verdict.expectation.name}**{column}: {verdict.failing_count} of {verdict.row_count}"
        )
        lines += [f"- {code_span(make_visible(key))}" for key in verdict.failing_keys[:FAILING_SHOWN_MAX]]
        hidden = len(verdict.failing_keys) - FAILING_SHOWN_MAX
        lines += [f"- and {hidden} more"] if hidden > 0 else []
        lines.append("")
    return "\n".join(lines) or "none"


CHECKS = [*(checks_of_group(group) for group in GROUPS if group != "validation"), validation_checks]
