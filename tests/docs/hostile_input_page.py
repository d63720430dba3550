"""Writes docs/reference/hostile-input.md: the limits, and what becomes of each class of JSON."""

from __future__ import annotations

import re
from itertools import groupby

from evidence.export_files import FILE_BYTES_MAX
from evidence.ingest.scanning import WHOLE_BYTES_MAX
from evidence.ingest.streams import GZIP_RATIO_MAX
from evidence.intake.records import RECORD_BYTES_MAX, SAMPLE_COUNT
from evidence.json_strict import DEPTH_MAX
from evidence.parquet_pages import FOOTER_BYTES_MAX, VALUE_BYTES_MAX
from tests.hostile.json_cases import ACCEPT, EITHER, REFUSE, Case, cases
from tests.hostile.test_mutants import QUICK, THOROUGH

NOTE = (
    "<!-- Written by `make golden` from the constants and `tests/hostile/json_cases.py`; do not edit. -->\n"
)
MEBIBYTE = 1024 * 1024
_NUMBER_OR_KIND = re.compile(r"(?<!^depth)(-[0-9]+|-arrays|-objects|-mixed)+$")

PAGE = """# Hostile input

Exports hold what attackers wrote, and some files are no exports at all. Whatever the bytes are, a record
ends as evidence, as a duplicate, or in quarantine with a reason; records read = evidence + duplicate +
quarantined, for every file; and no input ends a run.

## Limits

{limits}

## What meets it

{answers}

## JSON

Strict, and nothing is repaired: what two parsers could read differently is refused, so that no attacker
chooses which of two readings is the evidence. A refused record takes no line beside it along; within an array
what can still be told apart is read. `tests/hostile/json/` holds {count} texts as files, so that another
parser can be held to them too: {accept} that must be taken, {refuse} that must be refused, and {either} that
standards leave open or that parsers are known to read differently:

{classes}

## How it is tried

{quick} changed records of each format in `make test`, {thorough} in `make test-all`: types exchanged,
fields removed, added and swapped, parts of other formats, numbers beyond every range, bytes flipped, cut off,
doubled and recoded. Each is read by itself, among sound records in an incident, and by `evidence ingest`,
whose output is read again. They are the same on every run: a failure names the one that causes it, and

```console
$ python -m tests.hostile.mutants cloudtrail 137
```

shows it.
"""

ANSWERS = (
    ("nesting beyond the limit, 100,000 levels too", "refused as `json_invalid`; time grows with the bytes"),
    ("a gzip bomb", "refused as `size_exceeded`; unpacking stops at the limit"),
    (
        "a Parquet bomb: rows, pages, dictionaries, prefixes or lists that repeat one value",
        "refused as `size_exceeded` by footer and page headers, else by its first row too large",
    ),
    ("a damaged gzip stream", "refused as `unknown_format`: none of it can be trusted"),
    ("a gzip stream that ends early", "what there is is read, and the end is refused as `truncated`"),
    (
        "an archive: zip, tar, 7z, rar; bzip2, xz, zstd, gzip within gzip",
        "refused as `unknown_format` by what it is; nothing is unpacked, so no member's name leads anywhere",
    ),
    (
        "ids like `../../etc/x`, absolute, with NUL, or very long",
        "kept as text; a folder's name is a day, a few of `a-z0-9-` and a digest",
    ),
    (
        "HTML, Markdown, escape sequences, formulas, bidirectional marks, non-characters",
        "kept as they are in tables and anchors; shown in handoffs and in the terminal as text, "
        "what hides or moves text as `⟨U+202E⟩`",
    ),
    ("half a character, NaN, a repeated key", "refused, see below"),
    ("numbers of one identity that a double rounds to the same", "compared by every digit"),
    (
        "a file that no reader recognises",
        "refused as `unknown_format`, or for what is wrong with its first record (`json_invalid`, "
        "`truncated`, `not_utf8` for UTF-16, too); what else it is, is said where it can be told",
    ),
    (
        "links, pipes, devices; links named on the command line, too",
        "refused as `not_regular_file`; never followed, never opened, nothing of them is copied",
    ),
    ("a file or folder that the system lets nobody read, `/proc/self/mem`", "refused as `unreadable`"),
)


def limits() -> tuple[tuple[str, str], ...]:
    """What is bounded, and by how much."""
    return (
        ("one record", f"{RECORD_BYTES_MAX // MEBIBYTE} MiB"),
        ("one file, also when it is unpacked", f"{FILE_BYTES_MAX // MEBIBYTE} MiB"),
        ("one file of lines, to `evidence ingest`", "none: it is read in pieces"),
        ("one document or line, to `evidence ingest`", f"{FILE_BYTES_MAX // MEBIBYTE} MiB"),
        ("a larger gzip file, to `evidence ingest`", f"{GZIP_RATIO_MAX} times its own size when unpacked"),
        ("held at once of a file of lines, to `evidence ingest`", f"{WHOLE_BYTES_MAX // MEBIBYTE} MiB"),
        (
            "one row of Parquet unpacked, a dictionary, the values in lists of one row group",
            f"{VALUE_BYTES_MAX // MEBIBYTE} Mi",
        ),
        ("footer of a Parquet file", f"{FOOTER_BYTES_MAX // MEBIBYTE} MiB"),
        ("the time of an event", "1970 to 2261"),
        ("nesting of a record", f"{DEPTH_MAX} levels"),
        ("documents, and records of each, that are looked at to recognise a file", f"{SAMPLE_COUNT}"),
    )


def hostile_input_page() -> str:
    """The whole page."""
    every = cases()
    count = {group: sum(case.group == group for case in every) for group in (ACCEPT, REFUSE, EITHER)}
    return f"{NOTE}\n" + PAGE.format(
        limits=_table(("what", "at most"), limits()),
        answers=_table(("input", "what happens"), ANSWERS),
        classes=_table(("class", "why", "what we do"), _classes(every)),
        count=len(every),
        **count,
        quick=QUICK,
        thorough=f"{THOROUGH:,}",
    )


def _classes(every: list[Case]) -> tuple[tuple[str, ...], ...]:
    """(name without its number, why, what we do) of the class *either*."""
    either = [case for case in every if case.group == EITHER]
    found = []
    for name, group in groupby(either, key=lambda case: _NUMBER_OR_KIND.sub("", case.name)):
        of_name = list(group)
        done = {"taken" if case.is_taken else "refused" for case in of_name}
        found.append((f"`{name}`", of_name[0].why, " or ".join(sorted(done))))
    return tuple(found)


def _table(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
