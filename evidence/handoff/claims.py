"""Numbers the claims of a package and makes their anchors: of events, catalogue entries or records."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

from evidence.anchors import JSON, RAW, canonical_json, find_text, parse_record, sha256_of, value_at
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import columns_read
from evidence.errors import HandoffRefused
from evidence.handoff.case import Case, Row
from evidence.handoff.model import Anchor, Claim, Section
from evidence.times import format_rfc3339

_TEXTS = re.compile(r"'([^']*)'")  # text constants of a condition, such as names of signals


class ClaimBook:
    """The claims of one package, in the order in which they are made."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.claims: list[Claim] = []
        self.by_column: dict[str, int] = {}
        self.by_event: dict[str, int] = {}
        self._parsed: dict[str, Any] = {}

    def of_event(self, section: Section, sentence: str, event: Row, wanted: Iterable[str | None] = ()) -> int:
        """Claim that an event supports; points to the first field that reads as one of `wanted`, if any."""
        pointer, digest, encoding = self._field(event["record_sha256"], event["pointer"], wanted)
        return self._add(
            section,
            sentence,
            _anchor(event, pointer, digest, encoding),
            source=event["source"],
            event_id=event["event_id"],
            known_at=event["known_at"],
        )

    def of_entry(self, section: Section, sentence: str, entry: Row) -> int:
        """Claim that a catalogue entry supports: its YAML document as a whole."""
        anchor = _anchor(entry, "", entry["record_sha256"], RAW)
        return self._add(section, sentence, anchor, source="catalogue", entity_ref=entry["entity_ref"])

    def of_gap(self, sentence: str, record: Row, gap: Row) -> int:
        """Claim that a record supports without an event: a limit that an export declares."""
        found, digest, encoding = self._field(record["record_sha256"], gap["pointer"] or "", ())
        anchor, known_at = _anchor(record, found, digest, encoding), gap["known_at"]
        return self._add("unknowns", sentence, anchor, source=gap["source"], known_at=known_at)

    def behind(self, condition: str | None) -> tuple[int, ...]:
        """The claims made so far about the columns and signals that a condition of the playbook names."""
        if condition is None:
            return ()
        columns, names = columns_read(parse_condition(condition)), set(_TEXTS.findall(condition))
        of_columns = {claim for column, claim in self.by_column.items() if column in columns}
        of_signals = {
            self.by_event[event_id]
            for event_id, signals in self.case.signal_names.items()
            if names & set(signals) and event_id in self.by_event
        }
        return tuple(sorted(of_columns | of_signals))

    def _field(
        self, record_sha256: str, pointer: str, wanted: Iterable[str | None]
    ) -> tuple[str, str, Literal["json", "raw"]]:
        value = self._value(record_sha256)
        if value is None:
            return "", record_sha256, RAW
        try:
            for text in wanted:
                found = _find(value, text, pointer) if text else None
                if found is not None:
                    return found, sha256_of(canonical_json(value_at(value, found))), JSON
            return pointer, sha256_of(canonical_json(value_at(value, pointer))), JSON
        except ValueError as error:
            raise HandoffRefused(f"{self.case.incident_id}: record {record_sha256}: {error}") from error

    def _value(self, record_sha256: str) -> Any:
        """The record's JSON; None when it is not JSON or in no table, so that its bytes are the value."""
        if record_sha256 not in self._parsed:
            if record_sha256 not in self.case.records:
                raise HandoffRefused(
                    f"{self.case.incident_id}: the raw record {record_sha256} is not in the tables"
                )
            raw = self.case.records[record_sha256]["raw"]
            if raw is None:
                self._parsed[record_sha256] = None
                return None
            try:
                self._parsed[record_sha256] = parse_record(raw.encode())
            except ValueError:
                self._parsed[record_sha256] = None
        return self._parsed[record_sha256]

    def _add(
        self,
        section: Section,
        sentence: str,
        anchor: Anchor,
        *,
        source: str,
        event_id: str | None = None,
        entity_ref: str | None = None,
        known_at: int | None = None,
    ) -> int:
        claim = Claim(
            claim=len(self.claims) + 1,
            section=section,
            sentence=sentence,
            source=source,
            event_id=event_id,
            entity_ref=entity_ref,
            known_at=None if known_at is None else format_rfc3339(known_at),
            is_after_decision=known_at is not None and known_at > self.case.decided_at,
            anchor=anchor,
        )
        self.claims.append(claim)
        return claim.claim


def _find(value: Any, text: str, pointer: str) -> str | None:
    """Within what the event states first, then in all of it (a stream's labels lie beside its lines)."""
    found = find_text(value, text, pointer)
    return found if found is not None or not pointer else find_text(value, text)


def _anchor(row: Row, pointer: str, value_sha256: str, encoding: Literal["json", "raw"]) -> Anchor:
    return Anchor(
        path=row["path"],
        file_sha256=row["file_sha256"],
        ordinal=row["ordinal"],
        byte_offset=row["byte_offset"],
        byte_length=row["byte_length"],
        record_sha256=row["record_sha256"],
        pointer=pointer,
        value_sha256=value_sha256,
        encoding=encoding,
    )
