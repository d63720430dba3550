"""Owns the evaluation of all rules over all records at once, in DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

from evidence.detections.extraction import extract
from evidence.detections.program import Program
from evidence.tables import open_memory

_FOLDER = Path(__file__).parent
_RULES_PER_STATEMENT = 200


def sql(name: str) -> str:
    """The statement of that name, which stands beside this module."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def match(units: pa.Table, program: Program) -> duckdb.DuckDBPyConnection:
    """A connection in which `matches` holds (rule, unit): which rule, by its place, is true of which unit.

    Beside it stand `units`, `field_values` and `occurrences`.
    """
    connection = open_memory()
    extracted = extract(units, program)
    connection.register("units", units)
    connection.register("field_values_read", extracted.values)
    connection.register("occurrences_read", extracted.occurrences)
    _keep(connection, "field_values", "from field_values_read")
    _keep(connection, "occurrences", "from occurrences_read")
    for name, table in program.tests.items():
        connection.register(name, table)
    _keep(connection, "value_atoms", sql("value_atoms"))
    _match_patterns(connection, program)
    _keep(connection, "unit_atoms", sql("unit_atoms"))
    _keep(connection, "unit_bits", _bits_sql(program.atom_count))
    connection.execute("create temp table matches (rule integer, unit bigint)").fetchall()
    for start in range(0, len(program.formulas), _RULES_PER_STATEMENT):
        connection.execute(_matches_sql(program, start)).fetchall()
    return connection


def _keep(connection: duckdb.DuckDBPyConnection, name: str, statement: str) -> None:
    connection.execute(f"create temp table {name} as {statement}").fetchall()


def _match_patterns(connection: duckdb.DuckDBPyConnection, program: Program) -> None:
    for row in program.tests["pattern_tests"].to_pylist():
        connection.execute(f"insert into value_atoms {sql('pattern_atoms')}", row).fetchall()


def _bits_sql(atom_count: int) -> str:
    """Per unit of any format that a rule reads its atoms as one string of bits."""
    last = max(0, atom_count - 1)
    return f"""
        select unit, format, coalesce(passed, bitstring('0', {last + 1})) as bits
        from units
        left join (
            select unit, bitstring_agg(atom, 0, {last}) as passed from unit_atoms group by unit
        ) using (unit)
    """


def _matches_sql(program: Program, start: int) -> str:
    """Some of the rules over every unit in one scan."""
    formats = {name: number for number, name in enumerate(sorted(program.wanted))}
    numbers = range(start, min(start + _RULES_PER_STATEMENT, len(program.formulas)))
    cases = []
    for number in numbers:
        meant = ", ".join(str(formats[name]) for name in program.formats[number])
        cases.append(f"if(form in ({meant}) and {program.formulas[number]}, {number}, null)")
    known = " ".join(f"when '{name}' then {number}" for name, number in formats.items())
    listed = ",\n            ".join(cases)
    return f"""
        insert into matches
        select rule, unit
        from (
            select unit, unnest([
            {listed}
            ]) as rule
            from (select unit, bits, case format {known} end as form from unit_bits)
        )
        where rule is not null
    """
