"""Owns the list of source formats: adding a source is adding one module and naming it here."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.json_spans import containers_of
from evidence.readers import (
    alertmanager,
    argocd,
    cloudtrail,
    event_envelope,
    falco,
    github_deployment_statuses,
    github_deployments,
    kubernetes_audit,
    kubernetes_events,
    loki,
    opa,
    pagerduty_incidents,
    pagerduty_log_entries,
    prometheus,
    tempo,
)
from evidence.readers.contract import Json, Reader

# The first that recognises a file reads it; the order only matters for look-alikes.
READERS: tuple[Reader, ...] = (
    falco.READER,
    cloudtrail.READER,
    alertmanager.READER,
    argocd.READER,
    prometheus.READER,
    loki.READER,
    tempo.READER,
    kubernetes_audit.READER,
    kubernetes_events.READER,
    pagerduty_incidents.READER,
    pagerduty_log_entries.READER,
    github_deployment_statuses.READER,
    github_deployments.READER,
    opa.READER,
    event_envelope.READER,
)

CONTAINERS = containers_of(tuple(sorted({path for reader in READERS for path in reader.containers})))


def recognise(envelope: Json | None, records: Sequence[Json]) -> Reader | None:
    """The reader for an object around records (None for bare records) and some of its records."""
    for reader in READERS:
        if any(reader.is_record(record) for record in records):
            return reader
    for reader in READERS:
        if envelope is not None and reader.is_envelope(envelope):
            return reader
    return None
