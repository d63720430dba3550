"""Reads the decisions that OPA logged out of recorded history; says of each whether it can be replayed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from evidence.decision.rego.interpreter import UNDEFINED
from evidence.json_strict import parse_exact
from simulator.detections.recorded import RECORDS
from simulator.policies.alikeness import SIZE_MAX, ordered, plain, why_unlike
from simulator.policies.decision_model import DecisionAnchor, Reason, RefusedEntry
from simulator.refused_records import refused_records

FORMAT = "opa_decision_log"
BATCH = 1000
_COLUMNS = (
    "incident_id", "path", "ordinal", "file_sha256", "byte_offset", "byte_length", "record_sha256", "raw",
)  # fmt: skip
_NOT_KEPT = ("not_kept", "intake kept its place and not its bytes")
_REFUSED = f"format = '{FORMAT}' and not (status in ('evidence', 'duplicate') and raw is not null)"
_FAULTY_FORMAT = "%!"  # what sprintf writes in OPA where a verb and its value do not fit


@dataclass(frozen=True)
class Logged:
    """One entry. `given` and `recorded` are plain JSON, UNDEFINED where the entry has no such field.

    `reason` and `detail` say why it cannot be replayed by any module, None where nothing speaks against it.
    """

    incident_id: str
    decision_id: str
    path: str
    bundles: Mapping[str, str]
    timestamp: str | None
    given: Any
    recorded: Any
    reason: Reason | None
    detail: str
    anchor: DecisionAnchor

    @property
    def question(self) -> str:
        """A digest of path and input: the same for the same question."""
        given = "" if self.given is UNDEFINED else json.dumps(self.given, sort_keys=True)
        return hashlib.sha256(f"{self.path}\n{given}".encode()).hexdigest()

    @property
    def identity(self) -> str:
        """The same for a copy, in whatever form it was logged."""
        recorded = "" if self.recorded is UNDEFINED else ordered(self.recorded)
        return hashlib.sha256(f"{self.decision_id}\n{self.question}\n{recorded}".encode()).hexdigest()


def logged_decisions(connection: duckdb.DuckDBPyConnection) -> Iterator[Logged]:
    """Every entry of a decision log, copies included, by incident, file and place."""
    found = connection.execute(f"""
select {", ".join(_COLUMNS)}
from {RECORDS}
where format = '{FORMAT}' and status in ('evidence', 'duplicate') and raw is not null
order by incident_id, path, ordinal""")
    while rows := found.fetchmany(BATCH):
        for row in rows:
            yield _logged(dict(zip(_COLUMNS, row, strict=True)))


def refused_count(connection: duckdb.DuckDBPyConnection) -> int:
    """Entries that intake refused, or whose bytes it did not keep."""
    query = f"select count(*) from {RECORDS} where {_REFUSED}"
    return int(connection.execute(query).fetchall()[0][0])


def refused_entries(connection: duckdb.DuckDBPyConnection, most: int) -> tuple[RefusedEntry, ...]:
    """Those entries with intake's reason, by incident, file and place; at most `most`, 0 for all."""
    return tuple(
        RefusedEntry(
            incident_id=each.incident_id,
            reason=each.reason,
            field=each.anchor.pointer,
            detail=each.detail,
            anchor=DecisionAnchor(**each.anchor.model_dump(exclude={"pointer"})),
        )
        for each in refused_records(connection, _REFUSED, most, _NOT_KEPT)
    )


def looked_through(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """Files and records of whatever format in which decisions were looked for."""
    query = f"select count(distinct (incident_id, path)), count(*) from {RECORDS}"
    files, records = connection.execute(query).fetchall()[0]
    return int(files), int(records)


def _logged(row: Mapping[str, Any]) -> Logged:
    entry = parse_exact(row["raw"].encode())
    reason, detail = _why_not(entry)
    path = entry.get("path")
    is_alike = reason is not Reason.UNLIKE_OPA
    return Logged(
        incident_id=row["incident_id"],
        decision_id=_text(entry.get("decision_id")),
        path=path.strip("/") if isinstance(path, str) and path.strip("/") else _text(entry.get("query")),
        bundles=_revisions(entry),
        timestamp=entry["timestamp"] if isinstance(entry.get("timestamp"), str) else None,
        given=plain(entry["input"]) if is_alike and "input" in entry else UNDEFINED,
        recorded=plain(entry["result"]) if is_alike and "result" in entry else UNDEFINED,
        reason=reason,
        detail=detail,
        anchor=DecisionAnchor(**{name: row[name] for name in DecisionAnchor.model_fields}),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _revisions(entry: Mapping[str, Any]) -> dict[str, str]:
    """The revision of each bundle; that of an entry of an old OPA, which knew one bundle, has no name."""
    bundles = entry.get("bundles")
    found = {"": entry["revision"]} if isinstance(entry.get("revision"), str) else {}
    for name, bundle in sorted(bundles.items()) if isinstance(bundles, dict) else ():
        found[name] = _text(bundle.get("revision")) if isinstance(bundle, dict) else ""
    return found


def _why_not(entry: Mapping[str, Any]) -> tuple[Reason | None, str]:
    """The first reason that lies in the entry itself."""
    if not isinstance(entry.get("path"), str) or not entry["path"].strip("/"):
        return Reason.NO_PATH, _text(entry.get("query"))
    for reason, key in ((Reason.ERASED, "erased"), (Reason.MASKED, "masked")):
        if hidden := _hidden(entry.get(key)):
            return reason, ", ".join(hidden)
    if cached := entry.get("nd_builtin_cache"):
        return Reason.NONDETERMINISTIC, ", ".join(sorted(cached)) if isinstance(cached, dict) else ""
    if entry.get("error"):
        error = entry["error"]
        return Reason.RECORDED_ERROR, _text(error.get("message") if isinstance(error, dict) else error)
    if "input" not in entry:
        return Reason.NO_INPUT, ""
    if why := why_unlike(entry["input"]) or why_unlike(entry.get("result")):
        return Reason.UNLIKE_OPA, why
    if len(json.dumps(plain(entry["input"]))) > SIZE_MAX:
        return Reason.UNLIKE_OPA, f"its input has more than {SIZE_MAX} characters"
    if _FAULTY_FORMAT in json.dumps(plain(entry.get("result"))):
        return Reason.UNLIKE_OPA, f"OPA's sprintf wrote {_FAULTY_FORMAT} for a value that did not fit"
    return None, ""


def _hidden(pointers: Any) -> list[str]:
    """Pointers that lead into input or result; what else was hidden decides nothing."""
    if not isinstance(pointers, list):
        return []
    texts = sorted(pointer for pointer in pointers if isinstance(pointer, str))
    return [text for text in texts if not text.strip("/").startswith("nd_builtin_cache")]
