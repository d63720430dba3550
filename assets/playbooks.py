"""Owns the playbooks of a run: compiled and proven once, however many assets ask for them."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from assets.folders import Folders
from evidence.decision import Bundle, Versions, load_active, load_versions
from evidence.errors import PlaybookError


def active_bundle(folders: Folders) -> Bundle:
    """The bundle that `active.yaml` names. Raises PlaybookError when it is not one."""
    return _active(folders.playbooks_path, _content(folders.playbooks_path))


def bundle_versions(folders: Folders) -> Versions:
    """Every version that lies in the folder of playbooks, and why others were refused."""
    return _versions(folders.playbooks_path, _content(folders.playbooks_path))


# The digest of what lies in the folder is part of the key: whoever edits a playbook gets it compiled anew.
@functools.lru_cache(maxsize=2)
def _active(playbooks: Path, _content: str) -> Bundle:
    return load_active(playbooks)


@functools.lru_cache(maxsize=2)
def _versions(playbooks: Path, content: str) -> Versions:
    try:
        active = [_active(playbooks, content)]
    except PlaybookError:
        active = []  # whoever decides with it is told; here its own folder is, if that is what is wrong
    return load_versions(playbooks, active)


def _content(playbooks: Path) -> str:
    """SHA-256 over path and bytes of every file of the playbooks."""
    digest = hashlib.sha256()
    for path in sorted(path for path in playbooks.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(playbooks).as_posix()}\0".encode("utf-8", "surrogateescape"))
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
