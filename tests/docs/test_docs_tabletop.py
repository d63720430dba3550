"""The page about tabletop exercises shows a real session."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import decision
from evidence.incident_names import find_incident
from pipelines.cli.tabletop import Table
from simulator.tabletop.record import Record
from simulator.tabletop.session import known_incidents, open_exercise
from simulator.tabletop.words import record_lines

ROOT = Path(__file__).parents[2]
PAGE = "docs/how-to/run-a-tabletop.md"
ASKED_FOR = "inc-0103"
SCRIPT = """\
# An alert on the pipeline's credential: look first.
enrich


# From a network where it was never used, and it is short-lived.
revoke
"""
BEGIN = "<!-- Written by `make golden`: a session. Do not edit down to the end mark. -->\n"
END = "<!-- end of a session -->"


def held(recorded) -> tuple[str, Record]:
    """What the command prints, and the record."""
    bundle = decision.load_active(ROOT / "playbooks")
    exercise = open_exercise(recorded, bundle, find_incident(ASKED_FOR, known_incidents(recorded)))
    out = io.StringIO()
    record = Table(io.StringIO(SCRIPT), out).hold(exercise, ASKED_FOR)
    lines = [line.rstrip() for line in [*out.getvalue().splitlines(), "", *record_lines(record)]]
    return "\n".join(lines), record


@pytest.mark.golden
def test_the_session_shown_is_a_real_one(golden: Callable, recorded) -> None:
    """Script and output are those of the recorded incident."""
    text = (ROOT / PAGE).read_text()
    between = re.compile(f"(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})", re.DOTALL)
    assert between.search(text)
    script = ["```text", *SCRIPT.splitlines(), "```"]
    session = ["```console", f"$ evidence tabletop {ASKED_FOR} < answers.txt", held(recorded)[0], "```"]
    shown = "\n".join(["", "`answers.txt`:", "", *script, "", *session, "", ""])
    golden(PAGE, between.sub(lambda _: shown, text))


def test_the_story_told_of_the_session_is_true(recorded) -> None:
    """Both revoked, and the person earlier by the seconds that the page says."""
    _, record = held(recorded)
    own, playbook = record.own_decision, record.playbook_decision
    assert ("revoke", "revoke") == (own.option, playbook.option)
    assert f"{playbook.after_seconds - own.after_seconds} seconds earlier" in (ROOT / PAGE).read_text()
