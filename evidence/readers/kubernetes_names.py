"""Owns the names by which Kubernetes objects and their labels tell service and workload."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evidence.readers.fields import loose_text

WORKLOAD_KINDS = frozenset({"CronJob", "DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"})
SERVICE_LABELS = ("app.kubernetes.io/name", "service", "app", "k8s-app", "job")
APPROVAL_LABEL = "approved-by"

# Names that Kubernetes generates use this alphabet only (apimachinery's rand.SafeEncodeString), so that
# <deployment>-<template hash>-<five letters> is told from a name that a person chose.
_GENERATED = "bcdfghjklmnpqrstvwxz2456789"
_REPLICA_SET_POD = re.compile(rf"(.+)-[{_GENERATED}]{{8,10}}-[{_GENERATED}]{{5}}")


def workload_of_pod(pod: str | None) -> str | None:
    """The Deployment whose pod bears this generated name; None for any other name."""
    match = _REPLICA_SET_POD.fullmatch(pod) if pod else None
    return match.group(1) if match else None


def workload_fields(kind: str | None, name: str | None) -> dict[str, Any]:
    """The event columns `workload`, `workload_kind`, `pod` or `node` that an object's kind and name fill."""
    if kind == "Pod":
        deployment = workload_of_pod(name)
        found: dict[str, Any] = {"pod": name}
        return {**found, "workload": deployment, "workload_kind": "Deployment"} if deployment else found
    if kind == "Node":
        return {"node": name}
    if kind in WORKLOAD_KINDS:
        return {"workload": name, "workload_kind": kind}
    return {}


def service_of_labels(labels: Mapping[str, Any]) -> str | None:
    """The service that the labels name, by the usual label keys in order."""
    return loose_text(labels, *SERVICE_LABELS)


def has_approval(metadata: Mapping[str, Any]) -> bool | None:
    """Whether the object carries the approval label; None when its labels are not recorded."""
    labels = metadata.get("labels")
    if not isinstance(labels, dict):
        return False if metadata else None
    return bool(labels.get(APPROVAL_LABEL))


def kind_of_user(user: str) -> str:
    """The kind of identity that a user name is.

    Service accounts are workloads, but those of kube-system and the control plane's own users are the
    system. Whoever is not authenticated (`system:anonymous`) is taken for a person.
    """
    if user.startswith("system:serviceaccount:"):
        return "system" if user.startswith("system:serviceaccount:kube-system:") else "workload"
    return "system" if user.startswith("system:") and user != "system:anonymous" else "human"
