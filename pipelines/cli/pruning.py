"""The command `evidence prune`: removes from the warehouse what no version names any more."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.choices import Format
from pipelines.cli.options import WAREHOUSE, Incidents, OutputFormat, WarehouseFolder

if TYPE_CHECKING:
    from evidence.ingest.forgetting import Forgotten
    from evidence.pruning import Pruned

EPILOG = "Example: evidence prune --dry-run"


def prune(
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed.")] = False,
    warehouse: WarehouseFolder = WAREHOUSE,
    *,
    incidents: Incidents,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Remove files of earlier versions, and raw bytes that no published incident cites any more.

    Of incidents whose folders were deleted it removes what `evidence ingest` has in its books, too.

    What is published stays as it is, and so does what a failed run left to go on with. A connection to the
    catalogue that was open before the last run may lose its files.
    """
    import orjson

    from evidence.ingest.forgetting import forget
    from evidence.pruning import prune as prune_warehouse
    from pipelines.cli.histories import writing

    done = prune_warehouse(warehouse, is_dry_run=is_dry_run)
    with writing("--incidents"):
        forgotten = forget(incidents, is_dry_run=is_dry_run)
    if output_format is Format.JSON:
        said = {
            "is_dry_run": is_dry_run,
            "byte_count": done.byte_count,
            "tables": done.tables,
            "raw": done.raw,
            "forgotten": forgotten.incidents,
            "forgotten_conflicts": forgotten.record_count,
        }
        sys.stdout.write(orjson.dumps(said, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        sys.stdout.write(_text(done, is_dry_run=is_dry_run) + _books_text(forgotten, is_dry_run=is_dry_run))


def _text(done: Pruned, *, is_dry_run: bool) -> str:
    if not done.tables and not done.raw:
        return "nothing to remove: every file belongs to a version\n"
    verb = "would be removed" if is_dry_run else "removed"
    return (
        f"{verb}: {len(done.tables)} files of tables and {len(done.raw)} of raw bytes,"
        f" {done.byte_count:,} bytes together\n"
    )


def _books_text(forgotten: Forgotten, *, is_dry_run: bool) -> str:
    """What goes from the books of ingest; what lost against it stands in tables until the next run."""
    verb = "would be forgotten" if is_dry_run else "forgotten"
    text = "".join(f"{verb}: {name}, whose folder was deleted\n" for name in forgotten.incidents)
    if forgotten.record_count:
        count = forgotten.record_count
        text += f"{verb}: {count:,} {'record' if count == 1 else 'records'} refused beside them; run again\n"
    return text
