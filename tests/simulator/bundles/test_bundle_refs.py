"""A bundle is asked for by its folder or as of a commit; what leads nowhere is refused with what would."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.boundary import boundary
from evidence.decision import load_bundle
from evidence.errors import EvidenceError, InputError, PlaybookError
from simulator.bundles.bundle_refs import load_pair, load_reference

from ...decision.deciding import BUNDLES

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="these repositories are made with git")

Git = Callable[..., str]
NEED = {"first": "need: 50", "second": "need: 60", "third": "need: 70"}


def git_in(folder: Path) -> Git:
    """Runs git in the folder, as nobody in particular and at no time in particular."""
    identity = {
        f"GIT_{who}_{what}": "nobody@example.com"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    dates = {f"GIT_{who}_DATE": "2026-03-02T12:00:00Z" for who in ("AUTHOR", "COMMITTER")}
    environment = {
        **os.environ,
        **identity,
        **dates,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }

    def git(*arguments: str) -> str:
        allowed = ("-c", "protocol.file.allow=always")
        done = subprocess.run(
            ["git", *allowed, *arguments],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    return git


def with_need(need: str) -> str:
    return (BUNDLES / "mini" / "playbook.yaml").read_text().replace("need: 50", need)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three commits of the small bundle (need 50, 60, 70), with a branch, two tags and an active playbook."""
    root = tmp_path / "repository"
    shutil.copytree(BUNDLES, root / "playbooks")
    (root / "playbooks" / "active.yaml").write_text("active: mini\n")
    (root / "README.md").write_text("A repository.\n")
    git = git_in(root)
    git("init", "--quiet", "--initial-branch=main")
    for name, need in NEED.items():
        (root / "playbooks" / "mini" / "playbook.yaml").write_text(with_need(need))
        git("add", ".")
        git("commit", "--quiet", "-m", name)
    git("tag", "light", "HEAD~1")
    git("tag", "--annotate", "-m", "A version", "v1.0", "HEAD~2")
    git("branch", "feature/lower-need", "HEAD~2")
    monkeypatch.chdir(root)
    return root


def refusal(text: str, beside: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        load_reference(text, beside)
    return str(caught.value)


def test_a_folder_is_the_bundle_in_it() -> None:
    """What is no reference to a commit is a path."""
    assert load_bundle(BUNDLES / "mini").digest == load_reference(str(BUNDLES / "mini")).digest


@pytest.mark.parametrize(
    ("ref", "need"),
    [
        ("HEAD", 70), ("@", 70), ("main", 70), ("refs/heads/main", 70), ("HEAD~1", 60), ("HEAD^", 60),
        ("HEAD~2", 50), ("HEAD^^", 50), ("HEAD~1^1", 50), ("HEAD^0", 70), ("HEAD^{commit}~1", 60),
        ("light", 60), ("v1.0", 50), ("v1.0^{}", 50), ("feature/lower-need", 50), ("tags/v1.0", 50),
    ],
)  # fmt: skip
def test_a_commit_is_named_as_git_names_it(repository: Path, ref: str, need: int) -> None:
    """Branches, tags of both kinds, HEAD, parents."""
    assert need == load_reference(f"git:{ref}:playbooks/mini").need


@pytest.mark.parametrize("length", [40, 12, 7])
def test_a_commit_is_named_by_its_hash(repository: Path, length: int) -> None:
    """Whole or abbreviated."""
    commit = git_in(repository)("rev-parse", "HEAD~1")
    assert load_reference(f"git:{commit[:length]}:playbooks/mini").need == 60


def test_packed_objects_and_refs_are_read(repository: Path) -> None:
    """After a gc nothing lies loose any more."""
    git_in(repository)("gc", "--quiet", "--aggressive")
    assert not list((repository / ".git" / "refs" / "tags").iterdir())
    assert [load_reference(f"git:{ref}").need for ref in ("HEAD~1", "light", "v1.0")] == [60, 60, 50]


def test_a_worktree_reads_the_repository_that_it_belongs_to(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a worktree `.git` is a file, and HEAD is its own."""
    git_in(repository)("worktree", "add", "--quiet", str(tmp_path / "worktree"), "light")
    monkeypatch.chdir(tmp_path / "worktree")
    assert [load_reference(f"git:{ref}", "playbooks/mini").need for ref in ("HEAD", "main")] == [60, 70]


def test_the_other_side_says_which_bundle(repository: Path) -> None:
    """Without a path it is the bundle at the same path as the other side, wherever that lies."""
    shutil.copytree("playbooks/mini", "playbooks/other")
    Path("playbooks/other/playbook.yaml").write_text(with_need("need: 20"))
    git_in(repository)("add", ".")
    git_in(repository)("commit", "--quiet", "-m", "other")
    Path("playbooks/other/playbook.yaml").write_text(with_need("need: 30"))
    assert [20, 30] == [each.need for each in load_pair("git:HEAD", "playbooks/other")]
    assert [30, 20] == [each.need for each in load_pair(str(repository / "playbooks/other"), "git:HEAD")]
    assert [20, 20] == [each.need for each in load_pair("git:HEAD:playbooks/other", "git:main")]


def test_two_commits_without_a_path_are_their_active_bundles(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`playbooks/active.yaml` of each commit names it, from any folder of the repository."""
    assert [60, 70] == [each.need for each in load_pair("git:HEAD~1", "git:HEAD")]
    monkeypatch.chdir(repository / "playbooks" / "mini")
    assert load_reference("git:HEAD").need == 70


def test_a_folder_of_playbooks_is_the_active_one_in_it(repository: Path) -> None:
    """On either side by its own `active.yaml`: a version that takes over is compared with the one before."""
    shutil.copytree("playbooks/mini", "playbooks/next")
    Path("playbooks/next/playbook.yaml").write_text(with_need("need: 20"))
    Path("playbooks/active.yaml").write_text("active: next\n")
    assert [70, 20] == [each.need for each in load_pair("git:HEAD", "playbooks")]
    assert [60, 70] == [load_reference(f"git:{ref}:playbooks").need for ref in ("HEAD~1", "HEAD")]


def test_a_path_may_begin_at_the_current_folder(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for git itself, a path is the repository's unless it begins with a dot."""
    monkeypatch.chdir(repository / "playbooks")
    assert [60, 60] == [load_reference(f"git:HEAD~1:{path}").need for path in ("./mini", "playbooks/mini/")]


def test_a_bundle_of_a_commit_is_the_bundle_that_was_committed(repository: Path) -> None:
    """Its digest is that of the checked-out folder, policies beside it included."""
    assert (
        load_bundle(repository / "playbooks" / "mini").digest
        == load_reference("git:HEAD", "playbooks/mini").digest
    )
    assert load_reference("git:HEAD").policies != ()


def test_nothing_is_started_and_nothing_is_left(repository: Path, tmp_path: Path) -> None:
    """Within the governance boundary: no process, no write outside the block's own temporary folder."""
    before = sorted(path for path in tmp_path.rglob("*"))
    with boundary():
        assert load_reference("git:HEAD~1").need == 60
    assert before == sorted(path for path in tmp_path.rglob("*"))


def test_a_fault_is_named_by_commit_path_line_and_column(repository: Path) -> None:
    """People see where it stood in the commit, not in a temporary folder."""
    Path("playbooks/mini/playbook.yaml").write_text(with_need("need: many"))
    git_in(repository)("commit", "--quiet", "-am", "broken")
    with pytest.raises(PlaybookError) as caught:
        load_reference("git:HEAD")
    assert str(caught.value).startswith("git:HEAD:playbooks/mini/playbook.yaml:3:7: need")
    assert "/evidence-" not in str(caught.value)


def test_a_missing_file_of_a_bundle_is_named_by_commit(repository: Path) -> None:
    """Also what loading cannot find at all."""
    git_in(repository)("rm", "--quiet", "-r", "playbooks/policies")
    git_in(repository)("commit", "--quiet", "-m", "without policies")
    with pytest.raises(EvidenceError) as caught:
        load_reference("git:HEAD")
    assert "git:HEAD:playbooks/mini/playbook.yaml:4:11" in str(caught.value)
    assert "/evidence-" not in str(caught.value)


def test_outside_of_a_repository_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that was looked at is named."""
    monkeypatch.chdir(tmp_path)
    assert f"git:HEAD: {tmp_path} is not in a Git repository" in refusal("git:HEAD")


def test_from_outside_the_other_side_says_which_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path in a commit is looked up in the repository of the folder that it is compared with."""
    monkeypatch.chdir(tmp_path)
    beside = str(repository / "playbooks" / "mini")
    assert [50, 60] == [load_reference(ref, beside).need for ref in ("git:v1.0:playbooks/mini", "git:HEAD~1")]


def test_an_unknown_reference_comes_with_near_ones(repository: Path) -> None:
    """A typing error is half corrected."""
    assert "knows no mian. Perhaps main" in refusal("git:mian")
    assert "Perhaps feature/lower-need" in refusal("git:feature/lower")
    assert "knows no 0000000" in refusal("git:0000000")
    assert "has no parent 1" in refusal("git:HEAD~3")
    assert "names no commit or no path" in refusal("git:")


def test_what_is_no_commit_is_refused(repository: Path) -> None:
    """A tag may name a file."""
    git_in(repository)("tag", "readme", "HEAD:README.md")
    assert "readme is a blob, not a commit" in refusal("git:readme")


def test_a_path_that_is_not_there_comes_with_the_bundles_that_are(repository: Path) -> None:
    """Also where the path is a file."""
    expected = "git:HEAD:{}: there is no bundle in that commit. It holds playbooks/mini"
    for path in ("playbooks/v9", "README.md", "README.md/x"):
        assert expected.format(path) in refusal(f"git:HEAD:{path}")


def test_a_commit_without_an_active_playbook_asks_for_a_path(repository: Path) -> None:
    """And says what there is."""
    git_in(repository)("rm", "--quiet", "playbooks/active.yaml")
    git_in(repository)("commit", "--quiet", "-m", "none is active")
    assert (
        "no playbooks/active.yaml in that commit. Name the bundle: git:HEAD:PATH. It holds playbooks/mini"
        in refusal("git:HEAD")
    )


def test_a_shallow_clone_says_what_to_fetch(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Continuous integration often has one commit only."""
    git_in(tmp_path)("clone", "--quiet", "--depth", "1", f"file://{repository}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    assert load_reference("git:HEAD").need == 70
    lacking = refusal("git:HEAD~1")
    assert "git:HEAD~1: this clone is shallow and lacks commit" in lacking
    assert "`git fetch --unshallow`" in lacking
    assert "`git fetch --unshallow`" in refusal("git:v1.0")


def test_a_partial_clone_says_what_to_fetch_and_that_is_enough(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that were left out are not fetched by an ordinary fetch; by what is told they are."""
    git_in(repository)("config", "uploadpack.allowFilter", "true")
    git_in(tmp_path)("clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{repository}", "few")
    monkeypatch.chdir(tmp_path / "few")
    lacking = refusal("git:HEAD:playbooks/mini")
    assert "git:HEAD: this clone is partial (made with --filter) and lacks object" in lacking
    advice = re.search("`git (.*)`", lacking)
    assert advice is not None
    git_in(tmp_path / "few")(*advice.group(1).split())
    assert load_reference("git:HEAD:playbooks/mini").need == 70


def test_a_repository_without_a_commit_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is near HEAD where nothing is."""
    monkeypatch.chdir(tmp_path)
    git_in(tmp_path)("init", "--quiet")
    assert f"git:HEAD: the repository at {tmp_path} has no commit yet. Commit the playbooks" in refusal(
        "git:HEAD"
    )


@pytest.mark.parametrize("file", ["HEAD", "refs/heads/main"])
def test_a_reference_that_names_nothing_is_damage(repository: Path, file: str) -> None:
    """As an editor or a full disk leaves it."""
    (repository / ".git" / file).write_text("garbage\n")
    assert "git:HEAD: the repository cannot be read, it is damaged" in refusal("git:HEAD")


def test_a_pack_that_was_cut_is_damage(repository: Path) -> None:
    """As a copy that was broken off leaves it."""
    git_in(repository)("gc", "--quiet", "--aggressive")
    (pack,) = (repository / ".git" / "objects" / "pack").glob("*.pack")
    content = pack.read_bytes()
    pack.chmod(0o600)
    pack.write_bytes(content[:-200])
    assert "it is damaged" in refusal("git:HEAD:playbooks/mini")


@pytest.mark.parametrize("is_packed", [False, True], ids=["loose", "packed"])
def test_whatever_is_damaged_ends_with_an_error_of_ours(repository: Path, is_packed: bool) -> None:
    """Each file of the repository cut, overwritten and emptied in turn; some the reader never looks at."""
    if is_packed:
        git_in(repository)("gc", "--quiet", "--aggressive")
    draw = random.Random(7)
    whole = load_reference("git:HEAD:playbooks/mini").digest
    outcomes = set()
    for file in sorted(path for path in (repository / ".git").rglob("*") if path.is_file()):
        if "hooks" in file.parts or "logs" in file.parts:
            continue
        content = file.read_bytes()
        file.chmod(0o600)
        at = draw.randrange(len(content) + 1)
        noise = bytes(draw.randrange(256) for _ in range(8))
        for damaged in (b"", content[:at], content[:at] + noise + content[at + 8 :], noise):
            file.write_bytes(damaged)
            outcomes.add(_outcome(whole))
        file.write_bytes(content)
    assert outcomes == {"whole", "refused"}


def _outcome(whole: str) -> str:
    try:
        found = load_reference("git:HEAD:playbooks/mini").digest
    except EvidenceError:
        return "refused"
    return "whole" if found == whole else "another"


def test_a_remote_branch_is_a_reference(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clone compares with what it cloned."""
    git_in(tmp_path)("clone", "--quiet", str(repository), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    assert load_reference("git:origin/feature/lower-need").need == 50


def test_a_symbolic_link_is_refused(repository: Path) -> None:
    """What it points to may not even be in the commit."""
    Path("playbooks/current").symlink_to("mini")
    Path("playbooks/mini/approvers.yaml").rename("approvers.yaml")
    Path("playbooks/mini/approvers.yaml").symlink_to("../../approvers.yaml")
    git_in(repository)("add", ".")
    git_in(repository)("commit", "--quiet", "-m", "links")
    assert "git:HEAD:playbooks/current is a symbolic link" in refusal("git:HEAD:playbooks/current")
    assert "git:HEAD:playbooks/mini/approvers.yaml is a symbolic link" in refusal("git:HEAD:playbooks/mini")


def test_a_submodule_is_refused(repository: Path, tmp_path: Path) -> None:
    """Its files are no objects of this repository."""
    git_in(tmp_path)("clone", "--quiet", str(repository), "clone")
    git_in(repository)("submodule", "add", "--quiet", str(tmp_path / "clone"), "shared")
    git_in(repository)("commit", "--quiet", "-m", "a submodule")
    assert "git:HEAD:shared is a submodule" in refusal("git:HEAD:shared/playbooks/mini")


def test_a_repository_of_an_unknown_kind_is_refused_with_a_way_round(repository: Path) -> None:
    """A worktree beside always works."""
    git_in(repository)("config", "core.repositoryFormatVersion", "1")
    git_in(repository)("config", "extensions.partialClone", "origin")
    assert (
        "cannot be read here (partialClone). Compare with a folder: `git worktree add ../baseline HEAD`"
        in refusal("git:HEAD")
    )


def test_a_lost_object_is_named(repository: Path) -> None:
    """Damage is not taken for absence."""
    tree = git_in(repository)("rev-parse", "HEAD:playbooks")
    (repository / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    assert f"the repository lacks object {tree[:12]}" in refusal("git:HEAD")


def test_policies_outside_of_the_repository_are_refused(repository: Path) -> None:
    """A commit cannot hold them."""
    Path("playbooks/mini/playbook.yaml").write_text(
        with_need("need: 50").replace("../policies", "../../../policies")
    )
    git_in(repository)("commit", "--quiet", "-am", "elsewhere")
    assert "its policies lie outside of the repository" in refusal("git:HEAD:playbooks/mini")
