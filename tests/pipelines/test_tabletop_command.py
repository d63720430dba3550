"""`evidence tabletop`: a script or a terminal, what it prints and how it fails."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import TextIO

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from evidence.errors import InputError
from evidence.tables import table_from_rows
from pipelines.cli import app
from pipelines.cli.answers import LEFT_OVER_MAX
from pipelines.cli.tabletop import Table
from simulator.histories.history import INCIDENTS, STATES
from simulator.tabletop.session import Exercise, open_exercise
from tests.decision.deciding import mini
from tests.simulator.worlds import ERRORS_ONLY, RESTARTED, SURE, world

ROOT = Path(__file__).parents[2]


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        """It is a terminal."""
        return True


@pytest.fixture
def exercise() -> Exercise:
    """Three steps."""
    return open_exercise(world({"inc-1-shell": [SURE, ERRORS_ONLY, RESTARTED]}), mini(), "inc-1-shell")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The same as a history in a folder."""
    connection = world({"inc-1-shell": [SURE, ERRORS_ONLY, RESTARTED]})
    for name in (STATES, INCIDENTS):
        rows = connection.sql(f"from {name}").to_arrow_table().to_pylist()
        pq.write_table(table_from_rows(name, rows), tmp_path / f"{name.partition('.')[2]}.parquet")
    return tmp_path


def call(folder: Path, script: str | bytes, *options: str):
    arguments = ["tabletop", "inc-1", "--history", str(folder), "--playbook", str(ROOT / "playbooks/v3")]
    return CliRunner().invoke(app, [*arguments, *options], input=script)


def own(exercise: Exercise, answers: io.StringIO) -> list[str]:
    return [step.own.value for step in Table(answers, io.StringIO()).hold(exercise, "inc-1").steps]


def test_a_script_answers_one_step_a_line(exercise) -> None:
    """Comments are skipped, an empty line keeps the last choice, ? takes no step."""
    script = io.StringIO("# first\n?\nenr\n\n# then\n4\n")
    assert ["enrich", "enrich", "contain"] == own(exercise, script)


def test_the_end_of_a_script_keeps_the_last_choice(exercise) -> None:
    """Whoever says nothing goes on watching; whoever stops goes on with what was chosen."""
    assert ["monitor"] * 3 == own(exercise, io.StringIO(""))
    assert ["isolate"] * 3 == own(exercise, io.StringIO("isolate"))


def test_q_ends_the_exercise_at_its_step(exercise) -> None:
    """The record is made with the last choice kept, and says where the person ended."""
    out = io.StringIO()
    record = Table(io.StringIO("rev\nq\n"), out).hold(exercise, "inc-1")
    assert (2, ["revoke"] * 3) == (record.ended_at_step, [step.own for step in record.steps])
    assert "Step 3" not in out.getvalue()


def test_a_terminal_is_told_of_a_wrong_answer_and_asked_again(exercise) -> None:
    """A slip of a person ends nothing; a line with # is no comment there."""
    out = io.StringIO()
    record = Table(Terminal("e\n#\nesc\n"), out).hold(exercise, "inc-1")
    assert ["escalate"] * 3 == [step.own for step in record.steps]
    assert "'e' may be enrich or escalate. Write one of monitor" in out.getvalue()
    assert "'#' is no option" in out.getvalue()


def test_what_is_typed_is_not_repeated_on_a_terminal(exercise) -> None:
    """A script's answers are shown behind the question, a terminal shows them itself."""
    shown = []
    for answers in (io.StringIO("enrich\n\n\n"), Terminal("enrich\n\n\n")):
        out = io.StringIO()
        Table(answers, out).hold(exercise, "inc-1")
        shown.append("choice [monitor]> enrich\n" in out.getvalue())
    assert [True, False] == shown


def test_a_wrong_answer_in_a_script_fails_with_its_line(folder) -> None:
    """Exit code 2, and the line counts comments and empty lines."""
    done = call(folder, "# one\n\nenrich\nrestart\n")
    assert 2 == done.exit_code
    assert "evidence: standard input:4: 'restart' is no option. Write one of monitor, " in done.stderr


def test_an_answer_that_is_no_text_is_a_wrong_answer(folder) -> None:
    """Bytes that are not UTF-8 are told of like any other slip, and inert."""
    done = call(folder, b"\xff\xfe\x1b[2J\n")
    assert 2 == done.exit_code
    assert "standard input:1: " in done.stderr
    assert "\x1b" not in done.stderr + done.stdout


def test_the_incident_is_named_as_it_was_asked_for_until_the_end(folder) -> None:
    """A whole name may tell how it ended: it stands in the comparison and nowhere before."""
    done = call(folder, "enrich\n")
    assert 0 == done.exit_code
    before, _, after = done.stdout.partition("\ninc-1-shell: A test (infrastructure)\n")
    assert before.startswith("Tabletop exercise inc-1, beside playbook v3.")
    assert "shell" not in before
    assert "\nyou " in after


def test_json_is_the_record_alone(folder) -> None:
    """Nothing else on standard output, so that it can be read by a program."""
    done = call(folder, "enrich\n4\n", "--format", "json")
    record = json.loads(done.stdout)
    assert "incident-evidence/tabletop" == record["format"]
    assert {"option": "contain", "basis": "committed", "after_seconds": 60}.items() <= (
        record["own_decision"].items()
    )
    assert "" == done.stderr


def test_answers_that_were_not_asked_for_are_counted(folder) -> None:
    """A script that is longer than the incident is told of, and changes nothing."""
    done = call(folder, "enrich\n" * 5)
    assert (0, "evidence: 2 more answers than steps\n") == (done.exit_code, done.stderr)


def test_an_unknown_incident_exits_with_2(folder) -> None:
    """Like every wrong call."""
    done = CliRunner().invoke(
        app, ["tabletop", "inc-9", "--history", str(folder), "--playbook", str(ROOT / "playbooks/v3")]
    )
    assert 2 == done.exit_code
    assert "there is no incident 'inc-9'" in done.stderr


def on_a_pipe(answers: str) -> tuple[TextIO, int]:
    """A pipe that holds the answers and whose other end stays open, and that end."""
    read, write = os.pipe()
    os.write(write, answers.encode())
    return os.fdopen(read, "r", encoding="utf-8"), write


def test_a_pipe_that_stays_open_is_not_waited_for(exercise) -> None:
    """What has arrived behind the last step is counted; what may come is nobody's business."""
    source, other_end = on_a_pipe("contain\n" * 3 + "# no answer\nnotify\nno")
    table = Table(source, io.StringIO())
    assert ["contain"] * 3 == [step.own.value for step in table.hold(exercise, "inc-1").steps]
    assert table.count_unasked() == 2
    os.close(other_end)
    source.close()


@pytest.mark.parametrize("is_on_a_pipe", [False, True])
def test_of_a_script_without_end_only_so_many_lines_are_looked_at(exercise, is_on_a_pipe: bool) -> None:
    """`yes contain` says no more with its millionth line."""
    answers = "contain\n" * (LEFT_OVER_MAX + 500)
    source, other_end = on_a_pipe(answers) if is_on_a_pipe else (io.StringIO(answers), None)
    table = Table(source, io.StringIO())
    table.hold(exercise, "inc-1")
    assert table.count_unasked() == LEFT_OVER_MAX
    if other_end is not None:
        os.close(other_end)
    source.close()


def test_a_line_without_end_is_no_answer(exercise) -> None:
    """It is cut and refused, not gathered until memory ends."""
    source, other_end = on_a_pipe("x" * 5000)
    with pytest.raises(InputError, match=r"standard input:1: 'x+' is no option"):
        Table(source, io.StringIO()).hold(exercise, "inc-1")
    os.close(other_end)
    source.close()


def test_a_script_without_end_is_answered_at_once(folder: Path) -> None:
    """The comparison is printed, and then what nobody asked for."""
    done = call(folder, "contain\n" * 5000)
    assert (0, "evidence: at least 1,000 more answers than steps\n") == (done.exit_code, done.stderr)
