"""Owns what a reader is: the shape that it recognises and the events that one of its records states."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from evidence.settings import Settings

Json = Mapping[str, Any]


class Event(TypedDict, total=False):
    """The columns of `intake.evidence_events` that a reader fills; a missing key is NULL.

    `pointer`, `kind`, `class_uid`, `name`, `event_time` (ns UTC) and `event_time_text` are required.
    `source` is there only where it is another tool than the reader's: a lake holds many tools' words.
    `known_at` (ns UTC) is there only where the record itself says when it had arrived.
    """

    source: str
    known_at: int
    pointer: str
    kind: str
    class_uid: int
    name: str
    activity: str | None
    message: str | None
    is_response: bool
    event_time: int
    event_time_text: str
    severity_text: str | None
    severity_id: int | None
    cluster: str | None
    namespace: str | None
    workload: str | None
    workload_kind: str | None
    pod: str | None
    node: str | None
    service_name: str | None
    environment: str | None
    account_uid: str | None
    region: str | None
    application: str | None
    repository: str | None
    actor: str | None
    actor_kind: str | None
    credential_uid: str | None
    credential_kind: str | None
    src_ip: str | None
    is_mfa: bool | None
    user_agent: str | None
    resource_kind: str | None
    resource: str | None
    status: str | None
    is_public_exposure: bool | None
    is_image_flagged: bool | None
    has_approval_artifact: bool | None
    revision: str | None
    previous_revision: str | None
    branch: str | None
    commit_sha: str | None
    sync_status: str | None
    initiator: str | None
    is_auto_sync: bool | None
    measure: str | None
    measure_value: int | None
    measure_unit: str | None
    route: str | None
    upstream: str | None
    duration_ms: int | None
    is_error: bool | None
    source_url: str | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that an export says it lacks; `gap` is one of GAP_KINDS."""

    gap: str
    subject: str
    detail: str
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Around:
    """What lies outside a record's own bytes; `enclosing` are the objects around it, outermost first."""

    settings: Settings
    enclosing: tuple[Json, ...] = ()
    received_at: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """An object around records, which may count more than it holds: its bytes' digest and what it holds."""

    envelope: Json
    document_sha256: str
    record_sha256s: tuple[str, ...]
    events: tuple[Event, ...]


class RecordRefused(Exception):
    """A record that is not what its format says: quarantined with reason, JSON Pointer and detail."""

    def __init__(self, reason: str, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.reason = reason
        self.field = field
        self.detail = detail


def _no_identity(record: Json) -> str | None:
    return None


def _no_gaps(value: Json) -> Iterable[Gap]:
    return ()


def _no_record_gaps(record: Json, around: Around) -> Iterable[Gap]:
    return ()


def no_page_gaps(pages: Sequence[Page]) -> Iterable[tuple[Page, Gap]]:
    """Most tools count nothing beside the records of a page."""
    return ()


def _no_format_gaps(event: Event) -> Iterable[Gap]:
    return ()


def _no_thread(record: Json) -> tuple[str, str] | None:
    return None


def _never(value: Json) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What people have to know of a format; docs/reference/sources.md is written from it. Markdown phrases.

    `tool` is its name as people say it; `written_by` the command or endpoint that writes the export;
    `record` what one record is; `read` and `ignored` what becomes an event and what does not.
    `gaps` are the kinds of GAP_KINDS that the reader can declare. `forgeable` are the columns of its events
    that whoever is observed can fill at will, and `trust` says who and why. `class_uids` are the OCSF
    classes that its events bear (0 where OCSF has none).
    """

    tool: str
    written_by: str
    record: str
    read: str
    ignored: str
    gaps: tuple[str, ...] = ()
    forgeable: tuple[str, ...] = ()
    trust: str
    class_uids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """One source format.

    `is_record` recognises one record by its keys; `is_envelope` the object around a container when it
    holds no record (an empty export). `containers` are the paths of arrays whose elements are records;
    a bare array and JSON lines of records need no declaration. `identity` names the record within the
    format, None when the source gives it none. `read` raises RecordRefused. `format_gaps` are what every
    export with such an event lacks by the tool's own documentation; they are declared once per incident.
    `is_verbatim` says that detections read the record as it is: records of one identity are then copies only
    where all of their content is the same; of other formats, where they state the same (intake/stated.py).
    `original` is (format, identity) of the record of which this one is another form, in a lake say.
    `thread` is (kind, name) of the one thing of which several records tell at different times, by the name
    that its tool gives it: an alert from firing to resolved, a page from trigger to end. It never raises.
    `page_gaps` sees all pages of an incident together, so that one page may hold what another counts; where
    `pages_stand_alone` each page tells by itself what it lacks.
    `facts` are for people: every reader in the registry has them. A record that may hold secrets
    (`has_secrets`) is kept with its file, but its text is in no table.
    """

    format: str
    source: str
    is_record: Callable[[Json], bool]
    read: Callable[[Json, Around], Iterable[Event]]
    identity: Callable[[Json], str | None] = _no_identity
    containers: tuple[tuple[str, ...], ...] = ()
    is_envelope: Callable[[Json], bool] = _never
    envelope_gaps: Callable[[Json], Iterable[Gap]] = _no_gaps
    record_gaps: Callable[[Json, Around], Iterable[Gap]] = _no_record_gaps
    is_exact: bool = False
    format_gaps: Callable[[Event], Iterable[Gap]] = _no_format_gaps
    page_gaps: Callable[[Sequence[Page]], Iterable[tuple[Page, Gap]]] = no_page_gaps
    pages_stand_alone: bool = False
    facts: SourceFacts | None = None
    has_secrets: bool = False
    is_verbatim: bool = False
    original: Callable[[Json], tuple[str, str] | None] | None = None
    thread: Callable[[Json], tuple[str, str] | None] = _no_thread
