"""Owns pairs of records in which a tool tells one thing twice, each as that tool writes it."""

from __future__ import annotations

from typing import Any

from ..readers.samples import ALERT, APPLICATION, DEPLOYMENT, DEPLOYMENT_STATUS, KUBERNETES_EVENT, WEBHOOK


def repeated(value: str) -> dict[str, Any]:
    """A webhook body that repeats the alert with `{{ $value }}` in its summary."""
    return {**WEBHOOK, "alerts": [{**ALERT, "annotations": {"summary": f"error rate is {value}"}}]}


_METADATA = KUBERNETES_EVENT["metadata"]
_OLD = {key: value for key, value in KUBERNETES_EVENT.items() if key not in ("apiVersion", "kind")}
_OLD_NAMES = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "count": "deprecatedCount",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
}
NEW_EVENT = {
    "apiVersion": "events.k8s.io/v1",
    "kind": "Event",
    **{_OLD_NAMES.get(key, key): value for key, value in _OLD.items()},
    "reportingController": "kubelet",
    "reportingInstance": "node-3",
}
_WITHOUT_KIND = {key: value for key, value in APPLICATION.items() if key not in ("apiVersion", "kind")}
_REPOSITORY = {"id": 11, "name": "checkout-api", "full_name": "acme/checkout-api"}
_SENDER = {"sender": {"login": "release-bot[bot]", "type": "Bot"}, "installation": {"id": 1}}
_RUN: dict[str, Any] = {
    "id": 2097145313,
    "name": "Deploy",
    "head_branch": "main",
    "head_sha": DEPLOYMENT["sha"],
    "path": ".github/workflows/deploy.yml",
    "display_title": "checkout-api 2.15.0",
    "event": "push",
    "status": "completed",
    "conclusion": "success",
    "workflow_id": 51845905,
    "pull_requests": [],
    "created_at": "2026-01-14T09:06:02Z",
    "updated_at": "2026-01-14T09:13:02Z",
    "actor": {"login": "jonas-weber", "id": 7},
    "run_attempt": 1,
    "run_started_at": "2026-01-14T09:06:02Z",
    "triggering_actor": {"login": "jonas-weber", "id": 7},
    "html_url": "https://github.com/acme/checkout-api/actions/runs/2097145313",
    "repository": _REPOSITORY,
}
_TOLD_RUN = {
    "action": "completed",
    # A webhook lists the pull requests that are open when it is sent.
    "workflow_run": {**_RUN, "pull_requests": [{"number": 7}], "referenced_workflows": []},
    "workflow": {"id": 51845905, "name": "Deploy", "path": ".github/workflows/deploy.yml", "state": "active"},
    "repository": _REPOSITORY,
    **_SENDER,
}
_TOLD_DEPLOYMENT = {
    "action": "created",
    "deployment": {key: value for key, value in DEPLOYMENT.items() if key != "performed_via_github_app"},
    "repository": _REPOSITORY,
    "workflow": None,
    "workflow_run": None,
    **_SENDER,
}
_TOLD_STATUS = {
    "action": "created",
    "deployment_status": DEPLOYMENT_STATUS,
    "deployment": DEPLOYMENT,
    "repository": _REPOSITORY,
    **_SENDER,
}

UNLIKE: dict[str, tuple[Any, Any]] = {
    # The API calls it by its title, the webhook by its workflow: only the latter says that it deploys.
    "a run that was given a title": (
        {
            "total_count": 1,
            "workflow_runs": [{**_RUN, "name": "Ship 2.15.0", "display_title": "Ship 2.15.0"}],
        },
        {**_TOLD_RUN, "workflow_run": {**_RUN, "name": "Ship 2.15.0", "display_title": "Ship 2.15.0"}},
    ),
    "an Event and its expiry": (KUBERNETES_EVENT, {"type": "DELETED", "object": KUBERNETES_EVENT}),
}
"""By what is told in two ways of which neither says all: both exports, each of one record."""

PAIRS: dict[str, tuple[Any, Any]] = {
    "an alert that is repeated with another value": (repeated("5.3%"), repeated("7.1%")),
    "an alert of another Prometheus of a pair": (
        WEBHOOK,
        {**WEBHOOK, "alerts": [{**ALERT, "generatorURL": "https://prometheus-1.example.com/graph"}]},
    ),
    "an Event of either API": (KUBERNETES_EVENT, {"kind": "List", "apiVersion": "v1", "items": [NEW_EVENT]}),
    "an Event of a list and of a watch": (
        {"kind": "List", "apiVersion": "v1", "items": [KUBERNETES_EVENT]},
        {"type": "ADDED", "object": KUBERNETES_EVENT},
    ),
    "an application of argocd and of kubectl": (
        _WITHOUT_KIND,
        {"kind": "List", "apiVersion": "v1", "items": [APPLICATION]},
    ),
    "a deployment of the API and of a webhook": ([DEPLOYMENT], _TOLD_DEPLOYMENT),
    "a run of the API and of a webhook": ({"total_count": 1, "workflow_runs": [_RUN]}, _TOLD_RUN),
    "a deployment's status of the API and of a webhook": ([DEPLOYMENT_STATUS], _TOLD_STATUS),
}
"""By what is told twice: both exports, each of one record."""

EDITED: dict[str, tuple[Any, Any]] = {
    "the severity of an alert": (
        WEBHOOK,
        {**WEBHOOK, "alerts": [{**ALERT, "labels": {**ALERT["labels"], "severity": "warning"}}]},
    ),
    "the object of an Event": (
        KUBERNETES_EVENT,
        {**KUBERNETES_EVENT, "involvedObject": {"kind": "Pod", "name": "other", "namespace": "orders"}},
    ),
    "the time of an Event": (
        KUBERNETES_EVENT,
        {"type": "ADDED", "object": {**KUBERNETES_EVENT, "lastTimestamp": "2026-03-13T15:21:00Z"}},
    ),
    "the revision of an application": (
        APPLICATION,
        {
            **_WITHOUT_KIND,
            "status": {**APPLICATION["status"], "sync": {"status": "Synced", "revision": "c" * 40}},
        },
    ),
    "the environment of a deployment": (
        [DEPLOYMENT],
        {**_TOLD_DEPLOYMENT, "deployment": {**DEPLOYMENT, "environment": "staging"}},
    ),
    "the conclusion of a run": (
        {"total_count": 1, "workflow_runs": [{**_RUN, "conclusion": "failure"}]},
        _TOLD_RUN,
    ),
}
"""By what somebody changed in the second telling: both exports, each of one record."""
