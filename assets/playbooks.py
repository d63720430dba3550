"""Owns the playbooks of a run: compiled and proven once, however many assets ask for them."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from assets.folders import Folders
from evidence.decision import Bundle, Versions, load_active, load_versions
from evidence.decision.loading import PLAYBOOK_FILE
from evidence.decision.named_paths import named_path, named_rules
from evidence.detections.rule_folders import rule_files, values_near
from evidence.errors import PlaybookError
from evidence.strict_yaml import survey_yaml


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
    """SHA-256 over path and bytes of every file of the playbooks, and of rules that they name elsewhere."""
    below = _digest(playbooks, (path for path in playbooks.rglob("*") if path.is_file()))
    return _digest(playbooks, _files_elsewhere(_rules_elsewhere(playbooks, below)), below)


def _digest(playbooks: Path, files: Iterable[Path], before: str = "") -> str:
    digest = hashlib.sha256(before.encode())
    for path in sorted(files):
        name = os.path.relpath(path, playbooks)
        digest.update(f"{Path(name).as_posix()}\0".encode("utf-8", "surrogateescape"))
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@functools.lru_cache(maxsize=2)
def _rules_elsewhere(playbooks: Path, _content: str) -> tuple[Path, ...]:
    """What versions name as their Sigma rules outside of the folder of playbooks."""
    return tuple(path for path in _named_rules(playbooks) if not path.is_relative_to(playbooks))


def _named_rules(playbooks: Path) -> Iterator[Path]:
    for file in playbooks.glob(f"*/{PLAYBOOK_FILE}"):
        document, _ = survey_yaml(file, error=PlaybookError)
        if name := named_rules(document.value if document else None):
            yield named_path(file.parent, name)


def _files_elsewhere(rules: Iterable[Path]) -> set[Path]:
    """The files of rules in these places, and of the values beside them."""
    found = (file for path in rules for file in (*rule_files(path), values_near(path)))
    return {file for file in found if file is not None and file.is_file()}
