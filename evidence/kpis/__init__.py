"""The KPI stage: weekly figures with their spread, the reviewers' answers and what incidents teach."""

from evidence.kpis.stage import (
    OVERALL_TABLES,
    REVIEW_TABLES,
    WEEKLY_TABLES,
    build,
    figures,
    of_week,
    prepare,
    prepare_links,
    prepare_reviews,
    weeks,
)

__all__ = [
    "OVERALL_TABLES",
    "REVIEW_TABLES",
    "WEEKLY_TABLES",
    "build",
    "figures",
    "of_week",
    "prepare",
    "prepare_links",
    "prepare_reviews",
    "weeks",
]
