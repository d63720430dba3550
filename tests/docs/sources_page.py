"""Writes docs/reference/sources.md out of the readers: what is read, what is not, what can be forged."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from evidence.export_files import FILE_BYTES_MAX
from evidence.intake.records import RECORD_BYTES_MAX
from evidence.readers import READERS, Reader
from evidence.readers.contract import SourceFacts

NOTE = "<!-- Written by `make golden` from `evidence/readers/`; do not edit. -->\n"
MEBIBYTE = 1024 * 1024
CLASSES = {
    0: "none",
    2001: "Security Finding",
    2003: "Compliance Finding",
    2004: "Detection Finding",
    2005: "Incident Finding",
    3001: "Account Change",
    3002: "Authentication",
    3003: "Authorize Session",
    3004: "Entity Management",
    3005: "User Access Management",
    3006: "Group Management",
    6002: "Application Lifecycle",
    6003: "API Activity",
}
ANCHORS = (
    ("the file", "one record", "its anchor covers"),
    ("---", "---", "---"),
    (
        "JSON: a document, an array, lines",
        "as the format's section says",
        "the record's bytes: offset and length in the file, SHA-256 of the bytes, JSON Pointer of the field",
    ),
    (
        "the same in gzip",
        "the same",
        "the same, with offsets in the decompressed bytes; the file's digest is of the bytes on disk",
    ),
    (
        "Parquet",
        "one row",
        "the row's number and the SHA-256 of the row as canonical JSON (keys sorted, nulls kept, times in "
        "RFC 3339 UTC); offsets count in the rows as lines of that JSON; the file's digest is of the bytes "
        "on disk. To prove a row again takes pyarrow, all else the standard library",
    ),
    ("zip, tar and other archives", "none", "nothing: it is refused, unpack it"),
)
LEAD = f"""# Sources

Every format that is read, recognised by content and never by a file's name. A record is evidence, a
duplicate, or refused with a reason in `intake.quarantine`; what an export says it lacks is a row of
`quality.completeness`. A file may hold records of several tools, one behind another: each is read as its own.

## What one record is, and what its anchor covers

{{anchors}}

A record has at most {RECORD_BYTES_MAX // MEBIBYTE} MiB, a file at most {FILE_BYTES_MAX // MEBIBYTE} MiB,
also when it is unpacked; what is larger is refused as `size_exceeded`. [Hostile input](hostile-input.md) has
all limits, and what meets bytes that are no export at all.

## Tools that act

StackStorm, Argo Events and Slack are read as below. What they, Terraform, an operator, the credential kill
switch or a GitOps rollback are asked for is an
[inert proposal](../explanation/handoff.md#the-proposal) in their own format.

## Trust

A column that is *forgeable* is written by whoever is observed, or by anybody who can reach the tool: it is
shown, quoted, and good for finding more; nothing rests on it being true.
"""


def sources_page() -> str:
    """The whole page: every reader by tool."""
    readers = sorted(READERS, key=lambda reader: (facts_of(reader).tool, reader.format))
    anchors = "\n".join(_row(*cells) for cells in ANCHORS)
    parts = [NOTE, LEAD.format(anchors=anchors), "## All formats\n", _overview(readers)]
    for tool, group in groupby(readers, key=lambda reader: facts_of(reader).tool):
        parts.append(f"## {tool}\n")
        parts += [_section(reader) for reader in group]
    return "\n".join(parts)


def facts_of(reader: Reader) -> SourceFacts:
    """The facts that every reader of the registry has."""
    assert reader.facts is not None, reader.format
    return reader.facts


def _overview(readers: Iterable[Reader]) -> str:
    lines = ["| tool | format | written by | OCSF class |", "|---|---|---|---|"]
    for reader in readers:
        facts = facts_of(reader)
        lines.append(_row(facts.tool, f"`{reader.format}`", facts.written_by, _classes(facts, is_short=True)))
    return "\n".join(lines) + "\n"


def _section(reader: Reader) -> str:
    facts = facts_of(reader)
    rows = (
        ("written by", facts.written_by),
        ("one record", facts.record),
        ("read", facts.read),
        ("ignored", facts.ignored),
        ("gaps it declares", ", ".join(f"`{gap}`" for gap in sorted(facts.gaps)) or "none"),
        ("forgeable", ", ".join(f"`{column}`" for column in facts.forgeable) or "none"),
        ("trust", facts.trust),
        ("OCSF class", _classes(facts)),
        ("source", f"`{reader.source}`"),
    )
    return "\n".join([f"### `{reader.format}`\n", "| | |", "|---|---|", *(_row(*row) for row in rows)]) + "\n"


def _classes(facts: SourceFacts, *, is_short: bool = False) -> str:
    if not facts.class_uids:
        return "no event"
    uids = sorted(set(facts.class_uids))
    return ", ".join(str(uid) if is_short and uid else f"{uid or ''} {CLASSES[uid]}".strip() for uid in uids)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
