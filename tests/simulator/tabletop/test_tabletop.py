"""A tabletop exercise: what a person sees when, and what comes of the answers."""

from __future__ import annotations

import hashlib
import re
from functools import cache

import duckdb
import pytest

from evidence import enrichment, intake, quality
from evidence.decision.matrix import Option
from evidence.errors import InputError
from evidence.tables import open_memory, register
from simulator.histories.history import INCIDENTS
from simulator.tabletop.record import Agreement, conclude, decision_of
from simulator.tabletop.session import Command, Exercise, Step, open_exercise, parse_answer
from simulator.tabletop.words import known_lines, opening_lines, record_lines, step_lines
from tests.decision.deciding import mini
from tests.decision.histories import MINUTE, START
from tests.simulator import recordings
from tests.simulator.worlds import ERRORS_ONLY, RESTARTED, SURE, world

AFTERWARDS = {
    "title": "Title written afterwards",
    "incident_type": "rollout",
    "outcome": "rolled_back",
    "action_taken": "roll_back",
    "action_taken_at": START + 5 * MINUTE,
    "label_expected_option": "contain",
    "label_expected_action": "restart",
    "label_by": "a reviewer",
}
STATES = [SURE, SURE, ERRORS_ONLY, RESTARTED, RESTARTED]


def exercise(*states, **incident) -> Exercise:
    """The exercise of one incident, a state a minute."""
    connection = world({"inc-1": list(states or STATES)}, **{"inc-1": {**AFTERWARDS, **incident}})
    return open_exercise(connection, mini(), "inc-1")


def said(step: Step) -> str:
    return "\n".join([*step_lines(step), *known_lines(step, mini())])


@cache
def recorded() -> duckdb.DuckDBPyConnection:
    """The recorded incidents of the repository, enriched."""
    connection, settings, bundle = open_memory(), recordings.recorded_settings(), recordings.active()
    tables = intake.build(recordings.INCIDENTS, settings, lambda raw: hashlib.sha256(raw).hexdigest())
    register(connection, tables)
    register(connection, quality.build_completeness(connection))
    register(connection, enrichment.build(connection, settings, bundle.grading, bundle.detections))
    return connection


# --- steps


def test_a_moment_at_which_nothing_visible_changes_is_no_step() -> None:
    """Quiet moments belong to the step before them."""
    steps = exercise().steps
    assert [0, 2, 3] == [(step.known_at - START) // MINUTE for step in steps]
    assert [1, 2, 3] == [step.number for step in steps]
    assert [0, 120, 180] == [step.after_seconds for step in steps]


def test_a_step_tells_what_is_new_and_nothing_else() -> None:
    """News is what was not known at the step before; all that is known is there to be asked for."""
    steps = exercise().steps
    assert ["error_rate_ppm", "is_error_rate_over_policy"] == [news.name for news in steps[1].news]
    assert ("CrashLoop",) == steps[2].signals
    assert () == steps[2].news
    assert {"service": "cart", "error_rate_ppm": 90_000}.items() <= steps[2].known.items()


def test_what_a_step_tells_reads_as_lines() -> None:
    """Units stand with the value, what changed with what it was, and a list with what came to it."""
    first, second = exercise(
        {**ERRORS_ONLY, "latency_ms": 90},
        {**ERRORS_ONLY, "latency_ms": 450, "signal_sources": ["alertmanager", "falco", "opa"]},
    ).steps
    assert "Step 1, 2026-01-05T08:00:00Z, the first signal" == step_lines(first)[0]
    assert "error_rate=9 %" in said(first)
    assert ["  signal_sources: also opa", "  latency=450 ms (was 90 ms)"] == [
        line for line in step_lines(second) if "latency" in line or "sources" in line
    ]


def test_steps_end_at_the_horizon() -> None:
    """What arrived after people had acted is no step."""
    steps = exercise(action_taken_at=START + 2 * MINUTE).steps
    assert [0, 2] == [(step.known_at - START) // MINUTE for step in steps]


def test_nothing_that_was_written_afterwards_is_told_before_the_end() -> None:
    """Title, type, outcome, labels and what responders did change no word of any step."""
    other = {
        "title": "Another title",
        "incident_type": "security",
        "outcome": "escalated",
        "action_taken": "drain",
        "label_expected_option": "isolate",
        "label_expected_action": "drain",
        "label_by": "somebody else",
        "detected_by": "a customer",
        "label_signal_high_confidence": True,
        "detected_at": START,
        "resolved_at": START + 9 * MINUTE,
    }
    told = [
        [*opening_lines("inc", one.bundle), *map(said, one.steps)] for one in (exercise(), exercise(**other))
    ]
    assert told[0] == told[1]
    assert [] == [
        text for text in ("Title", "rollout", "rolled_back", "reviewer", "recommend") if text in str(told)
    ]


@pytest.mark.parametrize("known", [1, 2, 3, 4])
def test_a_step_does_not_know_the_future(known) -> None:
    """With later evidence cut away the steps before it read the same."""
    whole, cut = exercise(), exercise(*STATES[:known])
    assert [said(step) for step in cut.steps] == [said(step) for step in whole.steps[: len(cut.steps)]]


def test_an_incident_of_which_nothing_had_arrived_has_one_step() -> None:
    """It is decided on the blank state, and so is the person."""
    [step] = exercise({**SURE, "known_at": START + 30 * MINUTE}).steps
    assert (None, {}) == (step.after_seconds, dict(step.known))
    assert "no signal yet" in step_lines(step)[0]


def test_hostile_names_stay_inert() -> None:
    """Terminal controls and secrets in evidence are shown, not obeyed; no cut of a line hides a secret."""
    evil = "\x1b[2Jall clear\nStep 9"
    secret = "x" * 60 + " password=hunter2hunter2"
    told = said(exercise({**SURE, "signal_names": [evil], "layer_reason": secret}).steps[0])
    assert "\x1b" not in told
    assert "\nStep 9" not in told
    assert "hunter2" not in told.replace("\n", "")


# --- answers


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("contain", Option.CONTAIN),
        (" Con ", Option.CONTAIN),
        ("m", Option.MONITOR),
        ("8", Option.NOTIFY),
        ("1", Option.MONITOR),
        ("", Command.KEEP),
        ("?", Command.HELP),
        ("q", Command.QUIT),
        ("Q", Command.QUIT),
    ],
)
def test_an_answer_is_a_name_its_beginning_a_number_or_a_command(text, answer) -> None:
    """Case and space around it do not matter."""
    assert answer is parse_answer(text)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("e", "'e' may be enrich or escalate. Write one of monitor, "),
        ("ro,", "'ro,' is no option"),
        ("0", "'0' is no option"),
        ("9", "'9' is no option"),
        ("contains", "'contains' is no option"),
    ],
)
def test_a_wrong_answer_is_told_with_what_may_be_written(text, what) -> None:
    """An ambiguous beginning names what it may be."""
    with pytest.raises(InputError, match=re.escape(what)):
        parse_answer(text)


# --- the record


def test_the_first_active_option_is_the_decision_else_the_last_one() -> None:
    """As for the playbook; a standing decision is dated from where it was kept."""
    watch, look, act, cut = Option.MONITOR, Option.ENRICH, Option.CONTAIN, Option.ISOLATE
    assert (1, True) == decision_of([look, act, watch, cut])
    assert (2, False) == decision_of([look, watch, look, look])
    assert (0, False) == decision_of([watch, watch])


@pytest.mark.slow
def test_who_follows_the_playbook_decides_as_it_does() -> None:
    """On every third recorded incident the two records agree, and never part."""
    connection, bundle = recorded(), recordings.active()
    ids = [row[0] for row in connection.execute(f"select incident_id from {INCIDENTS} order by 1").fetchall()]
    for incident_id in ids[::3]:
        one = open_exercise(connection, bundle, incident_id)
        record = conclude(one, [step.recommended.option for step in one.steps])
        own, playbook = record.own_decision, record.playbook_decision
        assert (playbook.option, playbook.basis, None) == (own.option, own.basis, record.parted_at_step)
        assert playbook.basis == "standing" or playbook.decided_at == own.decided_at


def test_the_record_says_where_the_two_parted() -> None:
    """The first step at which the options differ, with what each chose."""
    record = conclude(exercise(), [Option.MONITOR, Option.ISOLATE])
    assert ["monitor", "isolate", "isolate"] == [step.own for step in record.steps]
    assert ["watch", "gather", "restart"] == [step.playbook.action for step in record.steps]
    assert 2 == record.parted_at_step
    assert "You and the playbook parted at step 2: you chose isolate, it recommended enrich / gather." in (
        record_lines(record)
    )


def test_the_two_decisions_stand_side_by_side() -> None:
    """Each with its option, moment and what the reviewer says of it."""
    record = conclude(exercise(), [Option.MONITOR, Option.CONTAIN])
    assert [
        ("contain", "restart", 180, Agreement.AGREES),
        ("contain", None, 120, Agreement.AGREES),
    ] == [
        (each.option, each.action, each.after_seconds, each.agreement)
        for each in (record.playbook_decision, record.own_decision)
    ]


def test_what_responders_did_stands_apart_from_what_was_decided() -> None:
    """It has the time at which they acted, which stands under no heading of times of decision."""
    record = conclude(exercise(), [Option.MONITOR, Option.CONTAIN])
    acted = record.recorded_action
    assert ("contain", "roll_back", 300, Agreement.OPTION_ONLY) == (
        acted.option,
        acted.action,
        acted.after_seconds,
        acted.agreement,
    )
    lines = record_lines(record)
    place = lines.index(
        "Recorded: contain / roll_back; acted at 2026-01-05T08:05:00Z, 300 s after the first signal."
        " Reviewer: option alone."
    )
    assert lines[place + 1].startswith("Acting is not deciding")
    assert ["playbook", "you"] == [line.split()[0] for line in lines[place + 4 : place + 6]]


@pytest.mark.parametrize(
    ("incident", "said"),
    [
        ({"action_taken": None}, "Recorded: no action of responders."),
        ({"action_taken_at": None}, "Recorded: contain / roll_back; at a time that was not recorded. Rev"),
        ({"action_taken": "reboot_everything"}, "Recorded: reboot_everything; acted at 2026-"),
    ],
)
def test_what_was_not_recorded_of_responders_is_said(incident: dict[str, str | None], said: str) -> None:
    """Nothing, the action without its time, or an action that the playbook's matrix does not know."""
    told = record_lines(conclude(exercise(**incident), []))
    assert 1 == sum(line.startswith(said) for line in told)


@pytest.mark.parametrize(
    ("incident", "agreements"),
    [
        ({"label_expected_option": None, "label_expected_action": None}, ["unlabelled"] * 3),
        ({"label_expected_option": "isolate", "label_expected_action": None}, ["differs"] * 3),
        ({"label_expected_option": "contain", "label_expected_action": None}, ["agrees"] * 3),
        ({"action_taken": None}, [None, "agrees", "agrees"]),
        ({"action_taken": "reboot_everything"}, ["differs", "agrees", "agrees"]),
    ],
)
def test_agreement_is_claimed_only_where_a_reviewer_spoke(incident, agreements) -> None:
    """No label, no verdict; what was not recorded has none either."""
    record = conclude(exercise(**incident), [Option.MONITOR, Option.CONTAIN])
    three = (record.recorded_action, record.playbook_decision, record.own_decision)
    assert agreements == [each.agreement for each in three]
