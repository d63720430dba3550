"""GitHub's audit log: entries of pages, downloads and streams, Git events, and what is no entry."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .reading import events_of, picked, reading_of, refusals_of, without
from .recorded import ALERT_FILE, recorded
from .samples import FILES

CLONE, ANONYMOUS, UNPROTECTED, OPENED, PROMOTED, RAN = FILES["github_audit"]
AT = 1768383700120


def test_an_entry_is_an_api_call_within_its_organisation() -> None:
    """Who did what to what, from where; the organisation is the account."""
    (event,) = events_of([PROMOTED])
    keys = ("kind", "class_uid", "name", "activity", "actor", "account_uid", "src_ip", "user_agent")
    assert picked(event, *keys) == {
        "kind": "api_call",
        "class_uid": 6003,
        "name": "org.update_member",
        "activity": "write",
        "actor": "admin-2",
        "account_uid": "acme",
        "src_ip": "198.51.100.9",
        "user_agent": "Mozilla/5.0",
    }
    assert (event["resource_kind"], event["resource"]) == ("user", "contractor-7")


def test_a_git_event_names_repository_and_token() -> None:
    """By the hash that GitHub searches by; an application's own token is temporary."""
    (event,) = events_of([CLONE])
    keys = ("activity", "repository", "resource", "actor", "actor_kind", "credential_uid", "credential_kind")
    assert picked(event, *keys) == {
        "activity": "read",
        "repository": "acme/checkout-api",
        "resource": "acme/checkout-api",
        "actor": "release-bot[bot]",
        "actor_kind": "service",
        "credential_uid": "j7TxdJbRhfNhkIOs67EXYceuX0EXL+du673X+6QYSow=",
        "credential_kind": "temporary",
    }


def test_an_anonymous_git_event_names_nobody() -> None:
    """It has no id either, and is known by its bytes alone."""
    reading = reading_of([ANONYMOUS, {**ANONYMOUS, "actor": "", "user": ""}])
    assert [event["actor"] for record in reading.records for event in record.events] == [None, None]
    assert [record.identity for record in reading.records] == [None, None]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Personal access token (classic)", "long_lived"),
        ("Fine-grained personal access token", "long_lived"),
        ("OAuth access token", "long_lived"),
        ("Public Key (User/Deploy)", "long_lived"),
        ("GitHub App server-to-server token", "temporary"),
        ("GitHub App user-to-server token", None),
        ("something new", None),
        ("", None),
        (None, None),
    ],
)
def test_the_kinds_of_tokens(said: str | None, kind: str | None) -> None:
    """By GitHub's words; what may expire or not has no kind."""
    (event,) = events_of([{**CLONE, "programmatic_access_type": said}])
    assert event["credential_kind"] == kind


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ("public", "private", True),
        ("public", None, True),
        ("private", "public", False),
        ("internal", "public", False),
        ("private", "internal", None),
        (None, "public", None),
        (None, None, None),
    ],
)
def test_the_visibility_table(now: str | None, before: str | None, expected: bool | None) -> None:
    """What opens a repository to everyone, what closes it again, and what says neither."""
    (event,) = events_of([{**OPENED, "visibility": now, "previous_visibility": before}])
    assert event["is_public_exposure"] is expected
    assert (event["resource_kind"], event["resource"]) == ("repository", "acme/checkout-api")


def test_a_repository_that_is_public_from_the_start_opens_nothing() -> None:
    """Nothing that was there before was opened."""
    (event,) = events_of([{**OPENED, "action": "repo.create", "operation_type": "create"}])
    assert event["is_public_exposure"] is None


@pytest.mark.parametrize(
    ("more", "kind", "name"),
    [
        ({"hook_id": 245, "team": "acme/platform"}, "webhook", "245"),
        ({"data": {"hook_id": 245}}, "webhook", "245"),
        ({"ruleset_name": "main is guarded"}, "ruleset", "main is guarded"),
        ({"integration": "deploy-tool"}, "github_app", "deploy-tool"),
        ({"data": {"team": "acme/platform"}}, "team", "acme/platform"),
        ({"user": "ann"}, "user", "ann"),
        ({"user": "contractor-7"}, "repository", "acme/checkout-api"),
        ({"repo": None}, "organization", "acme"),
        ({"repo": None, "org": ["acme", "acme-labs"]}, "enterprise", "acme-enterprise"),
    ],
)
def test_what_was_acted_on(more: dict[str, Any], kind: str, name: str) -> None:
    """The most specific that is named; who acts on himself acts on what else there is."""
    (event,) = events_of([{**UNPROTECTED, **more}])
    assert (event["resource_kind"], event["resource"]) == (kind, name)


def test_an_entry_of_several_organisations_is_the_enterprises() -> None:
    """A list names no single account."""
    (event,) = events_of([{**PROMOTED, "org": ["acme", "acme-labs"]}])
    assert event["account_uid"] == "acme-enterprise"


def test_a_sign_in_is_an_authentication() -> None:
    """By the kind of operation that GitHub states."""
    (event,) = events_of([{**PROMOTED, "action": "user.login", "operation_type": "authentication"}])
    assert (event["class_uid"], event["activity"]) == (3002, "write")


def test_an_entry_on_a_workflow_is_no_run() -> None:
    """It has a run's commit and workflow, and is read as what was written down of it."""
    (event,) = events_of([RAN])
    assert (event["name"], event["actor_kind"]) == ("workflows.completed_workflow_run", "service")


@pytest.mark.parametrize("key", ["@timestamp", "created_at"])
def test_either_time_does(key: str) -> None:
    """Milliseconds since 1970; when it happened goes before when it was written down."""
    (event,) = events_of([without(UNPROTECTED, {"@timestamp": "created_at"}.get(key, "@timestamp"))])
    assert (event["event_time"], event["event_time_text"]) == (AT * 1_000_000, str(AT))
    (both,) = events_of([{**UNPROTECTED, "created_at": AT + 9}])
    assert both["event_time"] == AT * 1_000_000


def test_a_time_that_was_forwarded_as_text_is_read() -> None:
    """RFC 3339, with its zone."""
    (event,) = events_of([{**UNPROTECTED, "@timestamp": "2026-01-14T09:41:40.12Z"}])
    assert event["event_time"] == AT * 1_000_000


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"@timestamp": None, "created_at": None}, ("field_missing", "/@timestamp")),
        ({"@timestamp": -1}, ("time_outside_range", "/@timestamp")),
        ({"@timestamp": 10**16}, ("time_outside_range", "/@timestamp")),
        ({"@timestamp": True}, ("field_invalid", "/@timestamp")),
        ({"@timestamp": 1768383700120.5}, ("field_invalid", "/@timestamp")),
        ({"@timestamp": "2023-01-31 18:58:27.638"}, ("time_invalid", "/@timestamp")),
        ({"@timestamp": "2026-02-30T00:00:00Z"}, ("time_invalid", "/@timestamp")),
        ({"action": ""}, ("field_invalid", "/action")),
        ({"action": 7}, ("field_invalid", "/action")),
        ({"actor": {"login": "ann"}}, ("field_invalid", "/actor")),
        ({"actor_ip": 7}, ("field_invalid", "/actor_ip")),
        ({"user_agent": []}, ("field_invalid", "/user_agent")),
        ({"operation_type": 1}, ("field_invalid", "/operation_type")),
        ({"hashed_token": 1}, ("field_invalid", "/hashed_token")),
        ({"programmatic_access_type": 1}, ("field_invalid", "/programmatic_access_type")),
        ({"repo": 3}, ("field_invalid", "/repo")),
        ({"_document_id": 3}, ("field_invalid", "/_document_id")),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(changed: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Beside a good entry, which is read."""
    assert refusals_of([OPENED, {**UNPROTECTED, **changed}]) == [refusal]


@pytest.mark.parametrize(
    "record",
    [
        {"action": "created", "created_at": "2026-01-14T09:41:40Z", "org": "acme"},
        {"action": "repo.create", "actor": "ann"},
        {"action": "repo.create", "@timestamp": AT, "message": "a log line of an application"},
        {"@timestamp": AT, "_document_id": "x"},
    ],
)
def test_what_is_no_entry_is_not_taken_for_one(record: dict[str, Any]) -> None:
    """Webhooks' actions are single words; an entry has a time, and an id or whom it concerns."""
    reader = reading_of([record]).reader
    assert reader is None or reader.format != "github_audit"


def test_every_way_in_which_it_comes_says_the_same() -> None:
    """A page is an array; a download and a stream are lines, the stream's in gzip."""
    entries = FILES["github_audit"]
    lines = "\n".join(json.dumps(entry) for entry in entries).encode()
    assert events_of(entries) == events_of(lines) == events_of(gzip.compress(lines))
    assert len(events_of(lines)) == len(entries)


def rows_of(folder: Path, *files: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """What became of the entries of several files beside an alert, and why entries were refused."""
    exports = {f"{number}.json": json.dumps(entries).encode() for number, entries in enumerate(files)}
    tables = recorded(folder, {**ALERT_FILE, **exports}).tables
    rows = tables["intake.raw_records"].to_pylist()
    statuses = sorted(row["status"] for row in rows if row["format"] == "github_audit")
    return statuses, [row["reason"] for row in tables["intake.quarantine"].to_pylist()]


def test_an_entry_that_is_delivered_twice_is_one(tmp_path: Path) -> None:
    """A stream delivers at least once, in whatever order of keys."""
    again = dict(reversed(UNPROTECTED.items()))
    assert rows_of(tmp_path, [UNPROTECTED, OPENED], [again]) == (["duplicate", "evidence", "evidence"], [])


def test_one_id_with_other_words_is_refused(tmp_path: Path) -> None:
    """Rules read all of an entry, so that nothing of it may be in doubt."""
    other = {**UNPROTECTED, "actor": "somebody-else"}
    statuses, reasons = rows_of(tmp_path, [UNPROTECTED], [other])
    assert (len(statuses), set(reasons)) == (2, {"conflicting_identity"})


def test_git_events_without_an_id_are_all_kept(tmp_path: Path) -> None:
    """Two at different times are two; each is known by its bytes."""
    assert rows_of(tmp_path, [ANONYMOUS, {**ANONYMOUS, "@timestamp": AT}]) == (["evidence"] * 2, [])


TEXT = st.one_of(st.none(), st.text(max_size=6))


@given(
    at=st.integers(0, 9_214_646_399_999),
    said=st.fixed_dictionaries({}, optional=dict.fromkeys(("actor", "actor_ip", "org", "repo"), TEXT)),
    more=st.dictionaries(st.text(max_size=6), st.one_of(st.integers(), st.text(max_size=6)), max_size=3),
)
def test_any_sound_entry_is_one_event_at_its_time(
    at: int, said: dict[str, str | None], more: dict[str, Any]
) -> None:
    """Whatever else stands in it, to the millisecond, with nothing made up."""
    known = {"@timestamp": at, "_document_id": "x", "action": "repo.create", **said}
    (event,) = events_of([{**more, **known}] if not set(more) & set(UNPROTECTED) else [known])
    assert event["event_time"] == at * 1_000_000
    assert picked(event, "actor", "src_ip", "repository") == {
        "actor": said.get("actor") or None,
        "src_ip": said.get("actor_ip") or None,
        "repository": said.get("repo") or None,
    }
