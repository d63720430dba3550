"""The command `evidence tabletop`: steps through a recorded incident, asks at each, compares at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TextIO

from evidence import decision
from evidence.decision.matrix import Option
from evidence.errors import InputError, Place
from evidence.incident_names import find_incident
from pipelines.cli.answers import LEFT_OVER_MAX, Answers
from pipelines.cli.histories import HistoryChoice, load_named, open_seen
from simulator.tabletop.record import FIRST_CHOICE, Record, conclude
from simulator.tabletop.session import (
    Command,
    Exercise,
    Step,
    known_incidents,
    open_exercise,
    parse_answer,
)
from simulator.tabletop.words import (
    answer_words,
    known_lines,
    opening_lines,
    prompt,
    record_lines,
    step_lines,
)

SCRIPT = Path("standard input")


def print_tabletop(
    incident: str, playbook: str | None, playbooks: Path, choice: HistoryChoice, output_format: str
) -> None:
    """Hold the exercise over standard input and print what came of it.

    Raises InputError for an incident that is not there, and for a wrong answer in a script, with its line.
    """
    bundle = load_named(playbook) if playbook else decision.load_active(playbooks)
    history = open_seen(choice, bundle)
    with closing(history.connection):
        named = find_incident(incident, known_incidents(history.connection))
        exercise = open_exercise(history.connection, bundle, named)
    is_json = output_format == "json"
    table = Table(sys.stdin, sys.stderr if is_json else sys.stdout, is_quiet=is_json)
    record = table.hold(exercise, incident)
    if is_json:
        sys.stdout.write(record.model_dump_json(indent=2) + "\n")
    else:
        _write(sys.stdout, ["", *record_lines(record)])
    if count := table.count_unasked():
        at_least = "at least " if count >= LEFT_OVER_MAX else ""
        sys.stderr.write(f"evidence: {at_least}{count:,} more answers than steps\n")


class Table:
    """Where an exercise is held: a terminal, or a script of one answer a line.

    A script's lines that begin with # are comments; its end keeps the last choice to the end.
    """

    def __init__(self, answers: TextIO, out: TextIO, *, is_quiet: bool = False) -> None:
        self.answers = Answers(answers)
        self.out = out
        self.is_terminal = self.answers.is_terminal
        self.is_quiet = is_quiet and not self.is_terminal
        self.line_number = 0

    def hold(self, exercise: Exercise, asked_for: str) -> Record:
        """Go through the steps until they end or the person does."""
        self._say(opening_lines(asked_for, exercise.bundle))
        choices: list[Option] = []
        ended_at_step = None
        for step in exercise.steps:
            self._say(["", *step_lines(step)])
            answer = self._ask(exercise, step, choices[-1] if choices else FIRST_CHOICE)
            if answer is None:
                ended_at_step = step.number
                break
            choices.append(answer)
        return conclude(exercise, choices, ended_at_step)

    def count_unasked(self) -> int:
        """How many answers a script has left over, of the lines that are there already and looked at."""
        return 0 if self.is_terminal else sum(not line.startswith("#") for line in self.answers.left_over())

    def _ask(self, exercise: Exercise, step: Step, last: Option) -> Option | None:
        """The option chosen at the step; None when the person ends. Asks again until there is an answer."""
        while True:
            answer = self._answer(last)
            if answer is Command.QUIT:
                return None
            if answer is Command.HELP:
                self._say(known_lines(step, exercise.bundle))
            elif answer is not None:
                return last if answer is Command.KEEP else answer

    def _answer(self, last: Option) -> Option | Command | None:
        """The next answer; None where it was wrong and may be given again."""
        self._say([prompt(last)], end="")
        text = self._next_answer()
        if not self.is_terminal:
            self._say([answer_words(text)])
        elif text is None:
            self._say([""])
        try:
            return parse_answer(text or "")
        except InputError as error:
            if self.is_terminal:
                self._say([str(error)])
                return None
            raise InputError(error.what, place=Place(SCRIPT, self.line_number), remedy=error.remedy) from None

    def _next_answer(self) -> str | None:
        """The next line without its end; None at the end of input."""
        while line := self.answers.next_line():
            self.line_number += 1
            if self.is_terminal or not line.startswith("#"):
                return line.strip()
        return None

    def _say(self, lines: Iterable[str], end: str = "\n") -> None:
        if not self.is_quiet:
            _write(self.out, lines, end)


def _write(out: TextIO, lines: Iterable[str], end: str = "\n") -> None:
    out.write("".join(f"{line}{end}" for line in lines))
    out.flush()
