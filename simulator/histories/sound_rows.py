"""Owns what is looked at in the rows of a history that was handed over, before anything is decided on it.

Its files may have been written by anybody: an unknown that may not be one, a word that no rule knows or
moments out of their order would be decided on without a sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from evidence.errors import InputError
from evidence.tables import open_memory
from expectations.contracts import Column
from expectations.tables import TABLES
from simulator.replays.memory_bounds import bounded

STATES, INCIDENTS = "enrichment.incident_states", "intake.incidents"
_REMEDY = "Write the file anew from what it was made of; nothing was decided on it"


def refuse_unsound_rows(paths: Mapping[str, list[Path]], folder: Path) -> None:
    """Raises InputError, naming column and a row, for the first thing in states or incidents that may not be.

    Looked at are unknowns, the words of columns that take only some, and the order of an incident's moments.
    """
    with closing(open_memory()) as connection, bounded(connection):
        for name in (STATES, INCIDENTS):
            files = paths.get(name, [])
            if not files:
                continue
            connection.execute(f"create view rows as {read_sql(files)}").fetchall()
            _refuse_unknowns(connection, name, files, folder)
            _refuse_words(connection, name, folder)
            if name == STATES:
                _refuse_moments(connection, folder)
            connection.execute("drop view rows").fetchall()


def read_sql(files: Iterable[Path]) -> str:
    """The rows of the files, as a query: a view takes no parameters, so that the paths are quoted."""
    quoted = ", ".join("'" + str(path.absolute()).replace("'", "''") + "'" for path in files)
    return f"from read_parquet([{quoted}])"


def _refuse_unknowns(
    connection: duckdb.DuckDBPyConnection, name: str, files: list[Path], folder: Path
) -> None:
    schemas = [pq.read_schema(path) for path in files]
    for column in TABLES[name].columns:
        # A file that says of a column that it is always there cannot hold an unknown: ours all say so.
        is_possible = any(schema.field(column.name).nullable for schema in schemas)
        if is_possible and not column.is_nullable:
            for row in _example(connection, name, f"{column.name} is null"):
                raise _error(folder, name, row, f"{column.name} is unknown (NULL), which it never is")


def _refuse_words(connection: duckdb.DuckDBPyConnection, name: str, folder: Path) -> None:
    for column in TABLES[name].columns:
        if not column.allowed:
            continue
        # The few words of a column are read far faster than its rows.
        found = connection.execute(f"select distinct {column.name} from rows order by all").fetchall()
        for (word,) in found:
            if word is not None and word not in column.allowed:
                for row in _example(connection, name, f"{column.name} = $word", {"word": word}):
                    raise _error(folder, name, row, f"{column.name} is {word!r}; it is {_listed(column)}")


def _refuse_moments(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    # A history lies in the order of its incidents and moments: seen to rise row by row, as stored, it needs
    # no sorting. Only where it does not its moments are put in order first.
    if not _suspects(connection, "", is_stored_order=True):
        return
    by_moment = "partition by incident_id order by moment, known_at"
    for incident_id, moment, known_at, before, before_at in _suspects(
        connection, by_moment, is_stored_order=False
    ):
        if moment < 1:
            what = f"{folder}: moment is {moment} in a row of {incident_id}; moments count from 1"
        elif moment == before:
            raise InputError(
                f"{folder} holds moment {moment} of {incident_id} more than once",
                remedy="Keep one version of each table in the folder",
            )
        else:
            what = (
                f"{folder}: known_at does not rise with moment: moment {before} of {incident_id} became "
                f"known at {before_at}, moment {moment} at {known_at}"
            )
        raise InputError(what, remedy=_REMEDY)


def _suspects(
    connection: duckdb.DuckDBPyConnection, window: str, *, is_stored_order: bool
) -> list[tuple[str, int, int, int, int]]:
    """The first row that does not follow from the row before it: in the order stored, or of its incident."""
    in_order = "or incident_id < before_id" if is_stored_order else ""
    ordered = "" if is_stored_order else "order by incident_id, moment, known_at"
    return connection.execute(f"""
with neighbours as (
    select
        incident_id,
        moment,
        known_at,
        lag(incident_id) over ({window}) as before_id,
        lag(moment) over ({window}) as before,
        lag(known_at) over ({window}) as before_at
    from rows
)
select incident_id, moment, known_at, before, before_at
from neighbours
where moment < 1 or incident_id = before_id and (moment <= before or known_at <= before_at) {in_order}
{ordered}
limit 1""").fetchall()


def _example(
    connection: duckdb.DuckDBPyConnection, name: str, condition: str, values: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The first row for which the condition holds, in words; nothing where there is none."""
    key = "moment" if name == STATES else "0"
    query = f"select incident_id, {key} from rows where {condition} order by all limit 1"
    for incident_id, moment in connection.execute(query, dict(values or {})).fetchall():
        named = "an incident without a name" if incident_id is None else incident_id
        yield f"moment {moment} of {named}" if name == STATES else named


def _error(folder: Path, name: str, row: str, what: str) -> InputError:
    return InputError(f"{folder}: {name}: {what} (at {row})", remedy=_REMEDY)


def _listed(column: Column) -> str:
    return f"one of {', '.join(column.allowed)}"
