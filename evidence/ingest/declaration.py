"""Owns incident.yaml as ingest writes and renews it: what people have changed in it is never overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from evidence.ingest.account import HeldIncident
from evidence.ingest.naming import Derived, incident_yaml
from evidence.intake.incident_file import load_incident
from evidence.times import format_rfc3339


def declare(derived: Derived, received: Mapping[str, str], before: HeldIncident | None, path: Path) -> bytes:
    """The bytes of the declaration. Raises InputError when the one that is there does not read.

    What nobody has touched is written anew. Else a value is renewed only while it still says what the last
    ingest derived; comments and order stay.
    """
    if before is None or not path.exists():
        return incident_yaml(derived, received).encode()
    written = path.read_bytes()
    if written == incident_yaml(Derived(**before.derived), before.received).encode():
        return incident_yaml(derived, received).encode()
    incident, _ = load_incident(path)
    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 10_000
    content = editor.load(written)
    said = {
        "title": incident.title,
        "type": incident.type,
        "start": format_rfc3339(incident.window.start),
        "end": format_rfc3339(incident.window.end),
    }
    if not _renew(content, said, derived, received, before):
        return written
    renewed = BytesIO()
    editor.dump(content, renewed)
    return renewed.getvalue()


def _renew(
    content: Any,
    said: Mapping[str, str],
    derived: Derived,
    received: Mapping[str, str],
    before: HeldIncident,
) -> bool:
    """Put new values in where what is `said` was derived; whether anything is another than before."""
    new, old = derived.fields(), before.derived
    is_changed = False
    window = content["window"]
    for place, key, name in (
        (content, "title", "title"),
        (content, "type", "type"),
        (window, "from", "start"),
        (window, "to", "end"),
    ):
        if said[name] == old[name] != new[name]:
            place[key] = new[name]
            is_changed = True
    arrivals = content.get("received") or {}
    for name in set(arrivals) | set(received):
        is_ours = name in before.received or name not in arrivals
        if is_ours and arrivals.get(name) != received.get(name):
            if name in received:
                content.setdefault("received", {})[name] = received[name]
            else:
                del content["received"][name]
            is_changed = True
    return is_changed
