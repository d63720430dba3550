"""Owns the list of source formats: adding a source is adding one module and naming it here."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.json_spans import containers_of
from evidence.readers import (
    alertmanager,
    alertmanager_api,
    alertmanager_silences,
    argo_events,
    argocd,
    cloudtrail,
    event_envelope,
    falco,
    flux_events,
    flux_resources,
    gatekeeper_constraints,
    gatekeeper_log,
    github_audit,
    github_commits,
    github_deployment_statuses,
    github_deployments,
    github_workflow_runs,
    kubernetes_audit,
    kubernetes_events,
    loki,
    ocsf,
    opa,
    opentelemetry,
    pagerduty_incidents,
    pagerduty_log_entries,
    pagerduty_webhooks,
    prometheus,
    slack_directory,
    slack_messages,
    stackstorm,
    tempo,
    terraform_plan,
)
from evidence.readers.contract import Json, Reader

# The first that recognises a file reads it; the order only matters for look-alikes.
READERS: tuple[Reader, ...] = (
    falco.READER,
    cloudtrail.READER,
    alertmanager.READER,
    alertmanager_api.READER,
    alertmanager_silences.READER,
    argocd.READER,
    flux_resources.READER,
    flux_events.READER,
    prometheus.READER,
    loki.READER,
    tempo.READER,
    opentelemetry.READER,
    kubernetes_audit.READER,
    kubernetes_events.READER,
    pagerduty_incidents.READER,
    pagerduty_log_entries.READER,
    pagerduty_webhooks.READER,
    github_deployment_statuses.READER,
    github_deployments.READER,
    github_workflow_runs.READER,
    github_commits.READER,
    github_audit.READER,
    opa.READER,
    gatekeeper_constraints.READER,
    gatekeeper_log.READER,
    ocsf.READER,
    terraform_plan.READER,
    argo_events.READER,
    stackstorm.READER,
    slack_messages.READER,
    slack_directory.READER,
    event_envelope.READER,
)

CONTAINERS = containers_of(tuple(sorted({path for reader in READERS for path in reader.containers})))


def claims(envelope: Json | None, records: Sequence[Json]) -> tuple[Reader, ...]:
    """The readers that know some of the records; of look-alikes those that also know the object around them.

    Where nobody knows a record, those that know the object: an empty export. `envelope` is None for bare
    records.
    """
    by_record = [reader for reader in READERS if any(reader.is_record(record) for record in records)]
    by_envelope = [reader for reader in READERS if envelope is not None and reader.is_envelope(envelope)]
    both = [reader for reader in by_record if reader in by_envelope]
    return tuple(both or by_record or by_envelope)


def is_envelope(value: Json) -> bool:
    """Whether any reader knows the object as one around records."""
    return any(reader.is_envelope(value) for reader in READERS)


def recognise(envelope: Json | None, records: Sequence[Json]) -> Reader | None:
    """The reader for an object around records and some of its records; the first in order of several."""
    return next(iter(claims(envelope, records)), None)


def recognise_bare(record: Json) -> Reader | None:
    """The reader for one record with nothing around it: as `recognise`, quicker for large exports."""
    for reader in READERS:
        if reader.is_record(record):
            return reader
    return None
