"""The service catalogue: entities, hints, edges and their anchors."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from evidence.errors import InputError

from .folders import built, lay_out, rows, write

WHOLE = """\
# A comment before the first entity.
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: checkout-api
  title: Checkout — API
  annotations:
    backstage.io/kubernetes-namespace: payments
    argocd/app-name: checkout
    incident-evidence/criticality: customer_facing
    incident-evidence/environment: production
    incident-evidence/rollback-supported: "true"
    incident-evidence/stateful: "false"
    example.com/anything: else
spec:
  type: service
  lifecycle: production
  owner: group:default/payments-platform
  dependsOn: [component:default/Ledger, resource:orders-db]
  consumesApis: [gateway-v1]
  system: payments
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: gateway}
spec: {type: service, lifecycle: production, owner: user:ann, providesApis: [gateway-v1]}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata:
  name: deploy-key
  annotations:
    incident-evidence/cloud-uid: AKIAIOSFODNN7EXAMPLE
    incident-evidence/known-networks: 203.0.113.0/24, 198.51.100.7
    incident-evidence/consumers-tested: "true"
spec: {type: credential, dependencyOf: [component:checkout-api]}
"""


def catalogue(root: Path, text: str) -> Path:
    lay_out(root, {})
    write(root / "catalog" / "all.yaml", text.encode())
    return root


def test_an_entity_becomes_a_row(tmp_path: Path) -> None:
    """Backstage's fields and ours; what is not said stays NULL."""
    row = rows(built(catalogue(tmp_path, WHOLE)), "services")[0]
    told = {key: row[key] for key in row if row[key] is not None and "byte" not in key and "sha" not in key}
    assert told == {
        "entity_ref": "component:default/checkout-api",
        "kind": "component",
        "name": "checkout-api",
        "type": "service",
        "title": "Checkout — API",
        "owner": "payments-platform",
        "lifecycle": "production",
        "environment": "production",
        "criticality": "customer_facing",
        "is_rollback_supported": True,
        "is_stateful": False,
        "kubernetes_namespace": "payments",
        "argocd_app": "checkout",
        "path": "catalog/all.yaml",
        "ordinal": 0,
    }


def test_edges_go_from_the_dependant_to_what_it_needs(tmp_path: Path) -> None:
    """Through an API to the component that provides it; references are completed and in lower case."""
    edges = [
        (row["from_ref"], row["to_ref"]) for row in rows(built(catalogue(tmp_path, WHOLE)), "dependencies")
    ]
    assert edges == [
        ("api:default/gateway-v1", "component:default/gateway"),
        ("component:default/checkout-api", "api:default/gateway-v1"),
        ("component:default/checkout-api", "component:default/ledger"),
        ("component:default/checkout-api", "resource:default/deploy-key"),
        ("component:default/checkout-api", "resource:default/orders-db"),
    ]


def test_owners_networks_and_credentials(tmp_path: Path) -> None:
    """A group by its bare name, anyone else in full; networks in canonical form."""
    found = rows(
        built(catalogue(tmp_path, WHOLE)), "services", "name", "owner", "known_networks", "cloud_uid"
    )
    assert found[1:] == [
        {"name": "gateway", "owner": "user:default/ann", "known_networks": None, "cloud_uid": None},
        {
            "name": "deploy-key",
            "owner": None,
            "known_networks": "198.51.100.7/32,203.0.113.0/24",
            "cloud_uid": "AKIAIOSFODNN7EXAMPLE",
        },
    ]


def test_an_entity_is_anchored_to_its_document(tmp_path: Path) -> None:
    """Offset, length and digest give back the YAML of each."""
    root = catalogue(tmp_path, WHOLE)
    content = (root / "catalog" / "all.yaml").read_bytes()
    for row in rows(built(root), "services"):
        raw = content[row["byte_offset"] :][: row["byte_length"]]
        assert hashlib.sha256(raw).hexdigest() == row["record_sha256"]
        assert f"name: {row['name']}".encode() in raw


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("incident-evidence/stateful", "incident-evidence/statefull", "unknown annotation"),
        ('stateful: "false"', 'stateful: "maybe"', "none of false, true"),
        ("customer_facing", "customer-facing", "none of batch"),
        ("203.0.113.0/24", "203.0.113.1/24", "has host bits set"),
        ("kind: Resource", "kind: Robot", "unknown kind Robot"),
        ("name: deploy-key", "name: gateway\n  namespace: default", ""),
        ("resource:orders-db", "'resource:::'", "no entity reference"),
        ("metadata: {name: gateway}", "metadata: {title: gateway}", "name is missing"),
        ("v1alpha1\nkind: Component\nmetadata: {", "v9\nkind: Component\nmetadata: {", "pattern"),
    ],
)
def test_faults_are_named_with_their_line(tmp_path: Path, old: str, new: str, what: str) -> None:
    """File, line and what is allowed; the same name under another kind is no fault."""
    root = catalogue(tmp_path, WHOLE.replace(old, new))
    if not what:
        assert len(rows(built(root), "services")) == 3
        return
    with pytest.raises(InputError, match=what) as refused:
        built(root)
    assert refused.value.place is not None
    assert refused.value.place.line > 0


def test_an_entity_is_declared_once(tmp_path: Path) -> None:
    """The second declaration names the first."""
    root = catalogue(tmp_path, WHOLE)
    write(root / "catalog" / "more.yaml", WHOLE.encode())
    with pytest.raises(InputError, match=r"declared twice, first in .*all\.yaml:2"):
        built(root)
