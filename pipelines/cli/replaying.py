"""The command `evidence replay`: one playbook's decisions on recorded history, as text, JSON and files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli.histories import HistoryChoice, load_named, named_version, open_chosen, writing

if TYPE_CHECKING:
    from evidence.decision import Bundle
    from simulator.histories.history import History
    from simulator.replays.runs import Run

FOLDER = "replays"


def print_replay(
    playbook: str | None,
    playbooks: Path,
    choice: HistoryChoice,
    incidents: Sequence[str],
    out: Path,
    output_format: str,
    engine: str = "embedded",
) -> None:
    """Replay, write the run below `out` and print it. Raises InputError for an incident that is not there."""
    from contextlib import closing

    _refuse_unread_by(engine, choice)
    bundle = _bundle(playbook, playbooks)
    history = open_chosen(choice, bundle)
    with closing(history.connection):
        wanted = _wanted(history, incidents)
        run = _replayed(engine, history, choice, bundle, wanted)
        reference = str(playbooks / bundle.name) if playbook is None else named_version(playbook)
        record = run_record(history, run, reference, wanted)
    with writing(f"--out {out}"):
        folder = write_run(out / FOLDER / run.run_id, run, record)
    if output_format == "json":
        sys.stdout.write(json.dumps({**record, "incidents": list(_incidents(run))}, indent=2) + "\n")
    else:
        from pipelines.cli.replay_text import replay_lines
        from pipelines.cli.wrapping import fitted

        lines = replay_lines(record, run, folder, with_paths=wanted is not None)
        sys.stdout.write("".join(f"{fitted(line)}\n" for line in lines))


def print_faulted(
    playbook: str | None,
    playbooks: Path,
    choice: HistoryChoice,
    incidents: Sequence[str],
    faults: str,
    output_format: str,
) -> int:
    """Replay under injected faults and print what broke; returns how many histories broke something."""
    from evidence.errors import InputError
    from pipelines.cli.faults import print_faults

    if choice.history is not None or choice.as_of is not None:
        raise InputError(
            "faults are injected into raw evidence, which a history of states does not have",
            remedy="Leave out --history and --as-of, or --faults",
        )
    given = {
        "--playbook": playbook,
        "--incidents": choice.incidents,
        "--warehouse": choice.warehouse if choice.warehouse != Path("warehouse") else None,
        "--playbooks": playbooks if playbooks != Path("playbooks") else None,
    }
    repeated = [text for name, value in given.items() if value is not None for text in (name, str(value))]
    return print_faults(
        _bundle(playbook, playbooks),
        choice.warehouse,
        choice.incidents,
        faults,
        incidents,
        output_format,
        repeated,
    )


def _bundle(playbook: str | None, playbooks: Path) -> Bundle:
    """The playbook asked for, or the active one."""
    from evidence.decision import load_active

    return load_active(playbooks) if playbook is None else load_named(playbook)


def _refuse_unread_by(engine: str, choice: HistoryChoice) -> None:
    from evidence.errors import InputError

    if engine == "spark" and choice.history is None:
        raise InputError(
            "--engine spark reads a folder of Parquet files",
            remedy="Name one with --history; `evidence history FOLDER` copies the published history into one",
        )


def _replayed(
    engine: str, history: History, choice: HistoryChoice, bundle: Bundle, wanted: Sequence[str] | None
) -> Run:
    """The run, which is the same with either engine."""
    if engine == "spark" and choice.history is not None:
        from simulator.replays.spark import replay_runs_on_spark

        return replay_runs_on_spark(history, choice.history, [bundle], wanted)[0]
    from simulator.replays.runs import replay_runs

    return replay_runs(history, [bundle], wanted)[0]


def _wanted(history: History, incidents: Sequence[str]) -> list[str] | None:
    """The incidents that are meant, each by its name or a beginning of it that is its alone; None for all."""
    from evidence.errors import InputError
    from evidence.incident_names import find_incident

    if not incidents:
        return None
    known = [
        row[0]
        for row in history.connection.execute(
            "select incident_id from intake.incidents order by incident_id"
        ).fetchall()
    ]
    try:
        return sorted({find_incident(text, known) for text in incidents})
    except InputError as error:
        raise InputError(f"{error.what}{_as_of(history)}", remedy=error.remedy) from None


def _as_of(history: History) -> str:
    from evidence.times import format_rfc3339

    return "" if history.as_of is None else f" as of {format_rfc3339(history.as_of)}"


def run_record(history: History, run: Run, reference: str, incidents: Sequence[str] | None) -> dict[str, Any]:
    """What the run depends on and what came of it: no clock, so that the same run writes the same record.

    `incidents` are those that were asked for, None: all.
    """
    from assets.code import code_digest
    from evidence.anchors import sha256_of
    from evidence.times import format_rfc3339
    from evidence.warehouse import parquet_bytes

    return {
        "format": "incident-evidence/replay",
        "run_id": run.run_id,
        "playbook": {"reference": reference, "name": run.bundle.name, "digest": run.bundle.digest},
        "policies": {policy.name: policy.digest for policy in run.bundle.policies},
        "history": {
            "digest": history.digest,
            "as_of": None if history.as_of is None else format_rfc3339(history.as_of),
            "incident_count": run.decisions.num_rows,
            "only_incidents": incidents,
            "has_horizons": history.has_horizons,
        },
        "code_sha256": code_digest(),
        "tables": {
            name: {"sha256": sha256_of(parquet_bytes(table)), "row_count": table.num_rows}
            for name, table in sorted(run.tables.items())
        },
        "result_digest": run.digest,
    }


def write_run(folder: Path, run: Run, record: Mapping[str, Any]) -> Path:
    """Write the record and the four tables; the same run again leaves the files as they are."""
    from evidence.placing import changed, place
    from evidence.warehouse import parquet_bytes

    content = {
        f"{name.partition('.')[2]}.parquet": parquet_bytes(table) for name, table in run.tables.items()
    }
    content["run.json"] = (json.dumps(record, indent=2) + "\n").encode()
    place(changed((folder / name, data) for name, data in sorted(content.items())))
    return folder


def _incidents(run: Run) -> Iterator[dict[str, Any]]:
    """Per incident its decision, every change on the way, all options and the policies' verdicts."""
    parts = {name: by_incident(table.to_pylist()) for name, table in run.tables.items()}
    for row in run.decisions.to_pylist():
        incident_id = row["incident_id"]
        yield {
            "incident_id": incident_id,
            "decision": _timed(row),
            "recommendations": [_timed(each) for each in parts["decision.recommendations"][incident_id]],
            "options": parts["decision.option_scores"][incident_id],
            "policy_verdicts": parts["decision.policy_verdicts"].get(incident_id, []),
        }


def by_incident(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The rows of each incident, in their order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["incident_id"], []).append(row)
    return found


def _timed(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its times in RFC 3339, which JSON readers keep whole."""
    from evidence.times import format_rfc3339

    return {
        name: format_rfc3339(value) if name.endswith("_at") and isinstance(value, int) else value
        for name, value in row.items()
    }
