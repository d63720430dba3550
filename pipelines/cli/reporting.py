"""The command `evidence report`: the weekly report as files, in the terminal and in the browser."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.histories import writing

if TYPE_CHECKING:
    import duckdb

    from evidence.report import Report, Week

EPILOG = "Example: evidence report 2026-W07 --format markdown"


class ReportFormat(StrEnum):
    """How `evidence report` prints its result."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


def report(
    week: Annotated[
        str | None, typer.Argument(help="ISO week, e.g. 2026-W07; the last with an incident when omitted.")
    ] = None,
    is_opened: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    warehouse: Annotated[Path, typer.Option("--warehouse", help="Folder of the published tables.")] = Path(
        "warehouse"
    ),
    out: Annotated[Path, typer.Option(help="Folder of the reports (in kpis/) and handoff packages.")] = Path(
        "out"
    ),
    output_format: Annotated[
        ReportFormat, typer.Option("--format", help="How to print the report.")
    ] = ReportFormat.TEXT,
) -> None:
    """Write the report of a week as a page and as Markdown, and print what changed.

    A run writes the last week's by itself and that of each week to which evidence has come, and brings those
    that lie in the folder up to date. A week without incidents has a report that says so.
    """
    from evidence.placing import PACKAGES
    from evidence.report import report_files

    found = _read(week, warehouse)
    files = report_files(found)
    with writing(f"--out {out}"):
        _write(out, files)
    if (out / PACKAGES).is_dir():
        _note(warehouse, files)
    _tell_dead_links(found, out)
    paths = [out / name for name in files]
    sys.stdout.write(_printed(found, paths, output_format))
    if is_opened:
        _open(paths[0])


def _read(text: str | None, warehouse: Path) -> Report:
    """The report. Raises InputError for a week that is none, WarehouseError where nothing is published."""
    from evidence.report import INPUTS, parse_week, report_of
    from evidence.warehouse import Warehouse

    asked = None if text is None else parse_week(text)
    tables = Warehouse(warehouse)
    _refuse_missing(tables.published(), INPUTS, warehouse)
    with closing(tables.connect(INPUTS)) as connection:
        return report_of(connection, asked or _last(connection))


def _last(connection: duckdb.DuckDBPyConnection) -> Week:
    from evidence.errors import InputError
    from evidence.report import last_weeks, parse_week

    for week in last_weeks(connection):
        return parse_week(week)
    raise InputError("no incident is published, so there is no last week", remedy="Name a week as 2026-W07")


def _refuse_missing(published: Collection[str], names: Sequence[str], warehouse: Path) -> None:
    from evidence.errors import WarehouseError

    missing = sorted(set(names) - set(published))
    if missing:
        raise WarehouseError(
            f"{missing[0]} is not published in {warehouse}", remedy="Run `evidence run` first"
        )


def _write(out: Path, files: dict[str, bytes]) -> None:
    from evidence.placing import changed, place

    place(changed((out / name, content) for name, content in files.items()))


def _note(warehouse: Path, files: dict[str, bytes]) -> None:
    """Let `evidence verify` know the files; where the warehouse cannot be written it will not."""
    from evidence.report.written import note_written
    from evidence.warehouse import Warehouse

    try:
        note_written(Warehouse(warehouse), files)
    except OSError as error:
        sys.stderr.write(
            f"evidence: note: {warehouse} cannot be written ({error.strerror}), so that `evidence verify` "
            "will not know this report\n"
        )


def _tell_dead_links(found: Report, out: Path) -> None:
    """Links lead to the handoffs in the same folder, so that it can be served or copied as a whole."""
    from urllib.parse import unquote

    from evidence.placing import PACKAGES, REPORTS
    from evidence.report.incidents import HANDOFF

    urls = [link.url for each in found.incidents for link in each.links if link.label == HANDOFF]
    dead = sum(not (out / REPORTS / unquote(url)).is_file() for url in urls)
    if dead:
        sys.stderr.write(
            f"evidence: note: {dead} of {len(urls)} links lead to handoffs in {out / PACKAGES} that are not "
            "there; name the --out of `evidence run`\n"
        )


def _printed(found: Report, paths: Sequence[Path], output_format: ReportFormat) -> str:
    from evidence.report import render_html, render_markdown

    if output_format is ReportFormat.MARKDOWN:
        return render_markdown(found)
    if output_format is ReportFormat.HTML:
        return render_html(found)
    if output_format is ReportFormat.JSON:
        return found.model_dump_json(indent=2) + "\n"
    return _text(found, paths)


def _text(found: Report, paths: Sequence[Path]) -> str:
    from evidence.redaction import make_visible
    from evidence.report.words import NO_BREAK, held
    from pipelines.cli.wrapping import wrapped

    lines = [
        f"Week {found.week}, {found.monday} to {found.sunday} (UTC)",
        "",
        "what changed",
        *(f"  {each}" for each in found.changes),
        "",
        "what cannot be said",
        *(f"  {each}" for each in found.unsaid),
    ]
    # Held together while lines are broken, plain as printed: people search and paste what a terminal shows.
    told = wrapped("".join(f"{held(make_visible(line))}\n" for line in lines)).replace(NO_BREAK, " ")
    return f"{told}\n" + "".join(
        f"{label:<10}{path}\n" for label, path in zip(("page", "Markdown"), paths, strict=True)
    )


def _open(path: Path) -> None:
    """Hand the page to the browser that the person has chosen; only ever because somebody asked for it."""
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        sys.stderr.write(f"evidence: no browser was found; open {path.resolve().as_uri()}\n")
