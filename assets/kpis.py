"""The KPI stage as assets: weekly figures in week partitions, those of the whole history, and the reviews."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import dagster as dg

from assets.folders import Folders
from assets.lineage import inputs_of
from assets.partitions import MONDAY_MORNING, WEEKS, iso_week, monday_of, requested_weeks
from assets.specs import key_of, materialized, publish, specs_of, tables_of

if TYPE_CHECKING:
    from evidence.settings import Settings
    from evidence.warehouse import Part, Published

# As `evidence.kpis` has them, which reads Arrow and DuckDB: loading the location would pay for both.
WEEKLY_TABLES = tuple(name for name in tables_of("kpis") if name.startswith("kpis.weekly_"))
REVIEW_TABLES = ("kpis.quality_review", "kpis.learning")
OVERALL_TABLES = ("kpis.overall",)


@dg.multi_asset(
    name="weekly_kpis",
    specs=[spec.replace_attributes(freshness_policy=MONDAY_MORNING) for spec in specs_of(WEEKLY_TABLES)],
    partitions_def=WEEKS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def weekly_kpis(context: dg.AssetExecutionContext, folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Publishes one part per week, computed in one pass: the weeks asked for, or all when none is."""
    from evidence import kpis

    with folders.reading(inputs_of(WEEKLY_TABLES)) as connection:
        tables = kpis.build(connection, _settings(folders), WEEKLY_TABLES)
        present = kpis.weeks(connection)
    before = folders.tables.published()
    weeks = list(requested_weeks(context)) or _all_weeks(present, before)
    folders.tables.publish_parts({week: kpis.of_week(tables, week) for week in weeks})
    after = {name: folders.tables.published()[name] for name in WEEKLY_TABLES}
    if requested_weeks(context):
        _tell_weeks(context, after, weeks)
    else:
        _log_changed_weeks(context, before, after)
    yield from materialized(after)


@dg.multi_asset(name="overall_kpis", specs=specs_of(OVERALL_TABLES))
def overall_kpis(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Publishes the figures of the whole history."""
    from evidence import kpis

    with folders.reading(inputs_of(OVERALL_TABLES)) as connection:
        yield from publish(folders, kpis.build(connection, _settings(folders), OVERALL_TABLES))


@dg.multi_asset(name="reviews", specs=specs_of(REVIEW_TABLES))
def reviews(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Publishes the reviewers' answers and what each incident teaches."""
    from evidence import kpis

    with folders.reading(inputs_of(REVIEW_TABLES)) as connection:
        yield from publish(folders, kpis.build(connection, _settings(folders), REVIEW_TABLES))


def _settings(folders: Folders) -> "Settings":
    from assets.inputs import settings_path
    from evidence.settings import load_settings

    return load_settings(settings_path(folders.incidents_path))


def _all_weeks(present: tuple[str, ...], before: "Mapping[str, Published]") -> list[str]:
    """Every week in which an incident counts, and those published before, which may have to be emptied."""
    published = {week for name in WEEKLY_TABLES if name in before for week in before[name].parts}
    return sorted({*present, *published})


def _tell_weeks(
    context: dg.AssetExecutionContext, after: "Mapping[str, Published]", weeks: list[str]
) -> None:
    """Tell of each partition its own rows and digest, beside the rows of the table that it is a part of."""
    for name, entry in after.items():
        for week in weeks:
            if week in entry.parts:
                context.add_asset_metadata(_facts(entry.parts[week]), key_of(name), monday_of(week))


def _facts(part: "Part") -> dict[str, int | str]:
    return {"dagster/partition_row_count": part.row_count, "digest": part.digest}


def _log_changed_weeks(
    context: dg.AssetExecutionContext, before: "Mapping[str, Published]", after: "Mapping[str, Published]"
) -> None:
    """Tell Dagster which partitions a run of everything has changed, each with its own digest."""
    for name, entry in after.items():
        old = before[name].parts if name in before else {}
        for week, part in sorted(entry.parts.items()):
            if old.get(week) != part:
                context.log_event(
                    dg.AssetMaterialization(
                        key_of(name),
                        partition=monday_of(week),
                        metadata=_facts(part),
                        tags={
                            "dagster/data_version": part.digest,
                            "dagster/data_version_is_user_provided": "true",
                        },
                    )
                )


__all__ = ["ASSETS", "WEEKS", "iso_week", "monday_of"]

ASSETS = [weekly_kpis, overall_kpis, reviews]
