"""Owns the records of a working day on which nothing is wrong: pipelines, nodes, controllers, people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.detections.our_rules import Seen

ACCOUNT = "111122223333"
MORNING = datetime(2026, 5, 4, 6, tzinfo=UTC)
OWN = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIp": "0.0.0.0/0"}
DENY_PLAIN = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]}
FOR_TASKS = '{"Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"}}]}'
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def quiet_day() -> list[Seen]:
    """Records by log source, in order of time."""
    calls = [*_pipeline(), *_infrastructure(), *_node(), *_dashboard(), *_people(), *_export()]
    requests = [*_controllers(), *_delivery(), *_engineers()]
    return [
        *(("cloudtrail", record) for record in sorted(calls, key=lambda record: record["eventTime"])),
        *(("kubernetes_audit", record) for record in requests),
        *(("github_audit", record) for record in _repositories()),
    ]


def _call(
    minute: int, who: str, address: str, event: str, request: Any = None, **more: Any
) -> dict[str, Any]:
    service, name = event.split(":")
    kind = "AssumedRole" if "/" in who else "IAMUser"
    part = f"sts::{ACCOUNT}:assumed-role/{who}" if "/" in who else f"iam::{ACCOUNT}:user/{who}"
    return {
        "eventTime": (MORNING + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "userIdentity": {
            "type": kind,
            "arn": f"arn:aws:{part}",
            "accountId": ACCOUNT,
            "accessKeyId": f"ASIA-{who}",
            **({} if "/" in who else {"userName": who}),
        },
        "recipientAccountId": ACCOUNT,
        "sourceIPAddress": address,
        "requestParameters": request,
        **more,
    }


def _pipeline() -> Iterator[dict[str, Any]]:
    """Forty builds, each with a session of its own that asks who it is, pushes and rolls out."""
    for build in range(40):
        who, at = f"ci-deployer/GitHubActions-release-{build}", 12 * build
        for event in ("sts:GetCallerIdentity", "ecr:GetAuthorizationToken", "ecr:PutImage"):
            yield _call(at, who, "198.51.100.17", event)
        function = {"functionName": "order-webhook", "publish": True}
        yield _call(at + 1, who, "198.51.100.17", "lambda:UpdateFunctionCode20150331v2", function)


def _infrastructure() -> Iterator[dict[str, Any]]:
    """One run that looks at everything and changes a little."""
    steps: Sequence[tuple[str, Any]] = (
        ("sts:GetCallerIdentity", None),
        *((f"ec2:Describe{what}", {}) for what in ("Vpcs", "Subnets", "Instances", "SecurityGroups")),
        ("iam:CreateRole", {"roleName": "checkout-api", "assumeRolePolicyDocument": FOR_TASKS}),
        ("iam:AttachRolePolicy", {"roleName": "checkout-api", "policyArn": READ_ONLY}),
        ("ec2:AuthorizeSecurityGroupIngress", {"groupId": "sg-1", **OWN}),
        ("s3:PutBucketPolicy", {"bucketName": "public-assets", "bucketPolicy": DENY_PLAIN}),
        ("ssm:GetParameter", {"name": "/payments/db", "withDecryption": True}),
        ("secretsmanager:GetSecretValue", {"secretId": "payments/db"}),
    )
    for event, request in steps:
        yield _call(95, "terraform-apply/run-9917", "198.51.100.41", event, request)


def _node() -> Iterator[dict[str, Any]]:
    """A node that describes itself every five minutes and pulls images."""
    for minute in range(0, 480, 5):
        for event in ("ec2:DescribeInstances", "ec2:DescribeTags", "ecr:GetAuthorizationToken"):
            yield _call(minute, "inventory-node/i-0abcdef1234567890", "198.51.100.83", event)


def _dashboard() -> Iterator[dict[str, Any]]:
    """A dashboard that asks every minute, and lacks one right."""
    for minute in range(480):
        yield _call(minute, "platform-reader/grafana", "198.51.100.40", "monitoring:DescribeAlarms")
    for minute in range(0, 480, 30):
        denied = {"errorCode": "AccessDenied"}
        yield _call(minute, "platform-reader/grafana", "198.51.100.40", "ce:GetCostAndUsage", **denied)


def _people() -> Iterator[dict[str, Any]]:
    """Two people through single sign-on, and one who changes a password."""
    for number, name in enumerate(("jonas.weber@example.com", "priya.raman@example.com")):
        who = f"AWSReservedSSO_PlatformAdmin_1f2e3d4c/{name}"
        login = {"responseElements": {"ConsoleLogin": "Success"}, "additionalEventData": {"MFAUsed": "No"}}
        yield _call(60 + number, who, "192.0.2.31", "signin:ConsoleLogin", **login)
        for event in ("s3:ListBuckets", "ec2:DescribeInstances", "logs:StartQuery"):
            yield _call(70 + number, who, "192.0.2.31", event)
        yield _call(80, who, "192.0.2.31", "ssm:StartSession", {"target": "i-0a1"})
    yield _call(100, "mara.lindqvist", "192.0.2.44", "iam:ChangePassword")


def _export() -> Iterator[dict[str, Any]]:
    """A job that writes a report of thirty files."""
    for file in range(30):
        request = {"bucketName": "customer-exports", "key": f"exports/{file}.json.gz"}
        yield _call(180, "report-exporter/customer-export", "198.51.100.61", "s3:GetObject", request)


def _asked(
    minute: int, who: str, verb: str, resource: str, namespace: str, body: Any = None
) -> dict[str, Any]:
    resource, _, part = resource.partition("/")
    return {
        "stage": "ResponseComplete",
        "requestReceivedTimestamp": (MORNING + timedelta(minutes=minute)).strftime(
            "%Y-%m-%dT%H:%M:%S.000000Z"
        ),
        "verb": verb,
        "user": {"username": who},
        "sourceIPs": ["192.0.2.20"],
        "objectRef": {
            "resource": resource,
            "namespace": namespace,
            **({"subresource": part} if part else {}),
        },
        "responseStatus": {"code": 201 if verb == "create" else 200},
        **({"requestObject": body} if body else {}),
    }


def _controllers() -> Iterator[dict[str, Any]]:
    """Pods that come and go, node agents in their own namespace, the status of a recurring job."""
    image = "registry.example.com/payments/checkout-api:2.14.3"
    pod = {
        "spec": {"containers": [{"name": "app", "image": image, "securityContext": {"runAsNonRoot": True}}]}
    }
    agent = {
        "spec": {
            "hostNetwork": True,
            "containers": [
                {"image": "registry.example.com/mirror/cni:1.4", "securityContext": {"privileged": True}}
            ],
            "volumes": [{"name": "cni", "hostPath": {"path": "/etc/cni/net.d"}}],
        }
    }
    controller = "system:serviceaccount:kube-system:{}-controller"
    for minute in range(0, 480, 10):
        yield _asked(minute, controller.format("replicaset"), "create", "pods", "payments", pod)
        yield _asked(minute, controller.format("daemon-set"), "create", "pods", "kube-system", agent)
        yield _asked(minute, controller.format("cronjob"), "patch", "cronjobs/status", "payments")
        yield _asked(minute, "system:node:node-1", "create", "serviceaccounts/token", "payments")
        yield _asked(minute, "system:kube-controller-manager", "list", "secrets", "payments")


def _delivery() -> Iterator[dict[str, Any]]:
    """Argo CD, which rolls out what was merged."""
    for minute in range(0, 480, 60):
        who = "system:serviceaccount:argocd:argocd-application-controller"
        for resource in ("deployments", "services", "configmaps"):
            yield _asked(minute, who, "patch", resource, "payments")


def _engineers() -> Iterator[dict[str, Any]]:
    """Two people who look at pods and logs."""
    for minute in range(0, 240, 15):
        for verb, resource in (("list", "pods"), ("get", "pods/log"), ("get", "deployments")):
            yield _asked(minute, "priya.raman@example.com", verb, resource, "payments")


def _repositories() -> Iterator[dict[str, Any]]:
    """Runners that clone, a repository that is made, a colleague who joins."""
    begin = int(MORNING.timestamp()) * 1000
    for build in range(60):
        repo = f"acme/{('checkout-api', 'cart', 'search-api')[build % 3]}"
        yield {
            "@timestamp": begin + build * 60_000,
            "action": "git.clone",
            "actor": "release-bot",
            "repo": repo,
        }
    for action in ("repo.create", "org.add_member", "pull_request.merge", "protected_branch.create"):
        yield {"@timestamp": begin, "action": action, "actor": "priya-raman", "repo": "acme/cart"}
