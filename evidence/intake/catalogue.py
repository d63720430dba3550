"""Reads the service catalogue: Backstage entities with their ownership, recovery hints and edges.

Backstage's own fields may hold more than is read here. Annotations under `incident-evidence/` are ours:
an unknown one is an error, because a misspelt recovery hint would silently not count.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from evidence.errors import InputError
from evidence.export_files import path_text
from evidence.strict_yaml import Document, parse_all_yaml, parse_model
from expectations.tables.catalogue import CRITICALITIES
from expectations.tables.enrichment import ENVIRONMENTS

PREFIX = "incident-evidence/"
KINDS = frozenset(
    {"api", "component", "domain", "group", "location", "resource", "system", "template", "user"}
)
_REFERENCE = re.compile(r"(?:([a-zA-Z]+):)?(?:([A-Za-z0-9._-]+)/)?([A-Za-z0-9._-]+)")

_STANDARD = {
    "backstage.io/kubernetes-namespace": "kubernetes_namespace",
    "backstage.io/kubernetes-id": "kubernetes_id",
    "argocd/app-name": "argocd_app",
    "github.com/project-slug": "github_slug",
    "pagerduty.com/service-id": "pagerduty_service",
}
_TEXTS = {
    "slack-channel": "slack_channel",
    "escalation-policy": "escalation_policy",
    "release": "release",
    "cloud-uid": "cloud_uid",
    "canary-workload": "canary_workload",
}
_BOOLEANS = {
    "rollback-supported": "is_rollback_supported",
    "restart-safe": "is_restart_safe",
    "quarantine-allowed": "is_quarantine_allowed",
    "stateful": "is_stateful",
    "customer-data": "handles_customer_data",
    "emergency-access": "is_emergency_access",
    "consumers-tested": "are_consumers_tested",
}


class _Open(BaseModel):
    """Backstage's parts: what is read is typed, what else stands there is not ours."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Metadata(_Open):
    """metadata of an entity."""

    name: Annotated[str, StringConstraints(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,62}\z")]
    namespace: str = "default"
    title: str | None = None
    annotations: dict[str, str] = {}


class Spec(_Open):
    """spec of an entity: the parts that every kind may have."""

    type: str | None = None
    lifecycle: str | None = None
    owner: str | None = None
    depends_on: Annotated[list[str], Field(alias="dependsOn")] = []
    dependency_of: Annotated[list[str], Field(alias="dependencyOf")] = []
    consumes_apis: Annotated[list[str], Field(alias="consumesApis")] = []
    provides_apis: Annotated[list[str], Field(alias="providesApis")] = []


class Entity(_Open):
    """One Backstage entity."""

    api_version: Annotated[str, Field(alias="apiVersion", pattern=r"\Abackstage\.io/v1(alpha1|beta1)?\z")]
    kind: str
    metadata: Metadata
    spec: Spec = Spec()


@dataclass
class Catalogue:
    """Rows of `intake.services` and `intake.dependencies`."""

    services: list[dict[str, Any]] = field(default_factory=list)
    dependencies: set[tuple[str, str]] = field(default_factory=set)


def read_catalogue(files: list[Path], root: Path, keep_bytes: Callable[[bytes], str]) -> Catalogue:
    """All entities. Raises InputError with file, line and field, also for an entity named twice."""
    catalogue = Catalogue()
    seen: dict[str, Document] = {}
    for path in files:
        content = path.read_bytes()
        file_sha256 = keep_bytes(content)
        for ordinal, document in enumerate(parse_all_yaml(content, path)):
            entity = parse_model(Entity, document)
            row = {
                **_row(entity, document),
                "record_sha256": _document_sha256(content, document),
                "file_sha256": file_sha256,
                "path": _relative(path, root),
                "ordinal": ordinal,
                "byte_offset": document.byte_offset,
                "byte_length": document.byte_length,
            }
            reference = row["entity_ref"]
            if reference in seen:
                raise InputError(
                    f"{reference} is declared twice, first in {seen[reference].place()}",
                    place=document.place("metadata", "name"),
                )
            seen[reference] = document
            catalogue.services.append(row)
            catalogue.dependencies.update(_edges(reference, entity, document))
    return catalogue


def _row(entity: Entity, document: Document) -> dict[str, Any]:
    kind = entity.kind.lower()
    if kind not in KINDS:
        raise InputError(f"unknown kind {entity.kind}", place=document.place("kind"))
    reference = f"{kind}:{entity.metadata.namespace}/{entity.metadata.name}".lower()
    annotations = entity.metadata.annotations
    return {
        "entity_ref": reference,
        "kind": kind,
        "name": entity.metadata.name,
        "type": entity.spec.type,
        "title": entity.metadata.title,
        "owner": _owner(entity, document),
        "lifecycle": entity.spec.lifecycle,
        **{column: annotations.get(key) for key, column in _STANDARD.items()},
        **_ours(annotations, document),
    }


def _ours(annotations: dict[str, str], document: Document) -> dict[str, Any]:
    """The columns of the annotations under our prefix."""
    row: dict[str, Any] = {}
    for name, value in annotations.items():
        if not name.startswith(PREFIX):
            continue
        key = name.removeprefix(PREFIX)
        place = document.place("metadata", "annotations", name)
        if key in _TEXTS:
            row[_TEXTS[key]] = value
        elif key in _BOOLEANS:
            row[_BOOLEANS[key]] = _word(value, {"true": True, "false": False}, place)
        elif key == "criticality":
            row["criticality"] = _word(value, {word: word for word in CRITICALITIES}, place)
        elif key == "environment":
            row["environment"] = _word(value, {word: word for word in ENVIRONMENTS}, place)
        elif key == "known-networks":
            row["known_networks"] = _networks(value, place)
        else:
            known = sorted([*_TEXTS, *_BOOLEANS, "criticality", "environment", "known-networks"])
            raise InputError(
                f"unknown annotation {name}", place=place, remedy=f"Known are {', '.join(known)}"
            )
    return row


def _word(value: str, words: dict[str, Any], place: Any) -> Any:
    if value not in words:
        raise InputError(f"{value!r} is none of {', '.join(sorted(words))}", place=place)
    return words[value]


def _networks(value: str, place: Any) -> str:
    """The CIDRs, in canonical form and order."""
    try:
        networks = [ipaddress.ip_network(part.strip()) for part in value.split(",")]
    except ValueError as error:
        raise InputError(f"known-networks: {error}", place=place) from error
    return ",".join(sorted(str(network) for network in networks))


def _owner(entity: Entity, document: Document) -> str | None:
    """The bare name of a group of the default namespace, else the whole reference."""
    if not entity.spec.owner:
        return None
    reference = _reference(entity.spec.owner, "group", document, "owner")
    return reference.removeprefix("group:default/")


def _edges(reference: str, entity: Entity, document: Document) -> Iterator[tuple[str, str]]:
    """(dependant, dependency): what it depends on, and through an API on the component that provides it."""
    spec = entity.spec
    for value in spec.depends_on:
        yield reference, _reference(value, "component", document, "dependsOn")
    for value in spec.dependency_of:
        yield _reference(value, "component", document, "dependencyOf"), reference
    for value in spec.consumes_apis:
        yield reference, _reference(value, "api", document, "consumesApis")
    for value in spec.provides_apis:
        yield _reference(value, "api", document, "providesApis"), reference


def _reference(value: str, kind: str, document: Document, key: str) -> str:
    """A full reference, in lower case as Backstage compares them."""
    match = _REFERENCE.fullmatch(value)
    if match is None:
        place = document.place("spec", key)
        raise InputError(f"{value!r} is no entity reference ([kind:][namespace/]name)", place=place)
    return f"{match.group(1) or kind}:{match.group(2) or 'default'}/{match.group(3)}".lower()


def _document_sha256(content: bytes, document: Document) -> str:
    end = document.byte_offset + document.byte_length
    return hashlib.sha256(content[document.byte_offset : end]).hexdigest()


def _relative(path: Path, root: Path) -> str:
    """Below the root, or beside it: `../catalog/x.yaml`."""
    if path.is_relative_to(root):
        return path_text(path.relative_to(root))
    return f"../{path_text(path.relative_to(root.parent))}"
