"""A rollback is a change of desired state that Git itself makes, and that says what it does."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.handoff.proposals import HelmRelease, propose

from . import formats
from .proposed import HOSTILE, SUBJECT, text_of


def git(folder: Path, *words: str) -> str:
    """What git says in the folder."""
    name = ["-c", "user.name=A Person", "-c", "user.email=person@example.com"]
    done = subprocess.run(["git", *name, *words], cwd=folder, text=True, check=True, capture_output=True)
    return done.stdout.strip()


@pytest.fixture
def platform_apps(tmp_path: Path) -> tuple[Path, str, str]:
    """A repository of desired state: (folder, revision before, revision of the release).

    The release raises one tag and adds a file; a later commit changes a neighbour.
    """
    folder = tmp_path / "platform-apps"
    ours, theirs = folder / "apps/checkout-api", folder / "apps/cart"
    for place in (ours, theirs):
        place.mkdir(parents=True)
        (place / "kustomization.yaml").write_text("images:\n  - newTag: 2.14.3\n")
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(folder))
    revisions = []
    for message in ("before", "release", "neighbour"):
        if message == "release":
            (ours / "kustomization.yaml").write_text("images:\n  - newTag: 2.15.0\n")
            (ours / "extra.yaml").write_text("kind: ConfigMap\n")
        if message == "neighbour":
            (theirs / "kustomization.yaml").write_text("images:\n  - newTag: 9.9.9\n")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", f"--message={message}")
        revisions.append(git(folder, "rev-parse", "HEAD"))
    return folder, revisions[0], revisions[1]


def run_script(text: str, folder: Path, remote: Path, name: str) -> Path:
    """Runs the commands in the folder, the named repository being the remote; the clone."""
    environment = {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{remote}.insteadOf",
        "GIT_CONFIG_VALUE_0": name,
    }
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "A Person", f"GIT_{role}_EMAIL": "person@example.com"}
    script = f"set -eu\n{text}"
    subprocess.run(["bash"], input=script, text=True, cwd=folder, env=environment, check=True)
    (clone,) = folder.iterdir()
    return clone


def test_a_rollback_puts_the_folder_back_and_nothing_else(
    platform_apps: tuple[Path, str, str], tmp_path: Path
) -> None:
    """One commit on a branch of its own, which Git itself makes; the remote is as it was."""
    remote, before, release = platform_apps
    head = git(remote, "rev-parse", "main")
    text = text_of("roll_back_release", previous_revision=before, revision=release)
    place = tmp_path / "work"
    place.mkdir()
    assert SUBJECT.repository is not None
    clone = run_script(text, place, remote, SUBJECT.repository)
    assert "" == git(clone, "diff", before, "HEAD", "--", "apps/checkout-api")
    assert "apps/checkout-api" == git(clone, "diff", "--dirstat=0,files", "main", "HEAD").split()[-1].rstrip(
        "/"
    )
    assert "1" == git(clone, "rev-list", "--count", "main..HEAD")
    assert f"Revert checkout-api to {before[:12]}" == git(clone, "log", "-1", "--format=%s")
    assert ["main"] == git(remote, "branch", "--format=%(refname:short)").splitlines()
    assert head == git(remote, "rev-parse", "main")


def test_a_rollback_as_a_diff_is_one_that_git_applies(
    platform_apps: tuple[Path, str, str], tmp_path: Path
) -> None:
    """What the commit changes applies to the branch as it stands."""
    remote, before, release = platform_apps
    place = tmp_path / "work"
    place.mkdir()
    assert SUBJECT.repository is not None
    text = text_of("roll_back_release", previous_revision=before, revision=release)
    clone = run_script(text, place, remote, SUBJECT.repository)
    patch = subprocess.run(
        ["git", "diff", "main", "HEAD"], cwd=clone, text=True, check=True, capture_output=True
    ).stdout
    subprocess.run(["git", "apply", "--check", "-"], cwd=remote, input=patch, text=True, check=True)
    assert "-  - newTag: 2.15.0\n+  - newTag: 2.14.3\n" in patch


def test_a_rollback_says_what_it_does() -> None:
    """Folder, branch, both revisions, and that a merge is what brings it to the cluster."""
    proposal = propose(replace(SUBJECT, action="roll_back_release"))
    assert "folder apps/checkout-api in https://git.example.com/acme/apps.git, branch main." in proposal.text
    assert f"puts it back to what it held at {'a' * 12}, which ran before {'b' * 12}:" in proposal.text
    assert "committed to it since is taken back too, and nothing outside it changes." in proposal.text
    assert any("the merge alone brings the change to the cluster" in check for check in proposal.checks)


@pytest.mark.parametrize(
    ("before", "now", "shown"),
    [
        ("a" * 40, "b" * 40, ("a" * 12, "b" * 12)),
        ("a" * 12 + "1" * 28, "a" * 12 + "2" * 28, ("a" * 12 + "1" * 28, "a" * 12 + "2" * 28)),
        ("checkout-api-2.14.3", "checkout-api-2.15.0", ("checkout-api-2.14.3", "checkout-api-2.15.0")),
        (
            "main@sha1:" + "a" * 40,
            "main@sha1:" + "b" * 40,
            ("main@sha1:" + "a" * 40, "main@sha1:" + "b" * 40),
        ),
    ],
)
def test_two_revisions_can_be_told_apart(before: str, now: str, shown: tuple[str, str]) -> None:
    """Commits are shortened where that tells them apart; every other name stands whole, in the commit too."""
    proposal = propose(replace(SUBJECT, action="roll_back_release", previous_revision=before, revision=now))
    assert f"held at {shown[0]}, which ran before {shown[1]}:" in proposal.text
    assert f"Revert checkout-api to {shown[0]}'" in proposal.text
    assert f"again that of “{shown[1]}”" in proposal.undo


def test_one_revision_that_ran_twice_is_said() -> None:
    """Git then holds nothing to go back to."""
    text = text_of("roll_back_release", previous_revision="a" * 40, revision="a" * 40)
    assert "names one and the same revision twice" in text


def test_a_repository_that_is_not_known_is_not_put_back_whole() -> None:
    """Which folder of which repository is for a person to say."""
    proposal = propose(
        replace(SUBJECT, action="roll_back_release", application=None, repository=None, repository_path=None)
    )
    formats.hold(proposal)
    assert "the whole tree" not in proposal.text
    assert "in a repository that the evidence does not name" in proposal.text
    assert ["URL of the repository", "folder of the desired state"] == [
        blank.what for blank in proposal.to_fill_in
    ]


CHART = HelmRelease(
    "helm.toolkit.fluxcd.io/v2", "cart", "shop", "2.9.x", "2.8.1", "HelmRepository acme in flux-system", True
)


def test_a_helm_release_goes_back_to_the_version_of_its_chart() -> None:
    """One field of its manifest; the values, which changed too, are said to stay."""
    proposal = propose(replace(SUBJECT, action="roll_back_release", helm_release=CHART))
    formats.hold(proposal)
    patch = formats.manifest(proposal.text)
    assert isinstance(patch, formats.HelmReleasePatch)
    assert ("cart", "shop") == (patch.metadata.name, patch.metadata.namespace)
    assert "2.8.1" == patch.spec.chart.spec.version
    assert "2.9.x becomes 2.8.1." in proposal.text
    assert "which Git repository holds the file is not in the evidence" in proposal.text
    assert any("The values changed with the chart" in check for check in proposal.checks)


def test_a_chart_whose_names_no_cluster_takes_is_filled_in() -> None:
    """Nothing leaves its place in the manifest."""
    hostile = replace(CHART, name=HOSTILE, namespace=HOSTILE, version=HOSTILE, previous_version=HOSTILE)
    proposal = propose(replace(SUBJECT, action="roll_back_release", helm_release=hostile))
    formats.hold(proposal)
    assert 3 == len(proposal.to_fill_in)


def test_a_release_that_moved_the_target_revision_has_it_moved_back() -> None:
    """A tag or a chart's version stands in the Application itself: a merge patch of that one field."""
    changes = {"target_revision": "2.15.0", "previous_target_revision": "2.14.3", "revision": "2.15.0"}
    patch = formats.manifest(text_of("roll_back_release", **changes))
    assert isinstance(patch, formats.ApplicationPatch)
    assert ("checkout-api", "argocd") == (patch.metadata.name, patch.metadata.namespace)
    assert "2.14.3" == patch.spec.source.targetRevision
    assert "2.15.0 becomes 2.14.3." in text_of("roll_back_release", **changes)


def test_without_an_application_the_repository_goes_back() -> None:
    """A deployment that GitHub alone knows: GitHub's tool clones it, and the branch is filled in by hand."""
    proposal = propose(
        replace(
            SUBJECT,
            action="roll_back_release",
            application=None,
            repository="acme/checkout-api",
            repository_path=None,
            target_revision=None,
        )
    )
    formats.hold(proposal)
    assert "gh repo clone acme/checkout-api -- --branch=" in proposal.text
    assert "all that was committed since goes back with it, whatever it was for." in proposal.text
    assert "nothing outside it changes" not in proposal.text
    assert ["branch"] == [blank.what for blank in proposal.to_fill_in]


@pytest.mark.parametrize(
    "remote", ["ext::sh -c id", "--upload-pack=id", "https://me:hunter2@git.example.com/a"]
)
def test_no_remote_runs_a_command_or_shows_a_password(remote: str) -> None:
    """Such a remote is not known, and what it hides stays hidden."""
    proposal = propose(replace(SUBJECT, action="roll_back_release", repository=remote))
    assert ["URL of the repository"] == [blank.what.split(";")[0] for blank in proposal.to_fill_in]
    assert "hunter2" not in f"{proposal}"
