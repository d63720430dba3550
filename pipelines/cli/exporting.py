"""The command `evidence grafana`: the KPI tables and a dashboard, ready for PostgreSQL and Grafana."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.choices import Format
from pipelines.cli.options import WAREHOUSE, OutputFormat, WarehouseFolder

EPILOG = "Example: evidence grafana for-grafana && psql -v ON_ERROR_STOP=1 -f for-grafana/kpis.sql"


def grafana(
    folder: Annotated[str, typer.Argument(help="Folder to write into; made where there is none.")],
    warehouse: WarehouseFolder = WAREHOUSE,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Write the KPIs for Grafana: SQL that loads PostgreSQL, a dashboard, and how to provision both.

    Opens no connection. What an earlier call wrote is replaced, other files are left alone. Where one of
    another origin has a name that is needed, nothing is written.
    """
    import orjson

    from evidence.placing import changed, place
    from pipelines.cli.histories import writing

    _refuse(folder, warehouse)
    files = _files(warehouse)
    with writing(folder):
        _refuse_foreign(Path(folder), files)
        place(changed((Path(folder) / name, content) for name, content in files.items()))
    written = [str(Path(folder) / name) for name in sorted(files)]
    if output_format is Format.JSON:
        sys.stdout.write(orjson.dumps({"files": written}, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    sys.stdout.write("".join(f"{path}\n" for path in written))


def _refuse(folder: str, warehouse: Path) -> None:
    """An empty name is what an unset variable leaves: it would stand for the current folder."""
    from evidence.errors import InputError

    if not folder:
        raise InputError("the folder has no name", remedy="Name a folder; . is the current one")
    if Path(folder).exists() and not Path(folder).is_dir():
        raise InputError(f"{folder} is no folder", remedy="Name a folder")
    if Path(folder).resolve().is_relative_to(warehouse.resolve()):
        raise InputError(f"{folder} lies in {warehouse}, which is read", remedy="Name a folder elsewhere")


def _refuse_foreign(folder: Path, files: Mapping[str, bytes]) -> None:
    """Raises InputError for a file of somebody else's, which would be overwritten."""
    from evidence.errors import InputError, Place
    from evidence.grafana.files import foreign

    if names := foreign(folder, files):
        raise InputError(
            "is there already, and not from evidence grafana",
            place=Place(folder / names[0]),
            remedy="Name another folder",
        )


def _files(warehouse: Path) -> dict[str, bytes]:
    from evidence.errors import WarehouseError
    from evidence.grafana import INPUTS, grafana_files
    from evidence.warehouse import Warehouse

    tables = Warehouse(warehouse)
    if missing := sorted(set(INPUTS) - set(tables.published())):
        raise WarehouseError(
            f"{missing[0]} is not published in {warehouse}", remedy="Run `evidence run` first"
        )
    with closing(tables.connect(INPUTS)) as connection:
        return grafana_files(connection)
