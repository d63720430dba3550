"""The commands of `evidence`, their options and exit codes; each imports what it needs only when it runs."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli import (
    checking,
    copying,
    detecting,
    exporting,
    generating,
    labelling,
    pruning,
    replaying_policies,
    reporting,
    starting,
)
from pipelines.cli.choices import ComparisonFormat, Engine, Format
from pipelines.cli.exit_codes import EXIT_CODES, EXIT_FINDINGS, EXIT_USAGE
from pipelines.cli.options import (
    OUT,
    PLAYBOOKS,
    WAREHOUSE,
    AsOf,
    History,
    Incidents,
    OneIncident,
    OneIncidentOrAll,
    OnlyIncidents,
    Out,
    OutputFormat,
    Playbooks,
    RecordedIncidents,
    WarehouseFolder,
)
from pipelines.cli.streams import leave_at_once, print_anywhere

EPILOG = f"Exit codes: {'; '.join(f'{code} {meaning}' for code, meaning in EXIT_CODES.items())}."


class _Commands(typer.core.TyperGroup):
    """Turns the project's own errors into one line on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        from evidence.errors import EvidenceError

        print_anywhere()
        try:
            return super().invoke(ctx)
        except EvidenceError as error:
            sys.stderr.write(f"evidence: {error}\n")
            raise typer.Exit(exit_code_of(error)) from error


def exit_code_of(error: Exception) -> int:
    """2 where the call or an input is at fault, 1 where something built from it does not hold."""
    from evidence.errors import DetectionError, InputError, PlaybookError, WarehouseError

    at_fault = InputError | PlaybookError | DetectionError | WarehouseError
    return EXIT_USAGE if isinstance(error, at_fault) else EXIT_FINDINGS


app = typer.Typer(
    name="evidence",
    cls=_Commands,
    help="Turns recorded cloud incidents into checked evidence, a bounded decision and a handoff package.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        sys.stdout.write(f"evidence {version('incident-evidence')}\n")
        raise typer.Exit


@app.callback()
def main(
    is_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Owns the options of all commands."""


@app.command(epilog="Example: evidence run --incidents recorded/2026 --out handoffs")
def run(
    *,
    incidents: Incidents,
    warehouse: WarehouseFolder = WAREHOUSE,
    out: Out = OUT,
    playbooks: Playbooks = PLAYBOOKS,
    threads: Annotated[int, typer.Option(min=0, help="Threads of DuckDB; 0 leaves it to DuckDB.")] = 0,
    is_progress: Annotated[
        bool | None,
        typer.Option("--progress/--no-progress", help="Show each stage; by default on a terminal only."),
    ] = None,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Build every table and handoff from the recorded incidents, through Dagster in this process.

    Opens no socket, starts no process and writes to its own folders only.
    """
    from pipelines.garbage import rare_collections

    with rare_collections():
        _run(incidents, warehouse, out, playbooks, threads, is_progress, output_format)
    leave_at_once()


def _run(
    incidents: Path,
    warehouse: Path,
    out: Path,
    playbooks: Path,
    threads: int,
    is_progress: bool | None,
    output_format: Format,
) -> None:
    from assets.folders import Folders
    from pipelines.cli.progress import Progress
    from pipelines.cli.summary import print_blocked, print_summary
    from pipelines.execution import Blocked, run_everything

    folders = Folders(
        incidents=str(incidents),
        warehouse=str(warehouse),
        out=str(out),
        playbooks=str(playbooks),
        threads=threads,
    )
    try:
        run_everything(folders, Progress(is_progress))
    except Blocked:
        print_blocked(folders, output_format)
        raise typer.Exit(EXIT_FINDINGS) from None
    print_summary(folders, output_format)


@app.command(epilog="Example: evidence ingest exports/ --into incidents --dry-run")
def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files or folders of exports, plain, gzip or Parquet.")],
    into: Annotated[Path, typer.Option(help="Folder of incidents to write into.")] = Path("incidents"),
    gap: Annotated[
        str | None,
        typer.Option(show_default="30m", help="Records of one entity further apart are of two incidents."),
    ] = None,
    manifest: Annotated[Path | None, typer.Option(help="YAML that says what belongs together.")] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="YAML file that names columns: PATHS are tables of incidents, no exports."),
    ] = None,
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")] = False,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Take in exports: recognise files, group records into incidents, say what could not be read and why.

    Catalogue and settings are those of the folder written into, or beside it. What is refused is kept too.
    """
    from pipelines.cli.ingesting import print_ingested

    print_ingested(paths, into, gap, manifest, mapping, is_dry_run, output_format)


@app.command(epilog="Example: evidence verify inc-0101-checkout-shell")
def verify(
    incident: OneIncidentOrAll = None,
    *,
    incidents: Incidents,
    warehouse: WarehouseFolder = WAREHOUSE,
    out: Out = OUT,
    playbooks: Playbooks = PLAYBOOKS,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Prove every claim against the raw bytes and every published file against its digest.

    One line per file that is not as published. A note, which fails nothing, says when the handoffs were
    written with another playbook than the one that is active now.
    """
    from pipelines.cli.verifying import print_findings

    if print_findings(incidents, warehouse, out, playbooks, incident, output_format):
        raise typer.Exit(EXIT_FINDINGS)


@app.command(epilog="Example: evidence explain inc-0102-checkout-bad-release")
def explain(
    incident: OneIncident,
    warehouse: WarehouseFolder = WAREHOUSE,
    playbooks: Playbooks = PLAYBOOKS,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Say who must approve, which rules fired, why each alternative lost, and what was known when."""
    from pipelines.cli.reading import print_explanation

    print_explanation(warehouse, playbooks, incident, output_format)


@app.command(epilog="Example: evidence digest | tail -1")
def digest(warehouse: WarehouseFolder = WAREHOUSE, output_format: OutputFormat = Format.TEXT) -> None:
    """Print the SHA-256 of every published table, and last the root over all of them."""
    from pipelines.cli.reading import print_digests

    print_digests(warehouse, output_format)


@app.command(epilog="Example: evidence replay --playbook playbooks/v2 --as-of 2026-01-14T09:20:00Z")
def replay(
    playbook: Annotated[
        str | None,
        typer.Option(help="Playbook: a version's folder, or git:REF:FOLDER; the active one when omitted."),
    ] = None,
    incident: OnlyIncidents = None,
    as_of: AsOf = None,
    faults: Annotated[
        str | None,
        typer.Option(
            "--faults", help="Seed, or range of seeds (1-100), of faults to inject into the evidence."
        ),
    ] = None,
    warehouse: WarehouseFolder = WAREHOUSE,
    history: History = None,
    incidents: RecordedIncidents = None,
    engine: Annotated[
        Engine, typer.Option("--engine", help="Same result: this process, or Spark over --history.")
    ] = Engine.EMBEDDED,
    playbooks: Playbooks = PLAYBOOKS,
    out: Out = OUT,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Decide recorded history with one playbook, at every moment with only what was known then.

    With --faults the evidence is altered first (sources dropped, delayed, duplicated, reordered, skewed,
    cut) and every moment is held to the safety invariants; nothing is written.
    """
    from evidence.errors import InputError
    from pipelines.cli.histories import HistoryChoice
    from pipelines.cli.replaying import print_faulted, print_replay

    if faults is not None and engine is Engine.SPARK:
        raise InputError("--faults alters evidence in this process", remedy="Leave out --engine or --faults")
    choice = HistoryChoice(warehouse, history, incidents, as_of)
    if faults is None:
        print_replay(playbook, playbooks, choice, incident or (), out, output_format, engine)
    elif print_faulted(playbook, playbooks, choice, incident or (), faults, output_format):
        raise typer.Exit(EXIT_FINDINGS)


@app.command(epilog="Example: evidence compare git:main playbooks/v3 --fail-on safety-weakening,regression")
def compare(
    baseline: Annotated[
        str | None, typer.Argument(help="Playbook as it is: a version's folder, or git:REF.")
    ] = None,
    candidate: Annotated[
        str | None, typer.Argument(help="Playbook as it would be: a version's folder, or git:REF.")
    ] = None,
    detections: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--detections",
            metavar="OLD NEW",
            help="Compare two sets of Sigma rules instead: each a folder, a file or git:REF:PATH.",
        ),
    ] = None,
    policies: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--policies",
            metavar="OLD NEW",
            help="Compare two folders of Rego policies instead: each a folder or git:REF:PATH.",
        ),
    ] = None,
    playbook: Annotated[
        str | None, typer.Option(help="Playbook that decides with either set; the active one when omitted.")
    ] = None,
    values: Annotated[
        Path | None,
        typer.Option(help="YAML file of placeholders for both sets; when omitted values.yaml near each."),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", help="Changes that make the command fail, with commas between them."),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow", help="Weakening that may pass, by name (clauses joined by +); may be repeated."
        ),
    ] = None,
    output_format: Annotated[
        ComparisonFormat, typer.Option("--format", help="How to write the comparison.")
    ] = ComparisonFormat.TEXT,
    out: Annotated[Path | None, typer.Option("--out", help="File to write instead of printing.")] = None,
    as_of: AsOf = None,
    warehouse: WarehouseFolder = WAREHOUSE,
    history: History = None,
    incidents: RecordedIncidents = None,
    is_attributed: Annotated[
        bool, typer.Option("--clauses/--no-clauses", help="Find the clauses that are responsible.")
    ] = True,
    listed_max: Annotated[
        int, typer.Option("--most", min=0, help="Changed incidents to list; 0 lists all.")
    ] = 1000,
    is_all: Annotated[
        bool, typer.Option("--all", help="Tell every listed change, not only the gravest (text only).")
    ] = False,
) -> None:
    """Say which past incidents another playbook decides differently, when, why and with whose approval.

    With --detections the same for other rules under one playbook: what they catch and miss, how much sooner
    or later, with what noise, and which decisions turn. With --policies the same for other policies: which
    proposals they newly deny or allow. Fails when a change named by --fail-on occurs, and
    always when an approval is removed, or an approver redirected, that is not allowed by name. --fail-on
    takes the classes of change, regression, decision, path, detection-lost: an incident of type security
    caught no more, newly-allowed, newly-denied, newly-needs-approval: proposals, and
    safety-weakening: a precondition, floor or denial that the playbook gives up.
    """
    from pipelines.cli.compared_sides import Compared
    from pipelines.cli.comparing import print_comparison
    from pipelines.cli.histories import HistoryChoice

    if print_comparison(
        Compared(baseline, candidate, detections, playbook, values, policies),
        HistoryChoice(warehouse, history, incidents, as_of),
        output_format=output_format,
        out=out,
        fail_on=fail_on,
        allowed=allow or (),
        is_attributed=is_attributed,
        listed_max=listed_max,
        is_all=is_all,
    ):
        raise typer.Exit(EXIT_FINDINGS)


app.command(epilog=detecting.EPILOG)(detecting.detect)
app.command(epilog=exporting.EPILOG)(exporting.grafana)
app.command(epilog=labelling.EPILOG)(labelling.label)
app.command(epilog=replaying_policies.EPILOG)(replaying_policies.replay_policies)
app.command(epilog=reporting.EPILOG)(reporting.report)
app.command(epilog=starting.EPILOG)(starting.init)


@app.command(epilog="Example: evidence tabletop inc-0103 < answers.txt")
def tabletop(
    incident: Annotated[
        str, typer.Argument(help="Incident, or the beginning of its name: the whole may tell how it ended.")
    ],
    playbook: Annotated[
        str | None,
        typer.Option(help="Playbook: a version's folder, or git:REF:FOLDER; the active one when omitted."),
    ] = None,
    warehouse: WarehouseFolder = WAREHOUSE,
    history: History = None,
    incidents: RecordedIncidents = None,
    playbooks: Playbooks = PLAYBOOKS,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Step through a recorded incident without its future, choose at each step, and compare at the end.

    Answers are read from standard input, one a line: an option's name, the beginning of it, or its number;
    empty keeps the last choice, ? tells more, q ends, lines that begin with # are comments.
    """
    from pipelines.cli.histories import HistoryChoice
    from pipelines.cli.tabletop import print_tabletop

    choice = HistoryChoice(warehouse, history, incidents)
    print_tabletop(incident, playbook, playbooks, choice, output_format)


app.command(epilog=pruning.EPILOG)(pruning.prune)
app.command(epilog=checking.EPILOG)(checking.check)
app.command(epilog=generating.EPILOG)(generating.generate)


app.command(epilog=copying.EPILOG)(copying.history)
