"""The command `evidence check`: a playbook as a whole, or Sigma rules and their cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.choices import Format
from pipelines.cli.exit_codes import EXIT_FINDINGS
from pipelines.cli.options import WAREHOUSE, AsOf, History, OutputFormat, RecordedIncidents, WarehouseFolder

EPILOG = "Example: evidence check playbooks/v3 --mutations"


def check(
    playbook: Annotated[
        str,
        typer.Argument(
            help="Playbook: a version's folder, that of all (the active one), git:REF:FOLDER; or Sigma files."
        ),
    ],
    is_mutated: Annotated[
        bool, typer.Option("--mutations", help="Try slight changes, and name those that nothing notices.")
    ] = False,
    warehouse: WarehouseFolder = WAREHOUSE,
    history: History = None,
    incidents: RecordedIncidents = None,
    as_of: AsOf = None,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Check a playbook: its faults by place, proofs and cases, and what recorded history says about it.

    Exits with 2 when it has slips, 1 when a case or a proof does not hold, else 0. What history shows is
    information. Without a history the rest is checked all the same. Of Sigma rules it says whether each can
    be honoured, and whether the records in its cases are hits or not, as they say.
    """
    from pipelines.cli.check import print_check
    from pipelines.cli.check_rules import is_of_rules, print_rule_check
    from pipelines.cli.histories import HistoryChoice

    if is_of_rules(playbook):
        _refuse_mutations(is_mutated=is_mutated)
        code = 0 if print_rule_check(Path(playbook), output_format) else EXIT_FINDINGS
    else:
        choice = HistoryChoice(warehouse, history, incidents, as_of)
        code = print_check(playbook, choice, is_mutated=is_mutated, output_format=output_format)
    if code:
        raise typer.Exit(code)


def _refuse_mutations(*, is_mutated: bool) -> None:
    from evidence.errors import InputError

    if is_mutated:
        raise InputError(
            "--mutations changes a playbook", remedy="Leave it out for rules, or name a playbook"
        )
