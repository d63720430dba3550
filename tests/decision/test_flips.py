"""What would change a recommendation: the smallest changes, all of them, and nothing smaller."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.decision import Bundle
from evidence.decision.cells import blast_values, confidence_values, cut_values
from evidence.decision.codes import Recommendation, decode
from evidence.decision.facts import Piece, facts_near
from evidence.decision.flip_words import SHOWN_MAX, change_words, would_change
from evidence.decision.flips import Flips, minimal_flips
from evidence.decision.kernel import Kernel
from evidence.decision.states import blank_state_sql, with_context_sql
from evidence.decision.varied import combinations_count
from evidence.tables import open_memory

from .deciding import mini, version
from .flipping import Changes, changed, decided_in_context, ways, with_context, with_rules
from .histories import DRAIN, QUIET, RESTART

# One value per piece of every fact that the small bundle reads, what its policy reads among them.
WORLD: dict[str, tuple[Any, ...]] = {
    "is_error_rate_over_policy": (True, False, None),
    "is_change_seen": (True, False, None),
    "change_to_symptom_seconds": (900, 901, None),
    "signal_names": (False, True),
    "is_stateful": (True, False, None),
    "environment": ("production", "staging", "test", "development", None),
    "confidence": (20, 50, 65, 75, 85, 95),
    "blast_radius": (0, 1, 2, 4, None),
    "owner": ("another", None),
    "service": ("another", None),
    "workload": ("another", None),
    "principal": ("another", None),
    "severity": (3, None),
}
CRASH = ["CrashLoop"]
KNOWN = {
    "service": "cart", "owner": "storefront", "severity": 3, "is_change_seen": False,
    "environment": "staging", "signal_count": 1, "signal_source_count": 1,
}  # fmt: skip


@lru_cache
def stubborn() -> Bundle:
    """The small bundle with one rule, which asks for three things at once."""
    when = "is_error_rate_over_policy and has_signal('CrashLoop') and environment = 'staging'"
    rule = {"id": "all-at-once", "when": when, "supports": {"restart": 50}}
    return with_rules(mini(), rule, is_added=False)


@lru_cache
def world(bundle: Callable[[], Bundle]) -> duckdb.DuckDBPyConnection:
    """Every state that the bundle can tell apart, decided: one row per combination, with its code."""
    connection = open_memory()
    for name, values in WORLD.items():
        rows = ", ".join(f"({place}, {literal(value)})" for place, value in enumerate(values))
        connection.execute(f"create table at_{name} as from (values {rows}) as t(place, value)").fetchall()
    places = ", ".join(f"at_{name}.place as {name}" for name in WORLD)
    tables = ", ".join(f"at_{name}" for name in WORLD)
    connection.execute(
        f"create table cells as select (row_number() over ())::integer as moment, {places} from {tables}"
    ).fetchall()
    columns = {name: f"at_{name}.value" for name in WORLD}
    columns["signal_names"] = "case when at_signal_names.value then ['CrashLoop'] else []::varchar[] end"
    joins = " ".join(f"join at_{name} on cells.{name} = at_{name}.place" for name in WORLD)
    states = blank_state_sql(incident_id="'world'", moment="cells.moment", **columns)
    connection.execute(f"create view states as select {states} from cells {joins}").fetchall()
    Kernel.of([bundle()]).run(connection, with_context_sql("states"))
    connection.execute(
        "create table decided as select cells.*, code_0 as code from cells join kernel_codes using (moment)"
    ).fetchall()
    return connection


def literal(value: Any) -> str:
    return "null" if value is None else f"'{value}'" if isinstance(value, str) else str(value)


Answer = tuple[int, set[tuple[frozenset[tuple[str, int]], Recommendation]]]


def nearest_by_exhaustion(bundle: Callable[[], Bundle], places: Mapping[str, int]) -> Answer:
    """The smallest number of changed facts that changes the code, and every such change with what follows."""
    distance = " + ".join(f"({name} <> {place})::integer" for name, place in places.items())
    here = " and ".join(f"{name} = {place}" for name, place in places.items())
    rows = (
        world(bundle)
        .execute(f"""
with others as (
    select *, {distance} as distance from decided where code <> (select code from decided where {here})
)
select distance, code, {", ".join(places)} from others where distance = (select min(distance) from others)
""")
        .fetchall()
    )
    found = {
        (
            frozenset(
                (name, new) for (name, old), new in zip(places.items(), row[2:], strict=True) if new != old
            ),
            decode(bundle(), row[1]),
        )
        for row in rows
    }
    return rows[0][0], found


def places_of(column: str, piece: Piece) -> list[int]:
    """Where the values of the piece lie in WORLD, which may be cut finer."""
    if piece.values:
        return [WORLD[column].index(value) for value in piece.values]
    low, high = piece.low or 0, 10**9 if piece.high is None else piece.high
    return [place for place, value in enumerate(WORLD[column]) if value is not None and low <= value <= high]


def as_answer(flips: Flips) -> Answer:
    assert flips.size is not None
    found = set()
    for flip in flips.flips:
        for way in ways(flip):
            places = [[(fact.column, each) for each in places_of(fact.column, piece)] for fact, piece in way]
            found |= {(frozenset(each), flip.recommendation) for each in itertools.product(*places)}
    return flips.size, found


def sampled_cells(count: int) -> list[dict[str, int]]:
    draw = random.Random(20260114)
    return [{name: draw.randrange(len(values)) for name, values in WORLD.items()} for _ in range(count)]


def state_at(places: Mapping[str, int]) -> dict[str, Any]:
    values = {name: WORLD[name][place] for name, place in places.items()}
    return with_context({**values, "signal_names": CRASH if values["signal_names"] else []})


@pytest.mark.parametrize(
    ("bundle", "sizes"), [pytest.param(mini, {1, 2}, marks=pytest.mark.slow), (stubborn, {1, 2, 3})]
)
def test_the_smallest_changes_are_those_that_an_exhaustive_search_finds(bundle, sizes) -> None:
    """Size, facts, values and what would be recommended: nothing is missing and nothing too much."""
    seen = set()
    for places in sampled_cells(18):
        expected = nearest_by_exhaustion(bundle, places)
        assert expected == as_answer(minimal_flips(bundle(), state_at(places))), places
        seen.add(expected[0])
    assert sizes == seen


@st.composite
def states(draw: st.DrawFn, bundle: Bundle) -> dict[str, Any]:
    """A state of the values between which the bundle distinguishes, a signal having arrived."""
    state: dict[str, Any] = {"signal_count": 1, "signal_source_count": 1}
    for name, values in cut_values(bundle).items():
        state[name] = draw(st.sampled_from(values))
    state["confidence"] = draw(st.sampled_from(confidence_values(bundle)))
    state["blast_radius"] = draw(st.sampled_from(blast_values(bundle)))
    state["owner"] = draw(st.sampled_from(("storefront", None)))
    state["signal_names"] = sorted(set(state["signal_names"]))
    state |= {"signal_count": max(state["signal_count"], 1), "signal_source_count": 1}
    return with_context(state)


@pytest.mark.parametrize("name", [pytest.param("v1", marks=pytest.mark.slow), "v2", "v3"])
@settings(max_examples=6)
@given(data=st.data())
def test_a_flip_flips_and_nothing_less_does(name, data) -> None:
    """Each flip leads where it says, its parts change nothing, nor does any single fact where two must."""
    bundle = version(name)
    state = data.draw(states(bundle))
    flips = minimal_flips(bundle, state)
    told = [(way, flip.recommendation) for flip in flips.flips for way in ways(flip)][:60]
    parts = [part for way, _ in told for part in itertools.combinations(way, len(way) - 1)]
    singles: list[Changes] = []
    if flips.size != 1:
        singles = [((fact, piece),) for fact in facts_near(bundle, state) for piece in fact.others]
    tried = [(), *(way for way, _ in told), *parts, *singles]
    as_it_is, *found = decided_in_context(bundle, [changed(state, each) for each in tried])
    expected = [(then.action, then.mode.value, then.approvers) for _, then in told]
    before = flips.recommendation
    assert (before.action, before.mode.value, before.approvers) == as_it_is
    assert expected == found[: len(told)]
    assert as_it_is not in expected
    assert {as_it_is} >= set(found[len(told) :])


def test_an_unknown_owner_keeps_the_minimum_context_incomplete() -> None:
    """The minimum context is no fact of its own: it follows from the fact that is lacking."""
    flips = minimal_flips(mini(), with_context({**RESTART, **KNOWN, "owner": None}))
    [flip] = [each for each in flips.flips if each.recommendation.action == "restart"]
    assert ["owner: unknown → known"] == [change_words(each) for each in flip.changes]


def test_a_measure_that_is_read_takes_its_flag_with_it() -> None:
    """Where the bundle reads the error rate itself, the rate is the fact and its flag follows."""
    rule = {"id": "many-errors", "when": "error_rate_ppm > 200000", "supports": {"hand_over": 90}}
    bundle = with_rules(mini(), rule)
    state = {**RESTART, **KNOWN, "error_rate_ppm": 120_000}
    flips = minimal_flips(bundle, with_context(state))
    said = {
        change_words(change): flip.recommendation.action for flip in flips.flips for change in flip.changes
    }
    assert said["error_rate_ppm: 120000 → 50000 or less, or unknown"] == "drain"
    assert not any(words.startswith("is_error_rate_over_policy") for words in said)


def test_a_pattern_that_no_example_tells_is_said_to_be_left_open() -> None:
    """Texts are tried by example, and a column for which those do not suffice is named."""
    simple = {"id": "one-pattern", "when": "namespace like 'cart%'", "supports": {"hand_over": 90}}
    crossed = {"id": "two", "when": "regexp_matches(namespace, '^c.*t$')", "supports": {"draft": 95}}
    state = with_context({**KNOWN, "namespace": "cart-eu"})
    exact = minimal_flips(with_rules(mini(), simple), state)
    assert () == exact.sampled
    assert "namespace: cart-eu → another or unknown" in {
        change_words(each) for flip in exact.flips for each in flip.changes
    }
    assert ("namespace",) == minimal_flips(with_rules(mini(), simple, crossed), state).sampled


def test_what_was_signalled_is_not_taken_back_to_before_the_first_signal() -> None:
    """Counts of signals stay above nought, because what comes before a signal is not decided."""
    rule = {"id": "one-signal", "when": "signal_count <= 2", "supports": {"hand_over": 90}}
    flips = minimal_flips(with_rules(mini(), rule), with_context(KNOWN))
    assert "signal_count: 1 → 3 or more" in {
        change_words(each) for flip in flips.flips for each in flip.changes
    }
    assert not any("0" in change_words(each) for flip in flips.flips for each in flip.changes[:1])


def test_a_search_that_would_take_too_long_says_how_far_it_went() -> None:
    """Beyond its bounds nothing is claimed: neither that there is a change nor that there is none."""
    places = next(each for each in sampled_cells(30) if nearest_by_exhaustion(stubborn, each)[0] == 3)
    state = state_at(places)
    pairs = combinations_count(facts_near(stubborn(), state, 2), 2)
    flips = minimal_flips(stubborn(), state, states_max=pairs)
    assert (None, 2, ()) == (flips.size, flips.searched_size, flips.flips)
    assert ["No change of up to 2 facts leads to another recommendation. More were not tried."] == list(
        would_change(stubborn(), flips)
    )
    flips = minimal_flips(mini(), with_context({**RESTART, **KNOWN}), states_max=1)
    assert ["More facts bear on it than could be tried."] == list(would_change(mini(), flips))


def test_changes_are_told_by_what_would_be_recommended() -> None:
    """One heading per recommendation, in the matrix's order; ranges that touch are told as one."""
    lines = list(would_change(mini(), minimal_flips(mini(), with_context({**DRAIN, **KNOWN}))))
    assert lines == [
        "One fact is enough. Had only this been otherwise, the recommendation would have been",
        "- monitor / watch (automatic)",
        "  - signal CrashLoop: arrived → not arrived",
        "- enrich / gather (automatic)",
        "  - confidence: 85 → 40 to 59",
        "- enrich / ask (automatic)",
        "  - service: cart → unknown",
        "  - environment: staging → unknown",
        "  - owner: storefront → unknown",
        "  - severity: 3 → unknown",
        "  - is_change_seen: false → unknown",
        "- escalate / hand_over (automatic)",
        "  - is_stateful: false → unknown",
        "  - confidence: 85 → 39 or less",
        "- notify / draft (approval required: app_owner)",
        "  - is_stateful: false → true",
        "- contain / restart (automatic)",
        "  - is_error_rate_over_policy: unknown → true",
        "- isolate / drain (approval required: cloud_team)",
        "  - blast_radius: 0 → 2 or more, or unknown",
        "  - confidence: 85 → 60 to 79",
        "- isolate / drain (approval required: cloud_team, incident_commander)",
        "  - environment: staging → production",
    ]


def test_what_is_not_listed_is_counted() -> None:
    """A long list ends with how many changes are left out."""
    signals = [
        {"id": f"s-{n}", "when": f"has_signal('s{n}')", "supports": {"hand_over": 90}} for n in range(30)
    ]
    flips = minimal_flips(with_rules(mini(), *signals), with_context({**QUIET, **KNOWN}))
    lines = list(would_change(mini(), flips))
    assert f"- and {len(flips.flips) - SHOWN_MAX} more" == lines[-1]
    assert SHOWN_MAX == sum(line.startswith("  - ") for line in lines)


def test_facts_that_change_together_stand_on_one_line() -> None:
    """A change of several facts names them all."""
    places = next(each for each in sampled_cells(30) if nearest_by_exhaustion(stubborn, each)[0] == 3)
    lines = list(would_change(stubborn(), minimal_flips(stubborn(), state_at(places))))
    assert lines[0].startswith("It takes 3 facts together; fewer change nothing. ")
    assert all(line.count(" → ") == 3 for line in lines if line.startswith("  - "))
