"""Measures Sigma rules on one large invented export: together, one after the other, and extraction alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from benchmarks.ingest import SETTINGS
from evidence import intake
from evidence.detections.detecting import detect
from evidence.detections.extraction import Extractor
from evidence.detections.loading import load_rules
from evidence.detections.program import compile_program
from evidence.detections.rules import RuleSet
from evidence.detections.units import BATCH_ROWS, intake_units, seen_units
from evidence.settings import load_settings
from evidence.tables import open_memory

RULES = Path(__file__).parents[1] / "playbooks" / "detections"
TABLES = ("raw_records", "evidence_events")


def write_tables(folder: Path) -> None:
    """The export as a run publishes it, so that reading it is no part of what is measured."""
    if all((folder / f"{name}.parquet").exists() for name in TABLES):
        return
    tables = intake.build(
        folder, load_settings(SETTINGS), lambda content: hashlib.sha256(content).hexdigest()
    )
    for name in TABLES:
        pq.write_table(tables[f"intake.{name}"], folder / f"{name}.parquet")


@cache
def all_rules() -> RuleSet:
    """Every rule of the playbooks."""
    return load_rules(RULES, RULES / "values.yaml")


def some_rules(count: int) -> RuleSet:
    """So many reporting rules, those that read CloudTrail (and correlations) first."""
    elsewhere = {rule.heading.id for rule in all_rules().rules if rule.log_source != "cloudtrail"}
    ids = sorted(
        (heading.id for heading in all_rules().reporting()), key=lambda each: (each in elsewhere, each)
    )
    return all_rules().only(ids[:count])


def extracting_work(folder: Path) -> Callable[[], int]:
    """Reading every record and taking out the fields of all rules, and no more. Returns what was taken."""
    connection, rules = _opened(folder), all_rules()
    extractor = Extractor(compile_program(rules))

    def run() -> int:
        taken = first = 0
        for batch in intake_units(connection, rules).batches(BATCH_ROWS):
            taken += extractor.extract(batch, first).occurrences.num_rows
            first += seen_units(batch, first).num_rows
        return taken

    return run


def detecting_work(folder: Path, rule_count: int, *, is_singly: bool = False) -> Callable[[], int]:
    """So many rules from the records to their hits, together or (`is_singly`) one after the other."""
    connection, rules = _opened(folder), some_rules(rule_count)
    sets = [rules.only([each.id]) for each in rules.reporting()] if is_singly else [rules]
    return lambda: sum(detect(each, intake_units(connection, each)).num_rows for each in sets)


def _opened(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = open_memory()
    connection.execute("set threads = 1").fetchall()
    connection.execute("create schema intake").fetchall()
    for name in TABLES:
        path = str(folder / f"{name}.parquet").replace("'", "''")
        connection.execute(f"create view intake.{name} as from read_parquet('{path}')").fetchall()
    return connection


def rule_count() -> int:
    """How many rules report."""
    return len(list(all_rules().reporting()))
