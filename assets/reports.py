"""The weekly reports as an asset: a page and a Markdown file for each week, below the output folder."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import dagster as dg

from assets.code import code_version
from assets.folders import Folders
from assets.partitions import MONDAY_MORNING, requested_weeks
from assets.specs import OWNERS, key_of
from evidence.anchors import sha256_of
from expectations.reported import INPUTS

if TYPE_CHECKING:
    from evidence.report import Report

REPORTS = "kpis.weekly_reports"
DESCRIPTION = """One page and one Markdown file per ISO week, `out/kpis/<week>`: what people read on Monday.

A run of weeks writes their reports; a run of everything that of the last week in which an incident counts.
Either brings the reports up to date that were written before, so that late evidence restates them.
"""

# Not in week partitions, as the tables are: Dagster lets an asset in partitions read another such only in a
# run that names a partition, and shows no staleness of them. The weeks that a run names are written all the
# same.
SPEC = dg.AssetSpec(
    key_of(REPORTS),
    deps=[key_of(name) for name in INPUTS],
    description=DESCRIPTION,
    group_name="kpis",
    owners=[OWNERS["kpis"]],
    kinds={"html", "markdown"},
    code_version=code_version("report"),
    freshness_policy=MONDAY_MORNING,
)


@dg.multi_asset(name="weekly_reports", specs=[SPEC])
def weekly_reports(
    context: dg.AssetExecutionContext, folders: Folders
) -> Iterator[dg.MaterializeResult[None]]:
    """Writes the reports that are due, and shows the last that was asked for."""
    from evidence.report import metadata_markdown, report_files

    reports, shown = due_reports(folders, requested_weeks(context))
    files = {name: content for each in reports.values() for name, content in report_files(each).items()}
    folders.tables.put_reports(folders.out_path, files)
    digests = {name: sha256_of(content) for name, content in files.items()}
    metadata: dict[str, dg.MetadataValue | int] = {
        "reports": len(reports),
        "files": dg.MetadataValue.json(digests),
    }
    if shown in reports:
        metadata["report"] = dg.MetadataValue.md(metadata_markdown(reports[shown]))
    yield dg.MaterializeResult(
        asset_key=SPEC.key,
        data_version=dg.DataVersion(sha256_of(repr(sorted(digests.items())).encode())),
        metadata=metadata,
    )


def due_reports(folders: Folders, requested: tuple[str, ...]) -> "tuple[Mapping[str, Report], str]":
    """The reports that are due, by week in order, and the week of the last that was asked for."""
    from evidence.report import last_weeks, parse_week, reports_of, written_weeks

    with folders.reading(INPUTS) as connection:
        asked = requested or last_weeks(connection)
        weeks = {each.name: each for each in written_weeks(folders.out_path)}
        weeks |= {each.name: each for each in map(parse_week, asked)}
        due = [week for _, week in sorted(weeks.items())]
        reports = {each.week: each for each in reports_of(connection, due)}
    return reports, max(asked, default="")


ASSETS = [weekly_reports]
