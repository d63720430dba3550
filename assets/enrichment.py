"""The enrichment stage as assets: all that a decision at each moment may see."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from assets.folders import Folders
from assets.lineage import inputs_of
from assets.specs import publish, specs_of, tables_of


@dg.multi_asset(name="enrichment", specs=specs_of(tables_of("enrichment")))
def enrichment_tables(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Publishes incident states as of every moment, with the signals, changes and reach behind them."""
    from assets.detections import matched_detections
    from assets.inputs import settings_path
    from assets.playbooks import active_bundle
    from evidence import enrichment
    from evidence.enrichment.inputs import ENRICHMENT_INPUTS, EnrichmentInputs
    from evidence.enrichment.rule_hits import find_hits
    from evidence.settings import load_settings

    settings = load_settings(settings_path(folders.incidents_path))
    bundle = active_bundle(folders)
    inputs = EnrichmentInputs.of(settings, bundle.detections)
    folders.tables.put_beside(ENRICHMENT_INPUTS, inputs.to_bytes())
    with folders.reading(inputs_of(tables_of("enrichment"))) as connection:
        matched = matched_detections(folders, connection, bundle)
        find = matched.find if matched else find_hits
        built = enrichment.build(connection, settings, bundle.grading, bundle.detections, find)
        yield from publish(folders, built)


ASSETS = [enrichment_tables]
