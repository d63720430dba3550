"""The replay stage as assets: what every playbook version would have decided, and where two of them part."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from assets import on_disk
from assets.folders import Folders
from assets.inputs import settings_path
from assets.lineage import VERSIONS, inputs_of
from assets.playbooks import active_bundle, bundle_versions
from assets.specs import OWNERS, PLAYBOOKS_GROUP, key_of, publish, specs_of
from evidence import decision
from evidence.errors import InputError, PlaybookError
from evidence.settings import load_settings
from evidence.tables import table_from_rows
from simulator.bundles.bundle_refs import PREFIX, load_pair
from simulator.comparison.compare import Side, compare
from simulator.comparison.rendering import metadata_markdown
from simulator.comparison.rows import comparison_table
from simulator.faults.ablation import ablate
from simulator.histories.history import INCIDENTS, open_tables
from simulator.replays.runs import replay_runs, replay_tables

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
    return folders.tables.published()[INCIDENTS].row_count > 0


@dg.multi_asset(name="ablation", specs=specs_of((ABLATIONS,)))
def ablations(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Publishes what the active playbook would have decided without each source of evidence."""
    settings = load_settings(settings_path(folders.incidents_path))
    bundle = active_bundle(folders)
    with folders.reading(inputs_of([ABLATIONS])) as connection:
        yield from publish(folders, {ABLATIONS: ablate(connection, settings, bundle)})


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
    versions = bundle_versions(folders)
    active = active_bundle(folders)
    asked = _asked(folders.playbooks_path, config)
    pairs = standing_pairs(versions.bundles, active.name)
    if not _has_incidents(folders):
        yield from publish(folders, {COMPARISONS: comparison_table([])})
        return
    history = open_tables(folders.tables)
    found = [
        compare(history, *pair, is_attributed=False)
        for pair in pairs
        if asked is None or _references(pair) != _references(asked)
    ]
    if asked is not None:
        found.append(compare(history, *asked))
    told = {"comparison": dg.MetadataValue.md(metadata_markdown(found[-1]))} if found else {}
    for result in publish(folders, {COMPARISONS: comparison_table(found)}):
        yield dg.MaterializeResult(
            asset_key=result.asset_key,
            data_version=result.data_version,
            metadata={**(result.metadata or {}), **told},
        )


def standing_pairs(bundles: tuple[decision.Bundle, ...], active: str) -> list[tuple[Side, Side]]:
    """The version before the active one with it, and it with every newer one: baseline, candidate.

    Of older versions only the last counts, so that a run costs no more with every version that is kept.
    """
    names = [bundle.name for bundle in bundles]
    if active not in names:
        return []
    place = names.index(active)
    sides = [Side(bundle, bundle.name) for bundle in bundles]
    before = [(side, sides[place]) for side in sides[:place]][-1:]
    return before + [(sides[place], side) for side in sides[place + 1 :]]


def _references(pair: tuple[Side, Side]) -> tuple[str, str]:
    return pair[0].reference, pair[1].reference


def _asked(playbooks: Path, config: Pair) -> tuple[Side, Side] | None:
    if not config.baseline and not config.candidate:
        return None
    if not config.baseline or not config.candidate:
        lacking = "candidate" if config.baseline else "baseline"
        raise InputError(
            f"a comparison needs a baseline and a candidate; no {lacking} is configured",
            remedy="Configure both, or neither for the standing comparisons alone",
        )
    references = [_reference(playbooks, name) for name in (config.baseline, config.candidate)]
    bundles = load_pair(*references)
    return Side(bundles[0], config.baseline), Side(bundles[1], config.candidate)


def _reference(playbooks: Path, name: str) -> str:
    """A version is named by its folder alone; everything else is a reference already."""
    versions = decision.version_names(playbooks)
    if name in versions:
        return str(playbooks / name)
    if not name.startswith(PREFIX) and not Path(name).is_dir():
        raise InputError(
            f"there is no playbook {name}",
            remedy=f"Configure one of {', '.join(versions)}, a version's folder or git:REF",
        )
    return name


ASSETS = [playbook_versions, replays, ablations, comparisons]
