"""Owns the evaluation of all rules over all records, batch by batch, in DuckDB: only what hits stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from evidence.detections.extraction import Extractor
from evidence.detections.program import Program
from evidence.detections.statements import sql
from evidence.detections.units import Units, seen_units
from evidence.tables import open_memory, spare_threads

_RULES_PER_STATEMENT = 200
_TABLES = """
    create temp table matches (rule integer, unit bigint);
    create temp table hit_units (
        unit bigint, format varchar, entry varchar, incident_id varchar, path varchar, ordinal bigint,
        event_time bigint, known_at bigint
    );
    create temp table kept_texts (unit bigint, field integer, text varchar);
    create temp table fields_seen (
        format varchar, field integer,
        unit_count bigint, text_count bigint, object_count bigint, null_count bigint
    );
    create temp table format_bits (format varchar, bits bit);
"""


_FIELDS_HELD = "select distinct field from field_values"


class Matcher:
    """What a pass over records leaves in `connection`.

    `matches` holds (rule, unit): which rule, by its place, is true of which unit; `hit_units` these units.
    `kept` maps the number of a rule to fields; `kept_texts` are their texts in the units that the rule hits.
    With `is_surveyed`, also `fields_seen`, and `format_bits`: the atoms that are set in any unit.
    """

    def __init__(
        self, program: Program, kept: Mapping[int, Iterable[int]], *, is_surveyed: bool = False
    ) -> None:
        self.program = program
        self.kept = {"rules": sorted(kept), "fields": sorted({one for each in kept.values() for one in each})}
        self.is_surveyed = is_surveyed
        self.unit_count = 0
        self.extractor = Extractor(program)
        self.connection = open_memory()
        spare_threads(self.connection, 0)  # a batch is less than is handed to one thread
        self.connection.execute(_TABLES).fetchall()
        for name, table in program.tests.items():
            self.connection.register(name, table)

    def run(self, units: Units, row_count_max: int) -> None:
        """The whole pass."""
        for batch in units.batches(row_count_max):
            self._take(batch)

    def _take(self, batch: pa.Table) -> None:
        seen = seen_units(batch, self.unit_count)
        extracted = self.extractor.extract(batch, self.unit_count)
        self.unit_count += seen.num_rows
        self.connection.register("units", seen)
        self.connection.register("field_values_read", extracted.values)
        self.connection.register("occurrences_read", extracted.occurrences)
        self._keep("field_values", "from field_values_read")
        self._keep("occurrences", "from occurrences_read")
        self._match()
        self._leave()

    def _match(self) -> None:
        """`batch_matches`: every rule over every unit of the batch."""
        self._keep("value_atoms", sql("value_atoms"))
        held = {field for (field,) in self.connection.execute(_FIELDS_HELD).fetchall()}
        for row in self.program.tests["pattern_tests"].to_pylist():
            if row["field"] not in held:
                continue
            self.connection.execute(f"insert into value_atoms {sql('pattern_atoms')}", row).fetchall()
        self._keep("unit_atoms", sql("unit_atoms"))
        self._keep("unit_bits", _bits_sql(self.program.atom_count))
        self._keep("batch_matches", "select 0 as rule, cast(0 as bigint) as unit limit 0")
        for start in range(0, len(self.program.formulas), _RULES_PER_STATEMENT):
            self.connection.execute(_matches_sql(self.program, start)).fetchall()

    def _leave(self) -> None:
        """What stays of the batch."""
        hit = "select * from units where unit in (select unit from batch_matches)"
        self.connection.execute("insert into matches from batch_matches").fetchall()
        self.connection.execute(f"insert into hit_units by name {hit}").fetchall()
        if self.kept["fields"]:
            self.connection.execute(sql("kept_texts"), self.kept).fetchall()
        if self.is_surveyed:
            passed = "select format, bit_or(bits) as bits from unit_bits group by format"
            self.connection.execute(sql("fields_seen")).fetchall()
            self.connection.execute(f"insert into format_bits {passed}").fetchall()

    def _keep(self, name: str, statement: str) -> None:
        self.connection.execute(f"create or replace temp table {name} as {statement}").fetchall()


def open_pass(
    program: Program,
    kept: Mapping[int, Iterable[int]],
    units: Units,
    row_count_max: int,
    *,
    is_surveyed: bool,
    is_anchored: bool = True,
) -> Matcher:
    """A pass that is done; `places` holds what was hit, numbered in order, with anchors if asked."""
    matcher = Matcher(program, kept, is_surveyed=is_surveyed)
    try:
        matcher.run(units, row_count_max)
        connection = matcher.connection
        if is_anchored:
            hit = connection.sql("from hit_units order by unit").to_arrow_table()
            connection.register("anchored", units.anchored(hit))
        else:
            connection.execute("create temp view anchored as from hit_units").fetchall()
        connection.execute(f"create temp table places as {sql('places_in_order')}").fetchall()
    except BaseException:
        matcher.connection.close()
        raise
    return matcher


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
        insert into batch_matches
        select rule, unit
        from (
            select unit, unnest([
            {listed}
            ]) as rule
            from (select unit, bits, case format {known} end as form from unit_bits)
        )
        where rule is not null
    """
