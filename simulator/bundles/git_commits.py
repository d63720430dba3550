"""Owns reading a Git repository's objects: which commit a reference means, and what folders it holds.

Git itself is never started: a replay starts no process (governance boundary). The objects, refs, packs
and worktrees are read with dulwich.
"""

from __future__ import annotations

import difflib
import re
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dulwich.errors import NotGitRepository
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tag, Tree
from dulwich.objectspec import AmbiguousShortId, parse_ref, scan_for_short_id
from dulwich.repo import Repo, UnsupportedExtension, UnsupportedVersion

from evidence.cut_lists import cut_list
from evidence.errors import EvidenceError, InputError

ROOT = PurePosixPath()
ABBREVIATION_MIN = 4
NEAR_REFS_MAX = 3  # named in a message
_STEPS = re.compile(r"(?P<base>.*?)(?P<steps>(?:~[0-9]*|\^[0-9]*|\^\{(?:commit)?\})*)")
_STEP = re.compile(r"(?P<kind>[~^])(?P<count>[0-9]*)(?P<peel>\{(?:commit)?\})?")
_INSTEAD = "or compare with a folder: `git worktree add ../baseline {ref}`"


@dataclass(frozen=True)
class CommitTree:
    """The files of one commit. `label` names it in messages: `git:` and the reference as it was asked for."""

    repository: Repo
    ref: str
    tree: Tree

    @property
    def label(self) -> str:
        """Name of the commit in messages."""
        return f"git:{self.ref}"

    def folder(self, path: PurePosixPath) -> Tree | None:
        """The folder at `path`, from the repository's root; None when there is none.

        Raises InputError when a part of the path is a symbolic link or a submodule.
        """
        tree = self.tree
        for depth, name in enumerate(path.parts):
            entry = self._entry(tree, name)
            if entry is None:
                return None
            mode, sha = entry
            self._refuse_link(mode, PurePosixPath(*path.parts[: depth + 1]))
            found = self._object(sha)
            if not isinstance(found, Tree):
                return None
            tree = found
        return tree

    def file(self, path: PurePosixPath) -> bytes | None:
        """The content of the regular file at `path`; None when there is none."""
        folder = self.folder(path.parent)
        entry = None if folder is None else self._entry(folder, path.name)
        if entry is None:
            return None
        self._refuse_link(entry[0], path)
        found = self._object(entry[1])
        return found.as_raw_string() if isinstance(found, Blob) else None

    def files(self, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, bytes]]:
        """Every YAML, Sigma and Rego file at and below the folder, by name, with its content."""
        for name, mode, sha in self._entries(self.folder(path) or Tree()):
            at = path / name
            if stat.S_ISDIR(mode):
                yield from self.files(at)
            elif at.suffix in (".yaml", ".yml", ".rego"):
                self._refuse_link(mode, at)
                yield at, self._object(sha).as_raw_string()

    def folders_with(self, file: str, path: PurePosixPath = ROOT) -> Iterator[PurePosixPath]:
        """Folders at and below `path`, by name, in which a file of that name lies."""
        entries = self._entries(self.folder(path) or Tree())
        if any(name == file for name, _, _ in entries):
            yield path
        for name, mode, _ in entries:
            if stat.S_ISDIR(mode):
                yield from self.folders_with(file, path / name)

    def _refuse_link(self, mode: int, path: PurePosixPath) -> None:
        if stat.S_ISLNK(mode):
            raise InputError(
                f"{self.label}:{path} is a symbolic link in that commit",
                remedy="Name the path that it points to",
            )
        if mode == 0o160000:
            raise InputError(
                f"{self.label}:{path} is a submodule, whose files are in a repository of their own",
                remedy=f"Call from inside the submodule, {_INSTEAD.format(ref=self.ref)}",
            )

    def _object(self, sha: ObjectID) -> ShaFile:
        with _whole(self.ref):
            try:
                return self.repository.object_store[sha]
            except KeyError as failure:
                raise _lacking(self.repository, self.ref, f"object {sha.decode()[:12]}") from failure

    def _entry(self, tree: Tree, name: str) -> tuple[int, ObjectID] | None:
        return next(((mode, sha) for found, mode, sha in self._entries(tree) if found == name), None)

    def _entries(self, tree: Tree) -> list[tuple[str, int, ObjectID]]:
        """Name, mode and id by name; names that are no names (as only a forged tree has them) are refused."""
        with _whole(self.ref):
            items = list(tree.iteritems())
        entries = [(item.path.decode(errors="surrogateescape"), item.mode, item.sha) for item in items]
        for name, _, _ in entries:
            if "/" in name or name in ("", ".", ".."):
                raise InputError(
                    f"a folder of the commit has an entry named {name!r}", remedy="Do not trust it"
                )
        return sorted(entries)


@contextmanager
def commit_tree(start: Path, ref: str) -> Iterator[CommitTree]:
    """The commit that `ref` means in the repository around the folder `start`.

    Understood are branches, tags, remote branches, HEAD and @, whole and abbreviated hashes, each
    followed by any of `~N`, `^N` and `^{commit}`. Raises InputError.
    """
    with closing(open_repository(start, ref)) as repository:
        with _whole(ref):
            commit = _commit(repository, ref)
            tree = _stored(repository, commit.tree)
            if not isinstance(tree, Tree):
                raise _lacking(repository, ref, f"the files of commit {commit.id.decode()[:12]}")
        yield CommitTree(repository, ref, tree)


def is_in_repository(folder: Path) -> bool:
    """Whether the folder lies in a Git repository, of whatever kind."""
    try:
        with closing(Repo.discover(folder.resolve())):
            return True
    except NotGitRepository:
        return False
    except Exception:  # of whatever kind and however damaged
        return True


def open_repository(start: Path, ref: str) -> Repo:
    """The repository around `start`, a worktree's included. Raises InputError naming where was looked."""
    try:
        return Repo.discover(start.resolve())
    except NotGitRepository as failure:
        raise InputError(
            f"git:{ref}: {start.resolve()} is not in a Git repository",
            remedy="Call from inside the repository, or name a folder",
        ) from failure
    except (UnsupportedExtension, UnsupportedVersion) as failure:
        raise InputError(
            f"git:{ref}: the repository around {start.resolve()} is of a kind that cannot be read here "
            f"({failure})",
            remedy=_capital(_INSTEAD.format(ref=ref)),
        ) from failure
    except Exception as failure:
        raise _damaged(ref, failure) from failure


@contextmanager
def _whole(ref: str) -> Iterator[None]:
    """Turns what is raised over a damaged repository into an InputError; our own errors pass.

    Over files that Git did not write like this, or that were cut, dulwich raises nearly anything: errors of
    its own, AssertionError, StopIteration, those of zlib and struct.
    """
    try:
        yield
    except EvidenceError:
        raise
    except Exception as failure:
        raise _damaged(ref, failure) from failure


def _damaged(ref: str, failure: Exception) -> InputError:
    said = " ".join(str(failure).split()) or type(failure).__name__
    return InputError(
        f"git:{ref}: the repository cannot be read, it is damaged ({said})",
        remedy="`git fsck` names what is damaged; a fresh clone is whole, if what it is cloned from is",
    )


def _commit(repository: Repo, ref: str) -> Commit:
    found = _STEPS.fullmatch(ref)
    base, steps = (found["base"], found["steps"]) if found else (ref, "")
    commit = _base_commit(repository, ref, base)
    for step in _STEP.finditer(steps):
        if step["peel"] is None:
            commit = _walked(repository, ref, commit, step["kind"], int(step["count"] or 1))
    return commit


def _walked(repository: Repo, ref: str, commit: Commit, kind: str, count: int) -> Commit:
    """`~N` is the first parent of the first parent …, `^N` the N-th parent."""
    places = [1] * count if kind == "~" else [count] * bool(count)
    for place in places:
        if place > len(commit.parents):
            what = f"git:{ref}: commit {commit.id.decode()[:12]} has no parent {place}"
            raise InputError(what, remedy="Name a commit of this history")
        parent = _stored(repository, commit.parents[place - 1])
        if not isinstance(parent, Commit):
            raise _lacking(repository, ref, f"commit {commit.parents[place - 1].decode()[:12]}")
        commit = parent
    return commit


def _base_commit(repository: Repo, ref: str, base: str) -> Commit:
    found = _named(repository, "HEAD" if base == "@" else base) or _abbreviated(repository, ref, base)
    while isinstance(found, Tag):
        found = _stored(repository, found.object[1])
    if isinstance(found, Commit):
        return found
    if found is not None:
        raise InputError(f"git:{ref}: {base} is a {found.type_name.decode()}, not a commit")
    raise _unknown(repository, ref, base)


def _named(repository: Repo, base: str) -> ShaFile | None:
    try:
        return _stored(repository, repository.refs[parse_ref(repository.refs, base.encode())])
    except (KeyError, ValueError):
        return None


def _abbreviated(repository: Repo, ref: str, base: str) -> ShaFile | None:
    if len(base) < ABBREVIATION_MIN or not re.fullmatch(r"[0-9a-f]+", base):
        return None
    exact = _stored(repository, ObjectID(base.encode())) if len(base) in (40, 64) else None
    if exact is not None:
        return exact
    try:
        return scan_for_short_id(repository.object_store, base.encode(), Commit)
    except AmbiguousShortId as failure:
        raise InputError(
            f"git:{ref}: several commits begin with {base}", remedy="Write more of it"
        ) from failure
    except KeyError:
        return None


def _stored(repository: Repo, sha: ObjectID) -> ShaFile | None:
    try:
        return repository.object_store[sha]
    except (KeyError, ValueError):
        return None


def _unknown(repository: Repo, ref: str, base: str) -> InputError:
    names = sorted({_short(name.decode(errors="replace")) for name in repository.refs.allkeys()} - {base})
    if not set(names) - {"HEAD"} and _named(repository, "HEAD") is None:
        what = f"git:{ref}: the repository at {repository.path} has no commit yet"
        return InputError(what, remedy="Commit the playbooks first, or name a folder")
    near = difflib.get_close_matches(base, names, n=NEAR_REFS_MAX, cutoff=0.5)
    offer = f"Perhaps {' or '.join(near)}" if near else f"It has {cut_list(names, NEAR_REFS_MAX)}"
    if repository.get_shallow():
        offer += ". This clone is shallow and may lack it: `git fetch --unshallow`"
    return InputError(f"git:{ref}: the repository knows no {base or 'such reference'}", remedy=offer)


def _short(name: str) -> str:
    return re.sub(r"^refs/(heads|tags|remotes)/", "", name)


def _lacking(repository: Repo, ref: str, what: str) -> InputError:
    if repository.get_shallow():
        message = f"git:{ref}: this clone is shallow and lacks {what}"
        return InputError(message, remedy="Fetch the rest: `git fetch --unshallow`")
    if _is_partial(repository):
        message = f"git:{ref}: this clone is partial (made with --filter) and lacks {what}"
        return InputError(
            message, remedy="Fetch the rest: `git fetch --refetch --no-filter`, or clone it whole"
        )
    return InputError(
        f"git:{ref}: the repository lacks {what}",
        remedy="Fetch it: `git fetch`; `git fsck` names what is lost",
    )


def _is_partial(repository: Repo) -> bool:
    """Whether some remote has promised the objects that were left out."""
    config = repository.get_config()
    return any(
        config.get_boolean(section, b"promisor", False)
        for section in config.sections()
        if section[0] == b"remote"
    )


def _capital(text: str) -> str:
    text = text.removeprefix("or ")
    return text[0].upper() + text[1:]
