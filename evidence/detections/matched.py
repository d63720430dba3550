"""Owns rules that were matched once, so that their hits can be told of the same records at other times.

What a rule is true of does not change when a record arrives later or not at all; correlations do, and are
looked for anew.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import pyarrow as pa

from evidence.detections.detecting import hits_in, kept_fields
from evidence.detections.matching import open_pass
from evidence.detections.program import Program, compile_program
from evidence.detections.rules import RuleSet
from evidence.detections.units import BATCH_ROWS, Units
from evidence.tables import open_memory


@dataclass(frozen=True)
class Matched:
    """Which rule is true of which unit, and where these units lie.

    `places` has a row per unit that any rule is true of: `place`, `unit`, READ but for `raw` and `entries`,
    and ANCHORS (see `evidence.detections.units`).
    """

    rules: RuleSet
    program: Program
    places: pa.Table
    matches: pa.Table
    kept_texts: pa.Table

    def hits(self, places: pa.Table) -> pa.Table:
        """The hits (schema HITS) where units lie at other `places`: several each, other times, or none."""
        with closing(open_memory()) as connection:
            for name, table in {
                "matches": self.matches,
                "kept_texts": self.kept_texts,
                "places": places,
            }.items():
                connection.register(name, table)
            return hits_in(connection, self.rules, self.program)


def match_once(rules: RuleSet, units: Units) -> Matched:
    """The rules over the units, without correlations."""
    program = compile_program(rules)
    matcher = open_pass(program, kept_fields(rules, program), units, BATCH_ROWS, is_surveyed=False)
    with closing(matcher.connection) as connection:
        tables = [
            connection.sql(f"from {name} order by all").to_arrow_table()
            for name in ("places", "matches", "kept_texts")
        ]
    return Matched(rules, program, *tables)
