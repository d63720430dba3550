"""Where a release's desired state lies is read out of the record that states the release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evidence.handoff.case import read_cases
from evidence.handoff.releases import Release, release_of

from .made import SHELL, connected, made

ENTRIES = [
    {"revision": "2.14.3", "source": {"targetRevision": "2.14.3"}},
    {"revision": "2.15.0", "source": {"targetRevision": "2.15.0"}},
]


def application(**spec: Any) -> dict[str, Any]:
    """An Argo CD Application that went from 2.14.3 to 2.15.0."""
    return {
        "kind": "Application",
        "metadata": {"name": "cart", "namespace": "argocd"},
        "spec": {
            "source": {"repoURL": "https://charts.example.com", "targetRevision": "2.15.0"},
            **spec,
        },
        "status": {"history": ENTRIES},
    }


def read(root: Path, record: dict[str, Any], state: dict[str, Any], **event: Any) -> Release:
    """The release of an incident whose change stands in the record."""
    world = made(root)
    change = world.event(SHELL, "change", record, 30, kind="change", **event)
    world.supports(SHELL, change, "change_revision")
    world.rows["enrichment.incident_states"][0] |= state
    with connected(world) as connection:
        return next(release_of(case) for case in read_cases(connection) if case.incident_id == SHELL)


def test_an_application_says_what_it_followed_before(tmp_path: Path) -> None:
    """By its history, so that a tag is told from a branch without guessing."""
    state = {"change_revision": "2.15.0", "change_previous_revision": "2.14.3"}
    found = read(tmp_path, application(), state, source="argocd", application="cart")
    assert ("cart", "argocd") == (found.application, found.application_namespace)
    assert ("2.15.0", "2.14.3") == (found.target_revision, found.previous_target_revision)


def test_automated_sync_is_on_only_where_it_is_said(tmp_path: Path) -> None:
    """An `automated` block that says `enabled: false` turns it off."""
    policies: list[dict[str, Any]] = [{}, {"automated": {}}, {"automated": {"enabled": False}}]
    found = [
        read(tmp_path / str(number), application(syncPolicy=policy), {}, source="argocd").is_auto_sync
        for number, policy in enumerate(policies)
    ]
    assert [False, True, False] == found


def test_an_application_of_several_sources_names_none(tmp_path: Path) -> None:
    """Which of them the release changed is not known."""
    record = application(source=None, sources=[{"repoURL": "https://git.example.com/a"}])
    found = read(tmp_path, record, {}, source="argocd", application="cart")
    assert (None, None, None) == (found.repository, found.folder, found.target_revision)


def test_a_deployment_of_a_commit_names_no_branch(tmp_path: Path) -> None:
    """GitHub's ref is whatever was asked for; a commit cannot be cloned as a branch."""
    event = {"source": "github", "repository": "acme/cart"}
    at_commit = read(tmp_path / "1", {"sha": "a"}, {"change_revision": "a", "change_branch": "a"}, **event)
    assert ("acme/cart", None) == (at_commit.repository, at_commit.target_revision)
    of_branch = read(tmp_path / "2", {"sha": "a"}, {"change_revision": "a", "change_branch": "main"}, **event)
    assert "main" == of_branch.target_revision


def helm_release(*versions: str, **spec: Any) -> dict[str, Any]:
    """A Flux HelmRelease that went through these versions of its chart, the newest last."""
    return {
        "kind": "HelmRelease",
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"chart": {"spec": {"version": "2.x", "sourceRef": {"kind": "HelmRepository", "name": "a"}}}}
        | spec,
        "status": {
            "history": [
                {"name": "cart", "version": number, "chartName": "cart", "chartVersion": version}
                | {"configDigest": f"sha256:{version}"}
                for number, version in reversed(list(enumerate(versions, 1)))
            ]
        },
    }


def test_a_helm_release_says_the_version_of_the_chart_before(tmp_path: Path) -> None:
    """Only where it moved: an upgrade of the values alone cannot be taken back by a version."""
    names = ("cart.v2 with chart cart@2.9.0", "cart.v1 with chart cart@2.8.1")
    state = {"change_revision": names[0], "change_previous_revision": names[1]}
    found = read(tmp_path / "1", helm_release("2.8.1", "2.9.0"), state, source="flux").helm_release
    assert found is not None
    assert ("cart", "shop", "2.x", "2.8.1") == (
        found.name,
        found.namespace,
        found.version,
        found.previous_version,
    )
    assert ("HelmRepository a", True) == (found.source, found.are_values_changed)
    state = {"change_revision": names[0], "change_previous_revision": "cart.v1 with chart cart@2.9.0"}
    assert read(tmp_path / "2", helm_release("2.9.0", "2.9.0"), state, source="flux").helm_release is None


def test_a_kustomization_says_its_folder_and_branch(tmp_path: Path) -> None:
    """And whether Flux reconciles it; its repository only where its source is in evidence."""
    record = {
        "kind": "Kustomization",
        "metadata": {"name": "cart", "namespace": "flux-system"},
        "spec": {"path": "./apps/cart", "sourceRef": {"kind": "GitRepository", "name": "apps"}},
    }
    found = read(tmp_path, record, {"change_branch": "main"}, source="flux")
    assert ("cart", "apps/cart", "main") == (found.application, found.folder, found.target_revision)
    assert (None, True) == (found.repository, found.is_auto_sync)


def test_without_a_change_there_is_no_release(tmp_path: Path) -> None:
    """And nothing is taken from the catalogue in its place."""
    with connected(made(tmp_path)) as connection:
        assert [Release(), Release()] == [release_of(case) for case in read_cases(connection)]
