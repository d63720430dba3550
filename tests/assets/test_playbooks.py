"""The playbooks of a run are compiled once, and anew as soon as one of their files changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assets.folders import Folders
from assets.playbooks import active_bundle, bundle_versions
from evidence.errors import PlaybookError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """Folders whose playbooks a test may change."""
    shutil.copytree(ROOT / "playbooks", tmp_path / "playbooks")
    return Folders(playbooks=str(tmp_path / "playbooks"))


def test_who_asks_again_gets_the_same_bundle(folders: Folders) -> None:
    """Enrichment, decision, handoff and replay decide by one compiled bundle."""
    assert active_bundle(folders) is active_bundle(folders)
    assert bundle_versions(folders) is bundle_versions(folders)


@pytest.mark.parametrize("file", ["v3/playbook.yaml", "v3/approvers.yaml", "policies/node_drain.rego"])
def test_an_edit_is_seen(folders: Folders, file: str) -> None:
    """Whatever file of it is edited, the bundle is compiled anew."""
    before = active_bundle(folders)
    path = folders.playbooks_path / file
    path.write_text(path.read_text() + "\n# edited\n")
    assert before is not active_bundle(folders)


def test_another_active_version_is_seen(folders: Folders) -> None:
    """What `active.yaml` names is asked each time."""
    assert "v3" == active_bundle(folders).name
    (folders.playbooks_path / "active.yaml").write_text("active: v2\n")
    assert "v2" == active_bundle(folders).name


def test_a_broken_playbook_is_refused_each_time(folders: Folders) -> None:
    """A failure is not remembered as a bundle."""
    (folders.playbooks_path / "v3" / "playbook.yaml").write_text("need: none\n")
    for _ in range(2):
        with pytest.raises(PlaybookError):
            active_bundle(folders)
    assert ["v3"] == [name for name, _ in bundle_versions(folders).refused]
