"""Owns what is derived about an incident for its incident.yaml: id, title, type and window."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from evidence.ingest.grouping import Group
from evidence.ingest.signals import IS_ALERT, IS_CHANGE, IS_CLOUD, IS_DEPENDENCY, IS_DETECTION, IS_NODE
from evidence.redaction import make_visible
from evidence.times import NS_MAX, NS_PER_SECOND, format_rfc3339

TITLE_MAX, SLUG_MAX = 120, 40

# What names an incident best comes first.
KINDS = (
    "service",
    "workload",
    "pod",
    "application",
    "repository",
    "node",
    "actor",
    "account",
    "credential",
    "name",
    "namespace",
    "cluster",
    "page",
    "nothing",
)
_HEAD = """\
# Written by `evidence ingest` from the exports beside it. When late files touch this incident its window is
# renewed, and title and type as long as nobody has changed them. All else that people write here stays.
"""


@dataclass(frozen=True, slots=True)
class Derived:
    """What ingest itself says of an incident; `why` explains the type, which is a guess."""

    id: str
    title: str
    type: str
    why: str
    start: str
    end: str

    def fields(self) -> dict[str, str]:
        """The values by name, as the account keeps them to tell people's edits."""
        return asdict(self)


def derive(group: Group, gap_ns: int) -> Derived:
    """Hangs on the records alone; the window is their time widened by the gap, in whole seconds."""
    kind, why = _type_of(group.flags)
    start = max(0, group.begin_at - gap_ns) // NS_PER_SECOND * NS_PER_SECOND
    end = -(-(group.end_at + gap_ns) // NS_PER_SECOND) * NS_PER_SECOND
    return Derived(
        _id_of(group),
        _title_of(group),
        kind,
        why,
        format_rfc3339(start),
        format_rfc3339(min(max(end, start + NS_PER_SECOND), NS_MAX // NS_PER_SECOND * NS_PER_SECOND)),
    )


def main_entity(group: Group) -> tuple[str, str]:
    """(kind, name) of what the incident is about: of the best kind what most records name."""
    ranked = sorted(group.entities, key=lambda each: (KINDS.index(each[0]), -each[2], each[1]))
    return (ranked[0][0], ranked[0][1]) if ranked else ("nothing", "")


def incident_yaml(derived: Derived, received: Mapping[str, str]) -> str:
    """The text of a new incident.yaml."""
    lines = [
        _HEAD.rstrip(),
        f"id: {derived.id}",
        f"title: {json.dumps(derived.title, ensure_ascii=False)}",
        f"type: {derived.type}" + (f" # guessed: {derived.why}; correct it" if derived.why else ""),
        f"window: {{from: {derived.start}, to: {derived.end}}}",
    ]
    if received:
        lines.append("received:")
        lines += [f"  {name}: {at}" for name, at in sorted(received.items())]
    return "\n".join(lines) + "\n"


def _type_of(flags: int) -> tuple[str, str]:
    """A guess at what it will turn out to be, from the kinds of signals; first match."""
    if flags & IS_DETECTION:
        return "security", "a detection fired"
    if flags & IS_CLOUD and not flags & IS_ALERT:
        return "security", "cloud calls without an alert"
    if flags & IS_NODE:
        return "infrastructure", "a signal names a node"
    if flags & IS_CHANGE:
        return "rollout", "a change lies near"
    if flags & IS_DEPENDENCY:
        return "dependency", "errors name another service"
    return "infrastructure", "nothing says otherwise"


def _id_of(group: Group) -> str:
    day = format_rfc3339(group.begin_at)[:10]
    slug = re.sub(r"[^a-z0-9]+", "-", main_entity(group)[1].lower()).strip("-")[:SLUG_MAX].strip("-")
    digest = hashlib.sha256(f"{group.founder} {group.begin_at}".encode()).hexdigest()[:8]
    return "-".join(part for part in (day, slug, digest) if part)


def _title_of(group: Group) -> str:
    kind, name = main_entity(group)
    if kind == "actor":
        account, _, actor = name.partition("/")
        about = f"{actor} in {account}"
    else:
        about = f"{kind} {name}".strip()
    title = f"{group.signal_name}: {about}" if kind not in ("page", "nothing") else group.signal_name
    return make_visible(" ".join(title.split()))[:TITLE_MAX] or "Without a name"
