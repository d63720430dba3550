"""What a responder reads in the packages of the recorded incidents."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from evidence.handoff import Handoffs
from evidence.handoff.proposals import propose
from evidence.handoff.timeline import ENTRIES_MAX

from .proposed import SUBJECT
from .recorded import INCIDENTS, package, recorded_handoffs, section


@pytest.fixture(scope="module")
def handoffs() -> Handoffs:
    """The packages of all recorded incidents, by the active playbook."""
    return recorded_handoffs()


def test_a_strangers_call_stands_apart_from_its_owners(handoffs: Handoffs) -> None:
    """The sign-in of the morning and the one from an unknown network are two entries."""
    signs_in = [
        line for line in section(handoffs, "inc-0105", "Timeline").splitlines() if "ConsoleLogin" in line
    ]
    assert ["192.0.2.44", "203.0.113.9"] == [re.findall(r"from `([\d.]+)`", line)[0] for line in signs_in]


def test_both_times_are_given_where_they_differ_by_a_minute(handoffs: Handoffs) -> None:
    """CloudTrail arrives late, Alertmanager does not."""
    text = section(handoffs, "inc-0105", "Timeline")
    assert "- 18:43:18Z (happened 2026-01-28T18:40:27Z) CloudTrail: " in text
    assert "- 18:41:10Z Alertmanager: " in text


def test_a_long_timeline_says_how_much_it_leaves_out(handoffs: Handoffs) -> None:
    """Uneventful lines go first; every signal and change stays."""
    found = package(handoffs, "inc-0102")
    assert ENTRIES_MAX == len(found["timeline"])
    more = found["timeline_more_count"]
    assert f"And {more} further groups of records, less telling" in section(handoffs, "inc-0102", "Timeline")
    kinds = [entry["kind"] for entry in found["timeline"]]
    assert (6, 2) == (kinds.count("change"), kinds.count("alert"))


def test_a_commit_is_short_in_the_timeline_and_whole_in_the_facts(handoffs: Handoffs) -> None:
    """Twelve characters tell it from others; the fact and the proposal have all forty."""
    release = "d762e7897c1766660ff9b19c856996bd120fd292"
    assert release not in section(handoffs, "inc-0102", "Timeline")
    assert f"`{release[:12]}`" in section(handoffs, "inc-0102", "Timeline")
    assert f"`{release}`" in section(handoffs, "inc-0102", "Known facts")


def test_impact_rests_on_what_adds_to_it(handoffs: Handoffs) -> None:
    """A limit that is not reached adds nothing; what is not known counts as the worst, and that is said."""
    release = [part["sentence"] for part in package(handoffs, "inc-0102")["impact"]["basis"]]
    assert not [sentence for sentence in release if "limit" in sentence]
    identity = [part["sentence"] for part in package(handoffs, "inc-0105")["impact"]["basis"]]
    assert "How critical it is to operations is not known, and counts as the worst." in identity


def test_stated_severities_stand_with_the_figure_alone(handoffs: Handoffs) -> None:
    """Not a second time among the facts."""
    stated = "Alertmanager states a severity of 5 of 6"
    assert stated in section(handoffs, "inc-0102", "Severity, confidence, impact")
    assert stated not in section(handoffs, "inc-0102", "Known facts")


def test_unknowns_that_decide_nothing_are_listed_as_such(handoffs: Handoffs) -> None:
    """And nothing says that there are none."""
    text = section(handoffs, "inc-0107", "Unknowns")
    assert "- Whether it runs at a limit is not known. Look at" in text
    assert "None" not in text


def test_the_commander_is_told_what_was_refused_and_why(handoffs: Handoffs) -> None:
    """The drain has enough points, and a policy denies it."""
    text = package(handoffs, "inc-0107")["proposal"]["text"]
    assert "- Cordon and drain the node: denied by policy even with approval: a node that runs" in text
    assert "node “prod-eu1-general-b41d”" in text


def test_who_is_asked_for_context_reads_how_to_find_it(handoffs: Handoffs) -> None:
    """Each open point with what to do about it; limits of exports are not theirs to mend."""
    text = package(handoffs, "inc-0112")["proposal"]["text"]
    assert "Whether anything was changed before the first symptom is not known. Export the service's" in text
    assert "Prometheus warns" not in text


def test_customers_counsel_is_not_asked_about_traces(handoffs: Handoffs) -> None:
    """Who answers to customers and the law reads only of what decides something."""
    text = package(handoffs, "inc-0114")["proposal"]["text"]
    assert "What is not known" not in text
    assert "Legal: does a duty to report follow" in text


def test_the_owner_of_a_slow_dependency_is_asked_too() -> None:
    """Where it is not the owner of what is affected."""
    ours = replace(SUBJECT, action="draft_for_owner", dependency_owner="network, owner of “gateway”")
    assert "To: payments-platform; network, owner of “gateway”\n" in propose(ours).text
    assert "To: payments-platform\n" in propose(replace(ours, dependency_owner=None)).text


def test_policies_are_told_as_sentences(handoffs: Handoffs) -> None:
    """Who denies what, and in whose words."""
    text = section(handoffs, "inc-0107", "Guardrails and policies")
    assert "- `node_drain` denies 'Cordon and drain the node': a node that runs a stateful workload" in text


def test_what_is_nought_is_said_in_words(handoffs: Handoffs) -> None:
    """No “0 services”."""
    for incident in INCIDENTS:
        facts: list[dict[str, Any]] = package(handoffs, incident)["known_facts"]
        assert not [fact["sentence"] for fact in facts if re.search(r"\b0 [a-z]", fact["sentence"])]


@pytest.mark.parametrize("incident", INCIDENTS)
def test_every_link_within_the_page_leads_somewhere(handoffs: Handoffs, incident: str) -> None:
    """Sections and claims alike."""
    page = handoffs.files[f"handoffs/{incident}.html"].decode()
    assert set(re.findall(r'href="#([\w-]+)"', page)) <= set(re.findall(r' id="([\w-]+)"', page))
