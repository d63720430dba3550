"""The quality stage as assets: what the exports lack, which minimum context is there, and all verdicts."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from assets.checks import RESULTS
from assets.folders import Folders
from assets.lineage import inputs_of
from assets.specs import materialized, publish, specs_of

COMPLETENESS, MINIMUM_CONTEXT = "quality.completeness", "quality.minimum_context"


@dg.multi_asset(name="completeness", specs=specs_of([COMPLETENESS]))
def completeness(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Publishes the gaps that exports declare or that reading them showed."""
    from evidence import quality

    with folders.reading(inputs_of([COMPLETENESS])) as connection:
        yield from publish(folders, quality.build_completeness(connection))


@dg.multi_asset(name="minimum_context", specs=specs_of([MINIMUM_CONTEXT]))
def minimum_context(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Publishes which field of the minimum context set each incident has, and since when."""
    from evidence import quality

    with folders.reading(inputs_of([MINIMUM_CONTEXT])) as connection:
        yield from publish(folders, quality.build_minimum_context(connection))


@dg.multi_asset(name="validation_results", specs=specs_of([RESULTS]))
def validation_results(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Reports the verdicts that the checks of each stage have published as soon as they were reached."""
    yield from materialized({RESULTS: folders.tables.published()[RESULTS]})


ASSETS = [completeness, minimum_context, validation_results]
