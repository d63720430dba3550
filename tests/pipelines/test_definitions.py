"""What `dagster dev` loads is complete, valid, honest about lineage, and light."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.api import create_execution_plan

from assets import kpis
from assets.lineage import COLUMN_LINEAGE, UPSTREAM
from assets.specs import group_of
from evidence.kpis import stage
from expectations.checks import CHECKS, GROUPS, Severity
from expectations.tables import STAGES, TABLES
from pipelines.definitions import defs

ROOT = Path(__file__).parents[2]
SPECS = {".".join(spec.key.path): spec for spec in defs.resolve_all_asset_specs()}
GRAPH = defs.resolve_asset_graph()


def test_the_workspace_validates() -> None:
    """`dagster definitions validate -w workspace.yaml` finds nothing."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dagster")), "definitions", "validate", "-w", "workspace.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr


# What a stage needs it imports when it runs: with it loading would take three times as long.
LATE_PACKAGES = (
    *("duckdb", "dulwich", "great_expectations", "jinja2", "markdown_it", "numpy", "orjson"),
    *("pandas", "pyarrow", "pygal", "regopy", "ruamel.yaml", "sigma", "sqlglot"),
)
# Of the core it is what makes neither table nor page; the contracts are there in any case.
EARLY_MODULES = {"anchors", "errors", "export_files", "redaction"}


def test_loading_imports_neither_the_stages_nor_what_they_need() -> None:
    """Nor does it say anything: what `dagster dev` loads is Dagster, our specs and the contracts."""
    code = (
        "import sys, pipelines.definitions as d; d.defs.resolve_job_def('materialise_everything'); "
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    loaded = set(done.stdout.split())
    assert set() == loaded & set(LATE_PACKAGES)
    assert set() == {name for name in loaded if name.startswith("simulator")}
    core = {name.removeprefix("evidence.") for name in loaded if name.startswith("evidence.")}
    assert EARLY_MODULES == core


@pytest.mark.parametrize("name", sorted(SPECS))
def test_an_asset_leads_to_its_code(name: str) -> None:
    """To its function, and from a table to its contract and to SQL of its name: lines that are there."""
    found = SPECS[name].metadata["dagster/code_references"]
    assert isinstance(found, dg.CodeReferencesMetadataValue)
    places = {each.label: each for each in found.code_references}
    assert "assets" == _file(places[None]).parent.name
    assert _line(places[None]).startswith(("@dg.asset(", "@dg.multi_asset("))
    assert (name in TABLES) is ("contract" in places)
    if name in TABLES:
        assert f'"{name}",' == _line(places["contract"]).strip()
        sql = ROOT / "evidence" / TABLES[name].stage / f"{TABLES[name].table}.sql"
        assert ([sql] if sql.exists() else []) == [_file(places[each]) for each in places if each == "SQL"]


def _file(place: dg.LocalFileCodeReference | dg.UrlCodeReference) -> Path:
    assert isinstance(place, dg.LocalFileCodeReference)
    return Path(place.file_path)


def _line(place: dg.LocalFileCodeReference | dg.UrlCodeReference) -> str:
    assert isinstance(place, dg.LocalFileCodeReference)
    assert place.line_number
    return _file(place).read_text().splitlines()[place.line_number - 1]


def test_every_table_is_an_asset() -> None:
    """All declared tables, recorded incidents, the playbook, its versions, the reports, and nothing else."""
    others = {"recorded_incidents", "playbook", "playbook_versions", "kpis.weekly_reports"}
    assert {*TABLES, *others} == set(SPECS)


@pytest.mark.parametrize("table", TABLES)
def test_an_asset_says_what_its_table_is(table: str) -> None:
    """Group, kinds, owner, description, code version and columns come from the contract."""
    spec, contract = SPECS[table], TABLES[table]
    schema = spec.metadata["dagster/column_schema"]
    assert group_of(contract) == spec.group_name
    assert {"duckdb", "parquet"} <= spec.kinds
    assert spec.owners
    assert spec.code_version
    assert contract.doc == spec.description
    assert spec.description.startswith("One row per ")
    assert isinstance(schema, dg.TableSchema)
    assert list(contract.column_names) == [column.name for column in schema.columns]


def test_what_is_above_is_made_before_what_is_below() -> None:
    """The declared order of the tables is an order in which they can be made."""
    made = {"recorded_incidents", "playbook", "playbook_versions"}
    for table, upstream in UPSTREAM.items():
        assert set(upstream) <= made, table
        made.add(table)


# The code of replay is a room of its own, which reads the recorded evidence for more than its tables.
@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in ("intake", "replay")])
def test_lineage_names_what_the_stage_reads(stage: str) -> None:
    """The tables of other stages that the stage's code names are those that its lineage names."""
    files = [path for path in (ROOT / "evidence" / stage).rglob("*") if path.suffix in (".py", ".sql")]
    code = "\n".join(path.read_text() for path in files)
    read = {table for table in TABLES if re.search(rf"\b{re.escape(table)}\b", code)}
    own = {table for table in TABLES if TABLES[table].stage == stage}
    # The verdicts are about every table, and no code of the core reads any for them.
    built = own - {"quality.validation_results"}
    declared = {upstream for table in built for upstream in UPSTREAM[table]} - {"playbook"}
    assert read - own == declared - own


@pytest.mark.parametrize("table", COLUMN_LINEAGE)
def test_column_lineage_names_columns_that_exist(table: str) -> None:
    """Each source is a column of a table that lies upstream, of the same type."""
    above = {".".join(key.path) for key in GRAPH.get_ancestor_asset_keys(dg.AssetKey(table.split(".")))}
    for column, sources in COLUMN_LINEAGE[table].items():
        for source_table, source_column in sources:
            assert source_table in above, column
            assert TABLES[source_table].column(source_column).type is TABLES[table].column(column).type


def test_every_declared_check_is_an_asset_check() -> None:
    """Names and severities are those of the plain table; errors block and warnings do not."""
    declared = {(check.table, check.name): check.severity is Severity.ERROR for check in CHECKS}
    found = {
        (".".join(key.asset_key.path), key.name): GRAPH.get(key).blocking for key in GRAPH.asset_check_keys
    }
    assert declared == found


def steps_above(step: str) -> set[str]:
    """Every step that must have succeeded before this one begins, in a run of everything."""
    plan = create_execution_plan(defs.resolve_job_def("materialise_everything"))
    direct = {
        one.key: {
            handle.step_key
            for source in one.step_inputs
            for handle in source.get_step_output_handle_dependencies()
        }
        for one in plan.get_all_steps_in_topo_order()
    }
    found: set[str] = set()
    wanted = [step]
    while wanted:
        new = direct[wanted.pop()] - found
        found |= new
        wanted += sorted(new)
    return found


@pytest.mark.parametrize(
    ("step", "checked"),
    [
        ("completeness", {"intake"}),
        ("enrichment", {"intake", "completeness"}),
        ("minimum_context", {"intake", "completeness", "enrichment"}),
        ("decision", {"intake", "completeness", "enrichment"}),
        ("handoff", {"intake", "completeness", "enrichment", "decision"}),
        ("weekly_kpis", {"intake", "completeness", "enrichment", "decision"}),
        ("overall_kpis", {"intake", "completeness", "enrichment", "decision"}),
        ("reviews", {"intake", "completeness", "enrichment", "decision", "ablations"}),
        ("ablation", {"intake"}),
        ("replay", {"intake", "completeness", "enrichment"}),
        ("comparisons", {"intake", "completeness", "enrichment", "replay"}),
        ("validation_results", set(GROUPS) - {"validation"}),
    ],
)
def test_a_blocking_check_blocks_what_is_built_on_it(step: str, checked: set[str]) -> None:
    """A stage begins when the checks of everything it reads have gone through."""
    assert {f"{group}_checks" for group in checked} <= steps_above(step)


def test_weekly_tables_are_partitioned_by_monday() -> None:
    """Weekly tables in weeks from 2026-01-05, all in one run; reviews are not partitioned."""
    for table in TABLES:
        node = GRAPH.get(dg.AssetKey(table.split(".")))
        assert node.is_partitioned is table.startswith("kpis.weekly_"), table
    weekly = GRAPH.get(dg.AssetKey(["kpis", "weekly_mttd"]))
    assert weekly.partitions_def is not None
    assert "2026-01-05" == weekly.partitions_def.get_first_partition_key()
    assert dg.BackfillPolicy.single_run() == weekly.backfill_policy


def test_what_is_read_on_monday_is_due_on_monday() -> None:
    """Weekly tables and reports: to be made when the schedule runs, overdue two hours later."""
    due = {name for name, spec in SPECS.items() if spec.freshness_policy}
    assert {name for name in SPECS if name.startswith("kpis.weekly_")} == due
    (policy,) = {SPECS[name].freshness_policy for name in due}
    assert dg.FreshnessPolicy.cron("0 8 * * 1", datetime.timedelta(hours=2), "UTC") == policy
    assert "0 6 * * 1" == defs.resolve_schedule_def("every_monday").cron_schedule


def test_the_tables_of_the_kpi_assets_are_those_of_the_stage() -> None:
    """They are named twice, so that loading the location imports no stage."""
    ours = (kpis.WEEKLY_TABLES, kpis.REVIEW_TABLES, kpis.OVERALL_TABLES)
    core = (stage.WEEKLY_TABLES, stage.REVIEW_TABLES, stage.OVERALL_TABLES)
    assert [sorted(tables) for tables in core] == [sorted(tables) for tables in ours]


def test_a_group_is_a_stage_or_a_room() -> None:
    """One stage, one word; what no stage has to itself bears the word of its room."""
    groups = {spec.group_name for spec in SPECS.values()}
    assert {*STAGES, "playbooks", "expectations"} == groups
    assert all((ROOT / room).is_dir() for room in groups - set(STAGES))
    outside = {table for table, contract in TABLES.items() if contract.stage != SPECS[table].group_name}
    assert {"quality.minimum_context", "quality.validation_results"} == outside


def test_the_groups_read_from_left_to_right() -> None:
    """What a group is made from stands in groups before it, so that the graph is drawn in this order."""
    order = ["intake", "playbooks", "quality", "enrichment", "decision", "handoff", "replay", "kpis"]
    order.append("expectations")
    edges = {
        (SPECS[".".join(dep.asset_key.path)].group_name, spec.group_name)
        for spec in SPECS.values()
        for dep in spec.deps
    }
    assert [] == [(above, below) for above, below in sorted(edges) if order.index(above) > order.index(below)]
