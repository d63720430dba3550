"""Owns how a bundle is asked for: by its folder, or as it was in a commit (`git:REF`, `git:REF:PATH`).

A folder of playbooks stands for the one that its `active.yaml` names.
"""

from __future__ import annotations

import posixpath
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from evidence.cut_lists import cut_list
from evidence.decision import Bundle, load_bundle
from evidence.decision.loading import ACTIVE_FILE, PLAYBOOK_FILE, active_folder
from evidence.decision.named_paths import named_policies, named_rules
from evidence.detections.rule_folders import VALUES
from evidence.errors import EvidenceError, InputError, Place, PlaybookError, RefusedDetections
from evidence.strict_yaml import load_yaml
from simulator.bundles.git_commits import CommitTree, commit_tree, is_in_repository
from simulator.policies.trying import try_policies_of

PREFIX = "git:"
PLAYBOOKS = PurePosixPath("playbooks")
_RULES_REMEDY = "Name a Sigma file, a folder of them, or git:REF:PATH"
BUNDLES_MAX = 5  # named in a message


@dataclass(frozen=True, slots=True)
class Reference:
    """What was asked for: a commit, and a path in it or none, or (`ref` is None) a folder."""

    text: str
    ref: str | None
    path: str | None

    @classmethod
    def of(cls, text: str) -> Reference:
        """The reference that `text` states. Raises InputError when it names no commit."""
        if not text.startswith(PREFIX):
            return cls(text, None, text)
        ref, colon, path = text.removeprefix(PREFIX).partition(":")
        if not ref or (colon and not path):
            raise InputError(f"{text} names no commit or no path", remedy="Write git:REF or git:REF:PATH")
        return cls(text, ref, path if colon else None)


def load_pair(baseline: str, candidate: str) -> tuple[Bundle, Bundle]:
    """Both sides of a comparison; a `git:REF` without a path is the other side's bundle in that commit."""
    return load_reference(baseline, beside=candidate), load_reference(candidate, beside=baseline)


@dataclass(frozen=True, slots=True)
class Located:
    """The files of a bundle; `named` turns words about their folder into words about what was asked for."""

    folder: Path
    named: Callable[[str], str] = str


def load_reference(text: str, beside: str | None = None) -> Bundle:
    """The bundle that `text` asks for, as `located` finds it. Raises also PlaybookError, for one refused."""
    with located(text, beside) as found:
        return load_bundle(found.folder)


def load_tried(text: str, beside: str | None = None) -> Bundle:
    """As `load_reference`, its policies tried first in a process of their own, which a run may not start."""
    with located(text, beside) as found:
        try_policies_of(found.folder)
        return load_bundle(found.folder)


@contextmanager
def located(text: str, beside: str | None = None) -> Iterator[Located]:
    """The folder of the bundle that `text` asks for, for the time of the block.

    A folder; or `git:REF:PATH`, the bundle at that path from the repository's root (`./PATH`: from the
    current folder); or `git:REF`, the bundle at the same path as `beside`, or, where that names no path,
    the active bundle of `playbooks/active.yaml` in that commit. A folder of playbooks is the active bundle
    in it, on either side by its own `active.yaml`. Raises InputError for a reference that leads nowhere; an
    error about the bundle that leaves the block names `git:REF:PATH`, line and column.
    """
    asked = Reference.of(text)
    if asked.ref is None:
        folder = Path(text)
        yield Located(active_folder(folder) if is_of_playbooks(folder) else folder)
        return
    other = Reference.of(beside) if beside is not None else Reference("", "", None)
    # The repository is the other side's where that says which bundle, else the one that we are in.
    is_theirs = asked.path is None or not is_in_repository(Path())
    start = Path(other.text) if is_theirs and other.ref is None else Path()
    with commit_tree(_existing(start), asked.ref) as commit, _Extract(commit) as extract:
        if asked.path is not None:
            folder = _extracted(extract, _explicit_path(commit, asked.path))
        elif other.ref is None:
            folder = _extracted(extract, _path_of_folder(commit, start))
        elif other.path is not None:
            folder = _extracted(extract, _explicit_path(commit, other.path))
        else:
            folder = _usual_active_extracted(extract)
        yield Located(folder, extract.named)


@contextmanager
def located_rules(text: str, beside: str, usual: PurePosixPath) -> Iterator[Located]:
    """The file or folder of Sigma rules that `text` asks for, for the time of the block.

    A path; or `git:REF:PATH`; or `git:REF`, which is the path of the other side, `beside`, in that commit,
    or, where that names no path either, `usual`. Raises InputError for a reference that leads nowhere; an
    error about a rule that leaves the block names `git:REF:PATH`, line and column.
    """
    asked, other = Reference.of(text), Reference.of(beside)
    if asked.ref is None:
        if not text or not Path(text).exists():
            what = f"{text or 'a set of rules'}: there is no such file or folder"
            raise InputError(what, remedy=_RULES_REMEDY)
        yield Located(Path(text))
        return
    start = Path(other.text) if asked.path is None and other.ref is None else Path()
    with commit_tree(_existing(start), asked.ref) as commit, _Extract(commit) as extract:
        path = _path_asked(commit, asked, other, usual)
        extract.copy_rules(path)
        if not (extract.folder / path).exists():
            what = f"{commit.label}:{path}: there are no Sigma rules in that commit"
            raise InputError(what, remedy=_RULES_REMEDY)
        yield Located(extract.folder / path, extract.named)


@contextmanager
def located_folder(text: str, beside: str, usual: PurePosixPath) -> Iterator[Located]:
    """The folder that `text` asks for, for the time of the block: itself, or as it was in a commit.

    `git:REF` means the folder that `beside` names, or, where that names none, `usual`. Raises InputError for
    what leads nowhere; an error that leaves the block names `git:REF:PATH`.
    """
    asked, other = Reference.of(text), Reference.of(beside)
    if asked.ref is None:
        if not Path(text).is_dir():
            raise InputError(f"{text or 'a folder'}: is no folder", remedy="Name a folder, or git:REF:FOLDER")
        yield Located(Path(text))
        return
    start = Path(other.text) if asked.path is None and other.ref is None else Path()
    with commit_tree(_existing(start), asked.ref) as commit, _Extract(commit) as extract:
        path = _path_asked(commit, asked, other, usual)
        if commit.folder(path) is None:
            raise InputError(f"{commit.label}:{path}: there is no such folder in that commit")
        extract.copy(path)
        (extract.folder / path).mkdir(parents=True, exist_ok=True)
        yield Located(extract.folder / path, extract.named)


def _path_asked(
    commit: CommitTree, asked: Reference, other: Reference, usual: PurePosixPath
) -> PurePosixPath:
    if asked.path is not None:
        return _explicit_path(commit, asked.path)
    if other.ref is None:
        return _path_of_folder(commit, Path(other.text))
    return usual if other.path is None else _explicit_path(commit, other.path)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one around it that is there."""
    folder = folder.absolute()
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def _explicit_path(commit: CommitTree, path: str) -> PurePosixPath:
    if not re.match(r"\.\.?(/|$)", path):
        return PurePosixPath(posixpath.normpath(path))
    return _path_of_folder(commit, Path(path))


def _path_of_folder(commit: CommitTree, folder: Path) -> PurePosixPath:
    """Where the folder lies in its repository."""
    root = Path(commit.repository.path).resolve()
    try:
        return PurePosixPath(folder.resolve().relative_to(root).as_posix())
    except ValueError as failure:
        raise InputError(f"{folder} is not in the repository at {root}") from failure


def is_of_playbooks(folder: Path) -> bool:
    """Whether it is a folder of playbooks that says which one is active, and none itself."""
    return (folder / ACTIVE_FILE).is_file() and not (folder / PLAYBOOK_FILE).is_file()


def _usual_active_extracted(extract: _Extract) -> Path:
    commit = extract.commit
    here = _path_of_folder(commit, Path())
    for playbooks in dict.fromkeys((here / PLAYBOOKS, PLAYBOOKS)):
        if commit.file(playbooks / ACTIVE_FILE) is not None:
            return _active_extracted(extract, playbooks)
    raise InputError(
        f"{commit.label}: there is no {PLAYBOOKS / ACTIVE_FILE} in that commit",
        remedy=f"Name the bundle: {commit.label}:PATH. {_bundles_there(commit)}",
    )


def _active_extracted(extract: _Extract, playbooks: PurePosixPath) -> Path:
    extract.copy(playbooks)
    for playbook in sorted((extract.folder / playbooks).glob(f"*/{PLAYBOOK_FILE}")):
        extract.copy_named(playbooks / playbook.parent.name)
    return active_folder(extract.folder / playbooks)


def _extracted(extract: _Extract, path: PurePosixPath) -> Path:
    commit = extract.commit
    if commit.file(path / PLAYBOOK_FILE) is None:
        if commit.file(path / ACTIVE_FILE) is not None:
            return _active_extracted(extract, path)
        raise InputError(
            f"{commit.label}:{path}: there is no bundle in that commit", remedy=_bundles_there(commit, path)
        )
    extract.copy(path)
    extract.copy_named(path)
    return extract.folder / path


def _bundles_there(commit: CommitTree, near: PurePosixPath = PLAYBOOKS / "any") -> str:
    """The bundles of the commit, those beside `near` first."""
    found = sorted(commit.folders_with(PLAYBOOK_FILE), key=lambda path: (path.parent != near.parent, path))
    if not found:
        return "It holds no bundle at all"
    return f"It holds {cut_list(found, BUNDLES_MAX)}"


class _Extract:
    """Files of a commit in a temporary folder that goes with the block; errors name the commit, not it."""

    def __init__(self, commit: CommitTree) -> None:
        self.commit = commit
        self._temporary = tempfile.TemporaryDirectory(prefix="evidence-")
        self.folder = Path(self._temporary.name)

    def __enter__(self) -> _Extract:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._temporary.cleanup()
        if isinstance(error, EvidenceError):
            raise self._renamed(error) from error.__cause__

    def copy(self, path: PurePosixPath) -> None:
        """Write the YAML, Sigma and Rego files at and below `path`."""
        for at, content in self.commit.files(path):
            self.write(at, content)

    def copy_named(self, path: PurePosixPath) -> None:
        """Write the policies and detections that the bundle at `path` names, wherever in the repository."""
        try:
            value = load_yaml(self.folder / path / PLAYBOOK_FILE, error=PlaybookError).value
        except PlaybookError:
            return  # loading says it better, and only where this bundle is the one
        self.copy(self._named_path(path, named_policies(value), "policies"))
        if rules := named_rules(value):
            self.copy_rules(self._named_path(path, rules, "detections"))

    def copy_rules(self, path: PurePosixPath) -> None:
        """Write a file or folder of Sigma rules and the values near it."""
        self.copy(path)
        folders = (path, path.parent, path.parent.parent)  # of a file its own folder and the one above
        for file in (path, *(folder / VALUES for folder in folders)):
            content = self.commit.file(file)
            if content is not None:
                self.write(file, content)

    def _named_path(self, path: PurePosixPath, named: str, what: str) -> PurePosixPath:
        """Where that lies which the bundle at `path` names; the bundle itself where it names nothing."""
        found = PurePosixPath(posixpath.normpath(path / named)) if named else path
        if found.is_absolute() or ".." in found.parts:
            raise InputError(
                f"{self.commit.label}:{path / PLAYBOOK_FILE}: its {what} lie outside of the repository"
            )
        return found

    def write(self, path: PurePosixPath, content: bytes) -> None:
        """Write one file."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def _renamed(self, error: EvidenceError) -> EvidenceError:
        if isinstance(error, RefusedDetections):
            return RefusedDetections([self._renamed(fault) for fault in error.faults])
        place = error.place
        if place is not None:
            place = Place(Path(self.named(str(place.path))), place.line, place.column, place.field)
        return type(error)(self.named(error.what), place=place, remedy=self.named(error.remedy))

    def named(self, text: str) -> str:
        """The text, with the commit's name in place of the folder's."""
        return text.replace(f"{self.folder}/", f"{self.commit.label}:").replace(
            str(self.folder), self.commit.label
        )
