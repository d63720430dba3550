"""Reads commits of GitHub: the REST list, a comparison, and `push` webhooks.

Recognised by `sha` and `commit`, or in a push by `id`, `tree_id` and `timestamp`. One commit is one record
and one change, at the committer's time: somebody changed the code. Whether it runs is not known, so that it
has no previous revision to go back to, and a deployment or sync near it counts before it. The branch and
repository of a push lie in the object around. Wrong can be: times, an author that is no object.
Identity: the commit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Page, Reader, SourceFacts
from evidence.readers.github_pages import pages_missing

APPLICATION_LIFECYCLE = 6002
ACTIVITY = "committed"
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REPOSITORY = re.compile(r"(?:api\.github\.com/repos|//[^/]+)/([^/]+/[^/]+?)/commits?/")


def is_record(record: Json) -> bool:
    """Whether it is a commit as the API, or as a push, writes it."""
    is_listed = "sha" in record and isinstance(record.get("commit"), dict)
    return is_listed or ("tree_id" in record and "timestamp" in record and "id" in record)


def is_envelope(envelope: Json) -> bool:
    """Whether it is a push or a comparison."""
    is_push = "before" in envelope and "after" in envelope
    return isinstance(envelope.get("commits"), list) and (is_push or "total_commits" in envelope)


def page_gaps(pages: Sequence[Page]) -> Iterable[tuple[Page, Gap]]:
    """A comparison lists 250 commits a page, and counts them all."""
    return pages_missing(pages, "total_commits", "commits")


def read(record: Json, around: Around) -> Iterable[Event]:
    """One change."""
    listed = fields.optional_mapping(record, "commit")
    sha = fields.text(record, "sha" if listed else "id")
    if _SHA.fullmatch(sha) is None:
        raise fields.invalid("/sha" if listed else "/id", sha, "a commit's digest in hex")
    inner, at = (listed, "/commit") if listed else (record, "")
    event: Event = {
        "pointer": "",
        "kind": "change",
        "class_uid": APPLICATION_LIFECYCLE,
        "name": f"commit {sha[:12]}",
        "activity": ACTIVITY,
        "message": fields.optional_text(inner, "message", at),
        "revision": sha,
        "commit_sha": sha,
        "branch": _branch(around),
        "initiator": _author(record, inner, at),
        "repository": _repository(record, around),
        "source_url": fields.optional_text(record, "html_url") or fields.optional_text(record, "url"),
    }
    if listed:
        committer = fields.mapping(listed, "committer", at)
        event_time, time_text = fields.time_at(committer, "date", f"{at}/committer")
    else:
        event_time, time_text = fields.time_at(record, "timestamp")
    return ({**event, "event_time": event_time, "event_time_text": time_text},)


def identity(record: Json) -> str | None:
    """The commit within the way in which it is written: the API says more of it than a push."""
    return f"listed {record['sha']}" if "sha" in record else f"pushed {record['id']}"


def _author(record: Json, inner: Json, at: str) -> str | None:
    """The login where GitHub knows it, else the name that the commit bears."""
    known = fields.optional_mapping(record, "author")
    author = fields.optional_mapping(inner, "author", at)
    return fields.loose_text(known, "login", "username") or fields.optional_text(
        author, "name", f"{at}/author"
    )


def _branch(around: Around) -> str | None:
    for envelope in around.enclosing:
        ref = envelope.get("ref")
        if isinstance(ref, str):
            return ref.removeprefix("refs/heads/")
    return None


def _repository(record: Json, around: Around) -> str | None:
    for envelope in around.enclosing:
        name = fields.loose_text(fields.loose_mapping(envelope, "repository"), "full_name")
        if name:
            return name
    match = _REPOSITORY.search(fields.loose_text(record, "url", "html_url") or "")
    return match.group(1) if match else None


READER = Reader(
    "github_commits",
    "github",
    is_record,
    read,
    identity,
    containers=(("commits",),),
    is_envelope=is_envelope,
    page_gaps=page_gaps,
    facts=SourceFacts(
        tool="GitHub",
        written_by="`gh api --paginate repos/OWNER/NAME/commits`, `…/compare/BASE...HEAD`; webhook `push`",
        record="one commit",
        read="who committed what, when, and the branch of a push; as a change that may not run yet",
        ignored="files, parents, signatures; `head_commit` of a push, which is in its list",
        gaps=("more_available",),
        forgeable=("event_time", "initiator", "message"),
        trust="author, committer and both times are whatever the committer wrote; nothing says that it runs",
        class_uids=(APPLICATION_LIFECYCLE,),
    ),
)
