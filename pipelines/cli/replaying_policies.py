"""The command `evidence replay-policies`: what other policies would have said of the decisions OPA logged."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.compared_sides import USUAL_POLICIES
from pipelines.cli.exit_codes import EXIT_FINDINGS
from pipelines.cli.options import WAREHOUSE, RecordedIncidents, RecordsHistory, WarehouseFolder

if TYPE_CHECKING:
    from simulator.policies.decision_model import PolicyReplay

EPILOG = "Example: evidence replay-policies --policies admission/ --exports opa-logs/ --fail-on different"


class ReplayFormat(StrEnum):
    """How the replay is written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


class FailOn(StrEnum):
    """What makes the command fail."""

    DIFFERENT = "different"
    NOT_REPLAYABLE = "not-replayable"


def replay_policies(
    policies: Annotated[
        str, typer.Option(help="Folder of Rego modules, with data.json or data.yaml; or git:REF:FOLDER.")
    ],
    incidents: RecordedIncidents = None,
    exports: Annotated[
        Path | None, typer.Option(help="File or folder of raw exports: decision logs as OPA writes them.")
    ] = None,
    history: RecordsHistory = None,
    warehouse: WarehouseFolder = WAREHOUSE,
    fail_on: Annotated[
        list[FailOn] | None, typer.Option("--fail-on", help="What makes it fail; may be repeated.")
    ] = None,
    listed_max: Annotated[int, typer.Option("--most", min=0, help="Decisions to list; 0 lists all.")] = 1000,
    output_format: Annotated[
        ReplayFormat, typer.Option("--format", help="How to write the replay.")
    ] = ReplayFormat.TEXT,
    out: Annotated[Path | None, typer.Option("--out", help="File to write instead of printing.")] = None,
) -> None:
    """Say what other policies would have answered where OPA logged a decision: recorded result, new result.

    Each distinct question is evaluated once, in a process of its own that is bounded in time and memory.
    Entries that intake refused are told with their reason and place. Exits with 0 whatever the policies say,
    unless --fail-on names it; with 2 when a policy or the call is wrong, or --fail-on is given and there is
    no decision to replay.
    """
    from contextlib import closing

    from pipelines.cli.out_files import prepare_out, put_out
    from simulator.bundles.bundle_refs import located_folder
    from simulator.detections.recorded import open_chosen
    from simulator.policies.modules import load_modules
    from simulator.policies.replaying import replay_decisions

    read = [path for path in (incidents, exports, history) if path is not None] or [warehouse]
    if out is not None:
        prepare_out(out, [*read, *([] if policies.startswith("git:") else [Path(policies)])])
    recorded = open_chosen(warehouse, incidents, exports, history)
    with closing(recorded.connection), located_folder(policies, policies, USUAL_POLICIES) as found:
        replay = replay_decisions(load_modules(found.folder), recorded, policies, listed_max=listed_max)
    put_out(_written(replay, output_format, is_printed=out is None), out)
    _report(replay, fail_on or [])


def _written(replay: PolicyReplay, output_format: ReplayFormat, *, is_printed: bool) -> str:
    from pipelines.cli.wrapping import wrapped
    from simulator.policies.replay_text import render_json, render_markdown, render_text

    if output_format is ReplayFormat.JSON:
        return render_json(replay)
    if output_format is ReplayFormat.MARKDOWN:
        return render_markdown(replay)
    return wrapped(render_text(replay)) if is_printed else render_text(replay)


def _report(replay: PolicyReplay, fail_on: list[FailOn]) -> None:
    """Raises InputError where a check was asked for and nothing was there to check."""
    from evidence.errors import InputError
    from simulator.policies.replay_text import nothing_found

    if fail_on and not replay.decision_count:
        raise InputError(
            f"--fail-on has nothing to look at: {nothing_found(replay)}",
            remedy="Name what holds decision logs by --exports, --incidents, --history or --warehouse",
        )
    is_all_left = replay.decision_count == replay.not_replayable_count
    if fail_on and is_all_left and FailOn.NOT_REPLAYABLE not in fail_on:
        raise InputError(
            f"--fail-on has nothing to look at: none of {replay.decision_count:,} recorded decisions could "
            "be replayed, each for a reason that is listed",
            remedy="Name the policies that were asked with --policies, or add --fail-on not-replayable",
        )
    counts = {
        FailOn.DIFFERENT: replay.different_count,
        FailOn.NOT_REPLAYABLE: replay.not_replayable_count,
    }
    failing = [each for each in FailOn if each in fail_on and counts[each]]
    for each in failing:
        sys.stderr.write(f"evidence: fails on {each.value}: {counts[each]}\n")
    if failing:
        raise typer.Exit(EXIT_FINDINGS)
