"""The replay stage as assets: what every playbook version would have decided, and where two of them part."""

from collections.abc import Iterator

import dagster as dg

from assets import on_disk
from assets.folders import Folders
from assets.lineage import VERSIONS, inputs_of
from assets.specs import OWNERS, PLAYBOOKS_GROUP, key_of, publish, specs_of, with_metadata
from evidence.errors import PlaybookError

COMPARISONS, ABLATIONS = "replay.comparisons", "replay.ablations"
RUN_TABLES = ("replay.decisions", "replay.recommendations", "replay.runs")


@dg.asset(key=key_of(VERSIONS), group_name=PLAYBOOKS_GROUP, kinds={"yaml"}, owners=[OWNERS["replay"]])
def playbook_versions(folders: Folders) -> dg.MaterializeResult[None]:
    """Every playbook version, the active one among them, compiled and proven.

    The data version is that of their contents, so that replays are stale when any of them changes. A
    version that does not compile is named here and is not replayed.
    """
    return on_disk.playbook_versions(folders).result()


@dg.multi_asset(name="replay", specs=specs_of(RUN_TABLES))
def replays(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Publishes what each playbook version decides on the history that was just built."""
    from assets.playbooks import bundle_versions
    from evidence.tables import table_from_rows
    from simulator.histories.history import open_tables
    from simulator.replays.runs import replay_runs, replay_tables

    versions = bundle_versions(folders)
    if not versions.bundles:
        raise PlaybookError(f"no playbook in {folders.playbooks} compiles")
    if not _has_incidents(folders):
        yield from publish(folders, {name: table_from_rows(name, []) for name in RUN_TABLES})
        return
    history = open_tables(folders.tables)
    yield from publish(folders, replay_tables(history, replay_runs(history, versions.bundles)))


def _has_incidents(folders: Folders) -> bool:
    """Whether there is anything to decide: of incident records alone no playbook says anything."""
    return folders.tables.published()["intake.incidents"].row_count > 0


@dg.multi_asset(name="ablation", specs=specs_of((ABLATIONS,)))
def ablations(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Publishes what the active playbook would have decided without each source of evidence."""
    from assets.detections import matched_detections
    from assets.inputs import settings_path
    from assets.playbooks import active_bundle
    from evidence.settings import load_settings
    from simulator.faults.ablation import ablate

    settings = load_settings(settings_path(folders.incidents_path))
    bundle = active_bundle(folders)
    with folders.reading(inputs_of([ABLATIONS])) as connection:
        matched = matched_detections(folders, connection, bundle)
        yield from publish(folders, {ABLATIONS: ablate(connection, settings, bundle, matched)})


class Pair(dg.Config):
    """Two playbooks to compare beside those that always are: each a version's name, a folder or git:REF."""

    baseline: str = ""
    candidate: str = ""


@dg.multi_asset(name="comparisons", specs=specs_of((COMPARISONS,)))
def comparisons(folders: Folders, config: Pair) -> Iterator[dg.MaterializeResult[None]]:
    """Publishes what the last change of playbook meant, what the next would mean, and the pair asked for.

    The active version is held against the one before it, and every newer one against the active. The
    clauses that are responsible are sought for the pair that is asked for, which also is the one shown.
    """
    from assets.compared_pairs import asked_pair, compare_all, standing_pairs
    from assets.playbooks import active_bundle, bundle_versions
    from simulator.comparison.rendering import metadata_markdown
    from simulator.comparison.rows import comparison_table
    from simulator.histories.history import open_tables

    versions = bundle_versions(folders)
    pairs = standing_pairs(versions.bundles, active_bundle(folders).name)
    asked = asked_pair(folders.playbooks_path, config.baseline, config.candidate)
    if not _has_incidents(folders):
        yield from publish(folders, {COMPARISONS: comparison_table([])})
        return
    found = compare_all(open_tables(folders.tables), pairs, asked)
    told = {"comparison": dg.MetadataValue.md(metadata_markdown(found[-1]))} if found else {}
    yield from with_metadata(publish(folders, {COMPARISONS: comparison_table(found)}), COMPARISONS, told)


ASSETS = [playbook_versions, replays, ablations, comparisons]
