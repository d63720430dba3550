"""Owns the weeks: partitions named by their Monday, by the ISO week everywhere else, and when one is due."""

import datetime

import dagster as dg

# What people read on Monday has been made since six o'clock of that Monday, when the schedule runs, or it is
# overdue from eight o'clock on.
MONDAY_MORNING = dg.FreshnessPolicy.cron("0 8 * * 1", lower_bound_delta=datetime.timedelta(hours=2))
WEEKS = dg.WeeklyPartitionsDefinition(start_date="2026-01-05", day_offset=1, timezone="UTC")


def iso_week(monday: str) -> str:
    """The ISO week (2026-W02) of a day (2026-01-05)."""
    year, week, _ = datetime.date.fromisoformat(monday).isocalendar()
    return f"{year}-W{week:02d}"


def monday_of(week: str) -> str:
    """The Monday (2026-01-05) that an ISO week (2026-W02) begins with."""
    return datetime.datetime.strptime(f"{week}-1", "%G-W%V-%u").date().isoformat()  # noqa: DTZ007  # a day


def requested_weeks(context: dg.AssetExecutionContext) -> tuple[str, ...]:
    """The ISO weeks that the run's partitions name; none for a run of everything."""
    if not (context.has_partition_key or context.has_partition_key_range):
        return ()
    return tuple(iso_week(monday) for monday in context.partition_keys)
