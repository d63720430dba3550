"""Changes of desired state in Git that put back what ran before, for the GitOps controller to reconcile.

Where the release changed the Application's targetRevision (a tag, a chart's version), that is put back; so is
the version of a HelmRelease's chart. Where a branch is followed, the revision it names has moved, so that
the folder that is read from it is put back.
"""

from __future__ import annotations

from evidence.handoff.inert import quote
from evidence.handoff.proposals import names
from evidence.handoff.proposals.blanks import Blanks, in_manifest, in_shell
from evidence.handoff.proposals.helm_release import version_patch
from evidence.handoff.proposals.quoting import (
    ShellWord,
    command_line,
    comment_lines,
    heading,
    kubernetes_name,
    shell_word,
    yaml_text,
)
from evidence.handoff.proposals.rollback_checks import CHECKS, revision_names, sync_check
from evidence.handoff.proposals.subject import Draft, Subject

CLONE = "desired-state"


def roll_back(subject: Subject) -> Draft:
    """The targetRevision or the chart's version put back where the release moved it, else the folder."""
    if subject.helm_release is not None:
        return version_patch(subject, subject.helm_release)
    return _application_patch(subject) if _is_pinned(subject) else _restored_folder(subject)


def _is_pinned(subject: Subject) -> bool:
    now, before = subject.target_revision, subject.previous_target_revision
    if subject.application is None or now is None:
        return False
    return now != before if before else now == subject.revision


def _application_patch(subject: Subject) -> Draft:
    blanks = in_manifest()
    before = blanks.fill(
        subject.previous_target_revision or subject.previous_revision, "previous revision", names.git_revision
    )
    lines = [
        *heading("applied", subject.incident_id, subject.title),
        *comment_lines(
            [
                "In the file in Git that declares this Application, the targetRevision goes back:",
                f"{subject.target_revision} becomes {before}. All else in the file stays as it is.",
            ]
        ),
        "apiVersion: argoproj.io/v1alpha1",
        "kind: Application",
        "metadata:",
        f"  name: {yaml_text(blanks.fill(subject.application, 'application', names.dns_subdomain))}",
        f"  namespace: {yaml_text(_application_namespace(subject, blanks))}",
        "spec:",
        "  source:",
        f"    targetRevision: {yaml_text(before)}",
    ]
    return Draft(
        format="Argo CD Application, a merge patch of its manifest in Git",
        media_type="application/yaml",
        text="\n".join(lines),
        checks=(
            *CHECKS,
            "The manifest in Git reads as the cluster's Application does: no newer change waits there.",
            sync_check(subject),
        ),
        undo=f"Set the targetRevision to {quote(subject.target_revision or '')} again, in Git.",
        to_fill_in=blanks.to_fill_in,
    )


def _application_namespace(subject: Subject, blanks: Blanks[str]) -> str:
    return blanks.fill(subject.application_namespace, "namespace of the Application", names.dns_label)


def _restored_folder(subject: Subject) -> Draft:
    blanks = in_shell()
    branch = blanks.fill(subject.target_revision, "branch", names.git_revision)
    clone = _clone(subject, blanks, branch)
    before = blanks.fill(subject.previous_revision, "previous revision", names.git_revision)
    folder = _folder(subject, blanks)
    name = kubernetes_name(f"revert-{subject.incident_id}")
    _, now = revision_names(subject)
    within = ["git", "-C", CLONE]  # never the reader's own folder, whichever line fails
    lines = [
        *heading("run", subject.incident_id, subject.title),
        *comment_lines(_explained(subject)),
        "",
        command_line([*clone, CLONE]),
        command_line([*within, "switch", "--create", name]),
        "",
        *comment_lines(["What is taken back:"]),
        command_line([*within, "log", "--oneline", shell_word(before, "..HEAD"), "--", folder]),
        command_line([*within, "restore", "--source", before, "--staged", "--worktree", "--", folder]),
        command_line([*within, "commit", *(f"--message={line}" for line in _message(subject))]),
        "",
        *comment_lines(["Must print nothing: all is as it was."]),
        command_line([*within, "diff", "--stat", before, "HEAD", "--", folder]),
        "",
        *comment_lines([f"For whoever has read the commit: git -C {CLONE} push origin {name}"]),
    ]
    return Draft(
        format="Git commands (one commit of desired state, to review and merge)",
        media_type="text/x-shellscript",
        text="\n".join(lines),
        checks=(
            *CHECKS,
            "What it builds on from elsewhere (a base, a chart) is the same at both revisions.",
            "The log shows only what may be taken back: later commits would go too.",
            "The branch is the one that the environment is deployed from.",
            sync_check(subject),
        ),
        undo=f"Revert that commit in Git: desired state is again that of {quote(now)}.",
        to_fill_in=blanks.to_fill_in,
    )


def _explained(subject: Subject) -> list[str]:
    before, now = revision_names(subject)
    taken_back = "all that was committed since goes back with it, whatever it was for"
    if not _is_whole_tree(subject):
        taken_back = "what was committed to it since is taken back too, and nothing outside it changes"
    return [
        f"Desired state: {_folder_words(subject)} in"
        f" {subject.repository or 'a repository that the evidence does not name'},"
        f" branch {subject.target_revision or 'to fill in'}.",
        f"One commit puts it back to what it held at {before}, which ran before {now}:",
        f"{taken_back}.",
        *_sameness(subject),
        "Nothing is pushed. Once the commit is merged, the GitOps controller reconciles.",
    ]


def _sameness(subject: Subject) -> list[str]:
    """The history may tell of one revision twice: then Git holds nothing to go back to."""
    if subject.revision is None or subject.revision != subject.previous_revision:
        return []
    return ["The history names one and the same revision twice: what differed between the two is not in Git."]


def _message(subject: Subject) -> list[str]:
    before = subject.previous_revision or "the previous revision"
    return [
        f"Revert {_name(subject)} to {revision_names(subject)[0]}",
        f"{_folder_words(subject)} as at {before}, which ran before"
        f" {subject.revision or 'the current one'}. Incident {subject.incident_id}.",
    ]


def _clone(subject: Subject, blanks: Blanks[ShellWord], branch: str) -> list[str]:
    """A clone of the branch; a repository known by its GitHub name alone is cloned by GitHub's own tool."""
    repository = subject.repository or ""
    if names.github_slug(repository):
        return ["gh", "repo", "clone", repository, "--", shell_word("--branch=", branch)]
    remote = blanks.fill(subject.repository, "URL of the repository", names.git_remote)
    return ["git", "clone", shell_word("--branch=", branch), remote]


def _folder(subject: Subject, blanks: Blanks[ShellWord]) -> str:
    """The folder that holds the desired state; of a repository that is deployed as a whole, all of it."""
    if _is_whole_tree(subject):
        return "."
    return blanks.fill(subject.repository_path, "folder of the desired state", names.folder)


def _folder_words(subject: Subject) -> str:
    if _is_whole_tree(subject):
        return "the whole tree"
    return f"folder {subject.repository_path or 'to fill in'}"


def _is_whole_tree(subject: Subject) -> bool:
    """A deployment that GitHub alone knows is of its repository; of one without a name nothing is known."""
    return subject.application is None and subject.repository is not None


def _name(subject: Subject) -> str:
    return subject.application or subject.service or subject.target or "the release"
