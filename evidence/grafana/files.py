"""Owns the files of an export: their names below its folder, and their content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import orjson

from evidence.grafana.dashboard import UID, dashboard
from evidence.grafana.loading import load_script
from evidence.grafana.reading import exported_rows

_FOLDER = Path(__file__).parent
LOAD_SCRIPT = "kpis.sql"
DASHBOARD = "dashboards/dashboard.json"
# Copied as they are; Grafana fills in the variables of its own environment.
_AS_THEY_ARE = {
    "provisioning/datasources/evidence-kpis.yaml": "provisioning/datasources.yaml",
    "provisioning/dashboards/evidence-kpis.yaml": "provisioning/dashboards.yaml",
    "README.md": "README.md",
}


def grafana_files(connection: duckdb.DuckDBPyConnection) -> dict[str, bytes]:
    """Path below the folder: content. The same tables give the same bytes."""
    script = "".join(load_script(exported_rows(connection)))
    copies = {name: (_FOLDER / source).read_bytes() for name, source in _AS_THEY_ARE.items()}
    shown = orjson.dumps(dashboard(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return {LOAD_SCRIPT: script.encode("ascii"), DASHBOARD: shown, **copies}


def foreign(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    """Names of the files that lie there already and are of somebody else: they do not begin as ours do.

    A dashboard is ours by its uid, also where Grafana has saved it.
    """
    return sorted(name for name, content in files.items() if _is_foreign(folder / name, content))


def _is_foreign(path: Path, ours: bytes) -> bool:
    if not path.is_file():
        return path.exists()
    if path.suffix == ".json":
        return UID.encode() not in path.read_bytes()
    with path.open("rb") as there:
        return there.readline().rstrip() != ours.partition(b"\n")[0].rstrip()
