"""The weekly reports as an asset: a page and a Markdown file for each week, below the output folder."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dagster as dg

from assets.code import code_version
from assets.folders import Folders
from assets.lineage import REPORTED
from assets.partitions import requested_weeks
from assets.specs import OWNERS, key_of
from evidence.anchors import sha256_of

if TYPE_CHECKING:
    from evidence.report import Report

REPORTS = "kpis.weekly_reports"


# Not in week partitions, as the tables are: Dagster lets an asset in partitions read another such only in a
# run that names a partition, and shows no staleness of them. The weeks that a run names are written all the
# same.
@dg.asset(
    key=key_of(REPORTS),
    deps=[key_of(name) for name in REPORTED],
    group_name="kpis",
    owners=[OWNERS["kpis"]],
    kinds={"html", "markdown"},
    code_version=code_version("report"),
)
def weekly_reports(context: dg.AssetExecutionContext, folders: Folders) -> dg.MaterializeResult[None]:
    """One page and one Markdown file per ISO week, `out/kpis/<week>`: what people read on Monday.

    A run of weeks writes their reports; a run of everything that of the last week in which an incident
    counts. Either brings the reports up to date that were written before, so that late evidence restates
    them.
    """
    from evidence import report

    reports, shown = due_reports(folders, requested_weeks(context))
    files = {
        name: content for each in reports.values() for name, content in report.report_files(each).items()
    }
    folders.tables.put_reports(folders.out_path, files)
    digests = {name: sha256_of(content) for name, content in files.items()}
    metadata: dict[str, dg.MetadataValue | int] = {
        "dagster/row_count": len(reports),
        "files": dg.MetadataValue.json(digests),
    }
    if shown in reports:
        metadata["report"] = dg.MetadataValue.md(report.metadata_markdown(reports[shown]))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(sha256_of(repr(sorted(digests.items())).encode())), metadata=metadata
    )


def due_reports(folders: Folders, requested: tuple[str, ...]) -> "tuple[Mapping[str, Report], str]":
    """The reports that are due, by week in order, and the week of the last that was asked for."""
    from evidence import report

    with folders.reading(REPORTED) as connection:
        asked = requested or report.last_weeks(connection)
        weeks = {each.name: each for each in report.written_weeks(folders.out_path)}
        weeks |= {each.name: each for each in map(report.parse_week, asked)}
        reports = {name: report.report_of(connection, week) for name, week in sorted(weeks.items())}
    return reports, max(asked, default="")


ASSETS = [weekly_reports]
