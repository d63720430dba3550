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
    from evidence.report.written import Inputs

REPORTS = "kpis.weekly_reports"
SHOWN = "report_shown.md"
"""Beside the tables: the last report asked for as Dagster shows it, which no run need draw again."""
DESCRIPTION = """One page and one Markdown file per ISO week, `out/kpis/<week>`: what people read on Monday.

A run of weeks writes their reports; a run of everything that of the last week in which an incident counts,
and of each week to which evidence has come since the last run. Either brings the reports up to date that were
written before, so that late evidence restates them. Where tables and files are as they were left, nothing is
written.
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
    requested = requested_weeks(context)
    digests, shown = unchanged_reports(folders, requested) or written_reports(folders, requested)
    metadata: dict[str, dg.MetadataValue | int] = {
        "reports": len(digests) // 2,
        "files": dg.MetadataValue.json(digests),
    }
    if shown:
        metadata["report"] = dg.MetadataValue.md(shown)
    yield dg.MaterializeResult(
        asset_key=SPEC.key,
        data_version=dg.DataVersion(sha256_of(repr(sorted(digests.items())).encode())),
        metadata=metadata,
    )


def unchanged_reports(folders: Folders, requested: tuple[str, ...]) -> tuple[Mapping[str, str], str] | None:
    """The digests of the files and the last report asked for, where nothing is to be written; else None."""
    from evidence.placing import REPORTS as FOLDER
    from evidence.report import written_weeks
    from evidence.report.written import are_as_written, kept_digests

    before, now = _inputs(folders)
    if before is None or not before.weeks or not now.is_same(before):
        return None
    digests, asked = kept_digests(folders.tables), requested or (max(before.weeks),)
    weeks = {*asked, *(week.name for week in written_weeks(folders.out_path))}
    if not {f"{FOLDER}/{week}.html" for week in weeks} <= set(digests):
        return None
    return (digests, _shown(folders, max(asked))) if are_as_written(folders.out_path, digests) else None


def _shown(folders: Folders, week: str) -> str:
    """The report of the week as it was shown last, or drawn where another was."""
    from evidence.report import metadata_markdown, parse_week, report_of

    kept = (folders.tables.read_beside(SHOWN) or b"").decode()
    if kept.startswith(f"# Weekly report {week}\n"):
        return kept
    with folders.reading(INPUTS) as connection:
        return metadata_markdown(report_of(connection, parse_week(week)))


def written_reports(folders: Folders, requested: tuple[str, ...]) -> tuple[Mapping[str, str], str]:
    """Write what is due; the digests of the files, and the last report asked for as Markdown with charts."""
    from evidence.published_faults import REPORT_MANIFEST
    from evidence.report import metadata_markdown, report_files
    from evidence.report.written import digests_of, manifest_of

    reports, shown = due_reports(folders, requested)
    files = {name: content for each in reports.values() for name, content in report_files(each).items()}
    digests = digests_of(files)
    told = metadata_markdown(reports[shown]) if shown in reports else ""
    folders.tables.put_reports(folders.out_path, files)
    folders.tables.put_beside(REPORT_MANIFEST, manifest_of(digests))
    folders.tables.put_beside(SHOWN, told.encode())
    return digests, told


def due_reports(folders: Folders, requested: tuple[str, ...]) -> "tuple[Mapping[str, Report], str]":
    """The reports that are due, by week in order, and the week of the last that was asked for."""
    from evidence.report import fingerprints, parse_week, reports_of, written_weeks
    from evidence.report.written import touched_weeks

    before, now = _inputs(folders)
    with folders.reading(INPUTS) as connection:
        recorded = fingerprints(connection)
        asked = requested or tuple(recorded)[-1:]
        weeks = {each.name: each for each in written_weeks(folders.out_path)}
        weeks |= {each: parse_week(each) for each in (*asked, *touched_weeks(before, recorded))}
        due = [week for _, week in sorted(weeks.items())]
        reports = {each.week: each for each in reports_of(connection, due)}
        now.keep(folders.tables, recorded)
    return reports, max(asked, default="")


def _inputs(folders: Folders) -> "tuple[Inputs | None, Inputs]":
    """What the last reports were written from, and what there is now."""
    from evidence.report.written import Inputs

    return Inputs.kept(folders.tables), Inputs.of(code_version("report"), folders.tables.published(), INPUTS)


ASSETS = [weekly_reports]
