"""Owns one small record per format in the shape that the tool writes, and the files that hold them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_EXPORTS = Path(__file__).parent / "exports"


def document(name: str) -> Any:
    """The JSON value of a sample export that is one document."""
    return json.loads((_EXPORTS / name).read_bytes())


def lines(name: str) -> list[Any]:
    """The JSON values of a sample export that is lines."""
    return [json.loads(line) for line in (_EXPORTS / name).read_bytes().splitlines()]


FALCO: dict[str, Any] = {
    "hostname": "node-7",
    "output": "10:15:02.123456789: Notice A shell was spawned in a container",
    "output_fields": {
        "container.id": "8f1c2ab34d5e",
        "evt.time.iso8601": 1767694502123456789,
        "k8s.ns.name": "payments",
        "k8s.pod.name": "checkout-api-7d9b6f8f6d-xk2tw",
        "proc.cmdline": "bash",
        "user.name": "root",
    },
    "priority": "Notice",
    "rule": "Terminal shell in container",
    "source": "syscall",
    "tags": ["container", "shell"],
    "time": "2026-01-06T10:15:02.123456789Z",
}

CLOUDTRAIL: dict[str, Any] = {
    "eventVersion": "1.11",
    "userIdentity": {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:deploy",
        "arn": "arn:aws:sts::111122223333:assumed-role/ci-deployer/deploy",
        "accountId": "111122223333",
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "arn": "arn:aws:iam::111122223333:role/ci-deployer",
                "userName": "ci-deployer",
            },
            "attributes": {"creationDate": "2026-01-20T13:00:00Z", "mfaAuthenticated": "false"},
        },
    },
    "eventTime": "2026-01-20T13:05:09Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "awsRegion": "eu-central-1",
    "sourceIPAddress": "203.0.113.140",
    "userAgent": "aws-cli/2.27.41",
    "requestParameters": {"bucketName": "exports", "key": "a.csv"},
    "responseElements": None,
    "readOnly": True,
    "eventID": "6c1b3c8e-6d0e-4f0e-9d6c-0d3a4f3c9e11",
    "recipientAccountId": "111122223333",
}

ALERT: dict[str, Any] = {
    "status": "firing",
    "labels": {
        "alertname": "CheckoutHighErrorRate",
        "severity": "critical",
        "service": "checkout-api",
        "namespace": "payments",
        "cluster": "prod-eu1",
    },
    "annotations": {"summary": "error rate elevated"},
    "startsAt": "2026-01-14T09:17:20.413Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "https://prometheus.example.com/graph",
    "fingerprint": "57fdcbf46f0a1773",
}
WEBHOOK: dict[str, Any] = {
    "receiver": "intake",
    "status": "firing",
    "alerts": [ALERT],
    "groupKey": '{}:{alertname="CheckoutHighErrorRate"}',
    "version": "4",
    "truncatedAlerts": 0,
}

APPLICATION: dict[str, Any] = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Application",
    "metadata": {"name": "checkout-api", "uid": "6e4c3ef0", "resourceVersion": "77416371"},
    "spec": {
        "source": {"repoURL": "https://git.example.com/acme/platform-apps.git", "targetRevision": "main"},
        "destination": {"name": "prod-eu1", "namespace": "payments"},
    },
    "status": {
        "sync": {"status": "Synced", "revision": "b" * 40},
        "health": {"status": "Degraded"},
        "history": [
            {
                "id": 0,
                "revision": "a" * 40,
                "deployedAt": "2026-01-09T15:20:11Z",
                "initiatedBy": {"username": "jonas.weber"},
                "source": {"targetRevision": "main"},
            },
            {
                "id": 1,
                "revision": "b" * 40,
                "deployedAt": "2026-01-14T09:12:31Z",
                "source": {"targetRevision": "main"},
            },
        ],
        "operationState": {
            "phase": "Succeeded",
            "startedAt": "2026-01-14T09:12:02Z",
            "finishedAt": "2026-01-14T09:12:31Z",
            "operation": {"initiatedBy": {"automated": True}},
            "syncResult": {"revision": "b" * 40, "source": {"targetRevision": "main"}},
        },
        "reconciledAt": "2026-01-14T11:58:40Z",
    },
}

PROMETHEUS: dict[str, Any] = {
    "status": "success",
    "data": {
        "resultType": "matrix",
        "result": [
            {
                "metric": {"__name__": "service:error_ratio", "service": "checkout-api"},
                "values": [[1768381500, "0.0031070525"], [1768381560.781, "NaN"], [1768381620, "7.65e-2"]],
            }
        ],
    },
}

LOKI: dict[str, Any] = {
    "status": "success",
    "data": {
        "resultType": "streams",
        "result": [
            {
                "stream": {
                    "app": "checkout-api",
                    "namespace": "payments",
                    "pod": "checkout-api-6c5d8bb7f4-pdqst",
                },
                "values": [
                    [
                        "1768382193000760317",
                        '{"level":"error","msg":"payment refused","route":"/v2/checkout"}',
                    ],
                    ["1768382192000001495", 'level=info msg="started"'],
                ],
            }
        ],
        "stats": {"summary": {"totalEntriesReturned": 2}},
    },
}

SPAN: dict[str, Any] = {
    "traceId": "Q55aEhENVjVaOSBlt/A7xg==",
    "spanId": "qAFzj+x7aY8=",
    "name": "POST",
    "kind": "SPAN_KIND_CLIENT",
    "startTimeUnixNano": "1768382190000480619",
    "endTimeUnixNano": "1768382193100480619",
    "attributes": [
        {"key": "peer.service", "value": {"stringValue": "payment-gateway"}},
        {"key": "http.response.status_code", "value": {"intValue": "502"}},
    ],
    "status": {"code": "STATUS_CODE_ERROR", "message": "upstream refused"},
}
TEMPO: dict[str, Any] = {
    "batches": [
        {
            "resource": {
                "attributes": [
                    {"key": "service.name", "value": {"stringValue": "checkout-api"}},
                    {"key": "k8s.deployment.name", "value": {"stringValue": "checkout-api"}},
                    {"key": "deployment.environment", "value": {"stringValue": "production"}},
                ]
            },
            "scopeSpans": [{"scope": {"name": "otelhttp"}, "spans": [SPAN]}],
        }
    ]
}

AUDIT: dict[str, Any] = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1",
    "level": "Metadata",
    "auditID": "cf9d660d-b8d2-48b9-84aa-dd059a7b12fc",
    "stage": "ResponseStarted",
    "requestURI": "/api/v1/namespaces/payments/pods/checkout-api-7d9b6f8f6d-xk2tw/exec?command=bash",
    "verb": "create",
    "user": {"username": "contractor-7@example.com", "groups": ["system:authenticated"]},
    "sourceIPs": ["198.51.100.9", "192.0.2.61"],
    "userAgent": "kubectl/v1.33.2",
    "objectRef": {
        "resource": "pods",
        "namespace": "payments",
        "name": "checkout-api-7d9b6f8f6d-xk2tw",
        "subresource": "exec",
    },
    "responseStatus": {"metadata": {}, "code": 101},
    "requestReceivedTimestamp": "2026-01-12T10:14:20.771034Z",
    "stageTimestamp": "2026-01-12T10:14:20.832687Z",
}

KUBERNETES_EVENT: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Event",
    "metadata": {"name": "worker.1", "namespace": "orders", "uid": "b794043d", "resourceVersion": "48216307"},
    "involvedObject": {"kind": "Pod", "name": "orders-worker-7b5c9f6d84-s8rcr", "namespace": "orders"},
    "reason": "BackOff",
    "message": "Back-off restarting failed container",
    "type": "Warning",
    "count": 12,
    "eventTime": None,
    "firstTimestamp": "2026-03-13T15:00:00Z",
    "lastTimestamp": "2026-03-13T15:20:00Z",
    "source": {"component": "kubelet", "host": "node-3"},
}

PAGERDUTY_INCIDENT: dict[str, Any] = {
    "id": "QOVOQ3GFUCQH9A",
    "type": "incident",
    "incident_number": 4107,
    "title": "CheckoutHighErrorRate checkout-api",
    "created_at": "2026-01-14T09:17:34Z",
    "updated_at": "2026-01-14T09:48:00Z",
    "status": "resolved",
    "service": {"id": "PCHKOUT", "type": "service_reference", "summary": "Checkout"},
    "acknowledgements": [{"at": "2026-01-14T09:20:00Z", "acknowledger": {"summary": "Jonas Weber"}}],
    "resolved_at": "2026-01-14T09:48:00Z",
    "last_status_change_by": {"summary": "Jonas Weber"},
    "priority": {"summary": "P1"},
    "urgency": "high",
    "html_url": "https://example-org.pagerduty.com/incidents/QOVOQ3GFUCQH9A",
}

PAGERDUTY_LOG_ENTRY: dict[str, Any] = {
    "id": "RL3WVECVS0PF6AE",
    "type": "acknowledge_log_entry",
    "summary": "Acknowledged by Jonas Weber.",
    "created_at": "2026-01-14T09:20:00Z",
    "agent": {"id": "PJWEB01", "type": "user_reference", "summary": "Jonas Weber"},
    "channel": {"type": "website"},
    "service": {"id": "PCHKOUT", "summary": "Checkout"},
    "incident": {"id": "QOVOQ3GFUCQH9A", "summary": "[#4107] CheckoutHighErrorRate checkout-api"},
}

DEPLOYMENT: dict[str, Any] = {
    "url": "https://api.github.com/repos/acme/checkout-api/deployments/418803312",
    "id": 418803312,
    "task": "deploy",
    "environment": "production",
    "description": "checkout-api 2.15.0",
    "created_at": "2026-01-14T09:11:48Z",
    "updated_at": "2026-01-14T09:13:02Z",
    "repository_url": "https://api.github.com/repos/acme/checkout-api",
    "creator": {"login": "release-bot[bot]"},
    "sha": "6ad7726b6459ca9486c34d754496582867fb758c",
    "ref": "main",
}

DEPLOYMENT_STATUS: dict[str, Any] = {
    "url": "https://api.github.com/repos/acme/checkout-api/deployments/418803312/statuses/771200431",
    "id": 771200431,
    "state": "success",
    "creator": {"login": "release-bot[bot]"},
    "description": "",
    "environment": "production",
    "created_at": "2026-01-14T09:13:02Z",
    "updated_at": "2026-01-14T09:13:02Z",
    "deployment_url": "https://api.github.com/repos/acme/checkout-api/deployments/418803312",
    "repository_url": "https://api.github.com/repos/acme/checkout-api",
}

DECISION: dict[str, Any] = {
    "labels": {"id": "487ff1a4", "version": "1.4.2"},
    "decision_id": "60cc80a6-825c-4208-b384-caeee0a03a9a",
    "path": "kubernetes/admission/deny",
    "input": {
        "request": {
            "kind": {"group": "networking.k8s.io", "kind": "NetworkPolicy"},
            "name": "quarantine-inventory",
            "namespace": "logistics",
            "userInfo": {"username": "system:serviceaccount:platform:incident-automation"},
            "object": {
                "metadata": {"name": "quarantine-inventory", "labels": {"environment": "production"}},
                "spec": {"podSelector": {"matchLabels": {"app": "inventory"}}},
            },
        }
    },
    "result": ["production network policy changes require approved-by label"],
    "timestamp": "2026-02-13T20:07:31.000979834Z",
}

ENVELOPE: dict[str, Any] = {
    "incident_type": "runtime_security",
    "severity": "high",
    "cluster": "prod-eu1",
    "namespace": "payments",
    "workload": "checkout-api",
    "pod": "checkout-api-7d9b6f8f6d-xk2tw",
    "signal_source": "falco",
    "signal_name": "Terminal shell in container",
    "deployment_revision": "git-sha-abc123",
    "service_owner": "payments-platform",
}

OCSF: list[Any] = lines("ocsf.jsonl")

FILES: dict[str, Any] = {
    "falco_json": FALCO,
    "cloudtrail": {"Records": [CLOUDTRAIL]},
    "alertmanager_webhook": WEBHOOK,
    "argocd_application": APPLICATION,
    "prometheus_query_range": PROMETHEUS,
    "loki_query_range": LOKI,
    "tempo_trace": TEMPO,
    "kubernetes_audit": AUDIT,
    "kubernetes_events": {"apiVersion": "v1", "kind": "List", "items": [KUBERNETES_EVENT]},
    "pagerduty_incidents": {"incidents": [PAGERDUTY_INCIDENT], "limit": 25, "more": False},
    "pagerduty_log_entries": {"log_entries": [PAGERDUTY_LOG_ENTRY], "limit": 100, "more": False},
    "github_deployments": [DEPLOYMENT],
    "github_deployment_statuses": [DEPLOYMENT_STATUS],
    "opa_decision_log": [DECISION],
    "alertmanager_api groups": document("alertmanager_api_groups.json"),
    "alertmanager_api alerts": document("alertmanager_api_alerts.json"),
    "alertmanager_silences": document("alertmanager_silences.json"),
    "flux_resources": document("flux_resources.json"),
    "flux_events": lines("flux_events.jsonl"),
    "kubernetes_events pods": document("kubernetes_pods.json"),
    "kubernetes_events watch": lines("kubernetes_watch.jsonl"),
    "kubernetes_events newer": document("kubernetes_events_v1.json"),
    "kubernetes_events pascal": document("kubernetes_events_pascal.json"),
    "pagerduty_webhooks": lines("pagerduty_webhooks.jsonl"),
    "github_workflow_runs": document("github_workflow_runs.json"),
    "github_workflow_runs webhook": document("github_workflow_job.json"),
    "github_audit": lines("github_audit.jsonl"),
    "github_commits": document("github_commits.json"),
    "github_commits push": document("github_push.json"),
    "otlp_json logs": document("otlp_json_logs.json"),
    "otlp_json metrics": document("otlp_json_metrics.json"),
    "otlp_json spans": document("otlp_json_spans.json"),
    "gatekeeper_constraints": document("gatekeeper-constraints.json"),
    "gatekeeper_log": lines("gatekeeper-audit.jsonl"),
    "ocsf": OCSF,
    "terraform_plan": document("terraform-plan.json"),
    "argo_events": lines("argo-events.jsonl"),
    "stackstorm_trigger_instances": document("stackstorm-trigger-instances.json"),
    "slack_messages": document("slack-2026-01-14.json"),
    "slack_directory": document("slack-users.json"),
    "event_envelope": {**ENVELOPE, "timestamp": "2026-01-12T10:14:26Z"},
}
"""Files of each format, by the format's name and, where there are several, a word behind it."""

SILENT = frozenset({"slack_directory"})
"""Formats whose records state no event."""
