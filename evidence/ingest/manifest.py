"""Owns the manifest of an ingest: incidents that people name, with what belongs to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from evidence.errors import InputError
from evidence.export_files import path_text
from evidence.ingest.account import Account
from evidence.ingest.index import Source
from evidence.ingest.naming import KINDS, Derived
from evidence.intake.incident_file import IncidentId, Time, Window
from evidence.strict_yaml import Document, load_yaml, parse_model
from evidence.times import format_rfc3339

RESERVED = frozenset({"catalog", "refused", "unplaced"})
"""Folders beside incidents that are none."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class NamedIncident(_Strict):
    """One incident of a manifest: it takes all records of `files`, and those of `entities` within `window`.

    `files` are patterns below the manifest's folder. An entity is a kind and a name as `evidence ingest`
    prints them, e.g. `account 111122223333`. A window by itself takes every record of its time.
    """

    id: IncidentId
    title: Annotated[str, Field(min_length=1)] | None = None
    type: Literal["dependency", "infrastructure", "rollout", "security"] | None = None
    window: Window | None = None
    files: Annotated[list[str], Field(strict=True)] = []
    entities: Annotated[list[str], Field(strict=True)] = []


class _Content(_Strict):
    incidents: Annotated[list[NamedIncident], Field(strict=True)]
    received: dict[str, Time] = {}


class Manifest:
    """A manifest file. Raises InputError with file, line and field."""

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        self._document = load_yaml(path)
        self._content = parse_model(_Content, self._document)
        self.incidents = {incident.id: incident for incident in self._content.incidents}
        self.received = self._content.received
        _check(self._content.incidents, self._document)

    def place_error(self, what: str, *at: str | int) -> InputError:
        """An error at a place of the manifest."""
        return InputError(what, place=self._document.place(*at))

    def renamed(self, derived: Derived, incident_id: str) -> Derived:
        """What is derived of an incident, under the words that the manifest has for it."""
        named = self.incidents.get(incident_id)
        if named is None:
            return derived
        window = named.window
        return replace(
            derived,
            title=named.title or derived.title,
            type=named.type or derived.type,
            why="" if named.type else derived.why,
            start=format_rfc3339(window.start) if window else derived.start,
            end=format_rfc3339(window.end) if window else derived.end,
        )


def _check(incidents: Iterable[NamedIncident], document: Document) -> None:
    seen: set[str] = set()
    for number, incident in enumerate(incidents):
        if incident.id in seen:
            raise InputError(f"{incident.id} is named twice", place=document.place("incidents", number, "id"))
        seen.add(incident.id)
        if incident.id in RESERVED:
            raise InputError(
                f"{incident.id} is a folder that evidence ingest itself keeps beside incidents",
                place=document.place("incidents", number, "id"),
                remedy="Give the incident another id",
            )
        if not (incident.files or incident.entities or incident.window):
            raise InputError(
                "says nothing of what belongs to it",
                place=document.place("incidents", number),
                remedy="Give it files, entities or a window",
            )
        for position, entity in enumerate(incident.entities):
            kind, _, name = entity.partition(" ")
            if kind not in KINDS or not name:
                raise InputError(
                    f"{entity!r} is no entity",
                    place=document.place("incidents", number, "entities", position),
                    remedy=f"Write a kind and a name; kinds are {', '.join(KINDS[:-1])}",
                )


def claimed_sources(manifest: Manifest, sources: Iterable[Source]) -> list[Source]:
    """The sources with the incidents that claim them whole. InputError for a pattern without a file."""
    sources = list(sources)
    matched: dict[Path, list[str]] = {}
    for number, incident in enumerate(manifest.incidents.values()):
        for position, pattern in enumerate(incident.files):
            found = {path.absolute() for path in _matching(manifest.folder, pattern)}
            found = {path for path in found if any(each.path.absolute() == path for each in sources)}
            if not found:
                raise manifest.place_error(
                    f"no file of this ingest is {pattern}", "incidents", number, "files", position
                )
            for path in found:
                matched.setdefault(path, []).append(incident.id)
    received = {}
    for name, at in manifest.received.items():
        path = (manifest.folder / name).absolute()
        if not any(each.path.absolute() == path for each in sources):
            raise manifest.place_error(f"no file of this ingest is {name}", "received", name)
        received[path] = at
    return [
        replace(
            each,
            claimed_by=tuple(sorted(matched.get(each.path.absolute(), ()))),
            received_at=received.get(each.path.absolute(), each.received_at),
        )
        for each in sources
    ]


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    if Path(pattern).is_absolute():
        yield Path(pattern)
    elif ".." in Path(pattern).parts:
        yield Path(path_text((folder / pattern).resolve()))
    else:
        yield from folder.glob(pattern)


def claims_of(
    manifest: Manifest | None, connection: duckdb.DuckDBPyConnection, account: Account
) -> Iterator[tuple[int, str]]:
    """(kept record, incident) of what is claimed: by this manifest, and by the one of an earlier ingest."""
    yield from connection.execute(
        "select distinct kept_id, unnest(claimed_by) from settled join files using (file_id)"
        " where kept_id is not null order by all"
    ).fetchall()
    for incident_id, held in sorted(account.incidents.items()):
        if held.is_named:
            yield from connection.execute(
                "select distinct kept_id, held_by from settled join files using (file_id)"
                " where kept_id is not null and held_by = ? order by all",
                [incident_id],
            ).fetchall()
    for incident in manifest.incidents.values() if manifest else ():
        if incident.entities or (incident.window and not incident.files):
            yield from connection.execute(
                "select distinct settled.kept_id, ? from settled join records using (record_id)"
                " left join stretches using (record_id) left join place_keys using (place_id)"
                " where settled.kept_id is not null and records.last_at >= ? and records.first_at <= ?"
                " and (? or list_contains(?, kind || ' ' || entity)) order by all",
                [
                    incident.id,
                    incident.window.start if incident.window else 0,
                    incident.window.end if incident.window else 2**63 - 1,
                    not incident.entities,
                    incident.entities or [""],
                ],
            ).fetchall()
