"""Git revert patches that change desired state, for the GitOps controller to reconcile."""

from __future__ import annotations

import difflib

from evidence.handoff.inert import quote
from evidence.handoff.proposals.quoting import file_path, kubernetes_name, yaml_text
from evidence.handoff.proposals.subject import Blanks, Draft, Subject
from evidence.redaction import make_visible

CONTEXT_LINES = 3


def roll_back(subject: Subject) -> Draft:
    """The Application's targetRevision (or, without one, the release's image tag) back to what ran before."""
    blanks = Blanks()
    before = blanks.fill(subject.previous_revision, "previous revision")
    now = blanks.fill(subject.revision, "current revision")
    name = subject.application or subject.service or subject.target
    path, old, new = _release(subject, blanks, now, before)
    text = "\n".join([*_message(subject, blanks, name, now, before), "---", *_diff(path, old, new)])
    return Draft(
        format="Git patch (unified diff of desired state)",
        media_type="text/x-diff",
        text=text,
        checks=(
            "Error rate and latency are over policy for this same service (see the guardrails).",
            "The previous revision still builds, and its database schema fits the data of today.",
            "No other release on this revision is needed by a service that shares it.",
            "The file in the repository reads as the patch's context does; else edit it to the same effect.",
            "Automated sync is on, or somebody will sync after the merge.",
        ),
        undo=f"Revert this patch: desired state points to {quote(now)} again.",
        missing=tuple(blanks.missing),
    )


def _release(subject: Subject, blanks: Blanks, now: str, before: str) -> tuple[str, list[str], list[str]]:
    """File name and its lines before and after; whichever place holds the revision."""
    folder = file_path(subject.repository_path or "")
    if subject.application:
        path = f"{folder or kubernetes_name(subject.application)}/application.yaml"
        tracked = subject.branch or now
        return path, _application(subject, blanks, tracked), _application(subject, blanks, before)
    path = f"{folder or kubernetes_name(subject.service or 'release')}/values.yaml"
    return path, _values(subject, blanks, now), _values(subject, blanks, before)


def _application(subject: Subject, blanks: Blanks, revision: str) -> list[str]:
    return [
        "apiVersion: argoproj.io/v1alpha1",
        "kind: Application",
        "metadata:",
        f"  name: {yaml_text(blanks.fill(subject.application, 'application'))}",
        "spec:",
        "  source:",
        f"    repoURL: {yaml_text(blanks.fill(subject.repository, 'repository'))}",
        f"    path: {yaml_text(blanks.fill(subject.repository_path, 'path in the repository'))}",
        f"    targetRevision: {yaml_text(revision)}",
    ]


def _values(subject: Subject, blanks: Blanks, revision: str) -> list[str]:
    repository = blanks.fill(subject.repository, "repository")
    return ["image:", f"  repository: {yaml_text(repository)}", f"  tag: {yaml_text(revision)}"]


def _message(subject: Subject, blanks: Blanks, name: str | None, now: str, before: str) -> list[str]:
    return [
        f"Subject: [PATCH] Revert {_plain(blanks.fill(name, 'application'))} to {_plain(before)}",
        "",
        f"This reverts commit {_plain(blanks.fill(subject.commit or subject.revision, 'commit'))}.",
        "",
        f"Proposal for incident {_plain(subject.incident_id)}; not applied. Running revision: {_plain(now)}.",
    ]


def _diff(path: str, old: list[str], new: list[str]) -> list[str]:
    if old == new:
        return ["(no difference: desired state names this revision already, so that a sync is enough)"]
    lines = difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="", n=CONTEXT_LINES)
    return [f"diff --git a/{path} b/{path}", *lines]


def _plain(text: str) -> str:
    return make_visible(text)
