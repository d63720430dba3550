"""The decision stage as assets: the active playbook, every option side by side and the decision of record."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from assets.folders import Folders
from assets.lineage import PLAYBOOK, inputs_of
from assets.on_disk import active_playbook
from assets.specs import OWNERS, PLAYBOOKS_GROUP, key_of, publish, specs_of, tables_of


@dg.asset(
    key=key_of(PLAYBOOK),
    group_name=PLAYBOOKS_GROUP,
    kinds={"yaml"},
    owners=[OWNERS["decision"]],
)
def playbook(folders: Folders) -> dg.MaterializeResult[None]:
    """One bundle: the active rules, action matrix, thresholds, approvers and policies, compiled and proven.

    The data version is the bundle's digest, so that every decision below is stale when it changes:
    the sensor `edited_playbooks` reports an edit without a run.
    """
    return active_playbook(folders).result()


@dg.multi_asset(name="decision", specs=specs_of(tables_of("decision")))
def decision_tables(folders: Folders) -> Iterator[dg.MaterializeResult[None]]:
    """Publishes the candidates of every option, the policies' verdicts and the decision of each incident."""
    from assets.playbooks import active_bundle
    from evidence import decision

    bundle = active_bundle(folders)
    with folders.reading(inputs_of(tables_of("decision"))) as connection:
        yield from publish(folders, decision.decide(connection, bundle))


ASSETS = [playbook, decision_tables]
