"""Faults that follow from a seed: the invariants hold under them, and a break prints its one command."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from evidence.decision import Bundle, load_bundle
from evidence.errors import InputError, WarehouseError
from evidence.warehouse import Warehouse
from pipelines.cli.faults import print_faults, report
from simulator.faults.fault_plans import RANGES, incidents_of, plan
from simulator.faults.injection import Injected, inject, seeds_of
from simulator.faults.invariants import INVARIANTS

from ..recordings import INCIDENTS, ROOT, active, incident_ids, recorded, recorded_settings
from ..worlds import edited

RELEASE = "inc-0102-checkout-bad-release"


def injected(bundle: Bundle, seeds: range, *only: str, held_to: Bundle | None = None) -> Injected:
    return inject(recorded(), recorded_settings(), bundle, seeds, only, held_to)


@cache
def hundred() -> Injected:
    """The first hundred seeds under the active playbook."""
    return injected(active(), range(1, 101))


# --- the invariants hold


@pytest.mark.slow
def test_the_invariants_hold_under_a_hundred_seeds() -> None:
    """No fault of a hundred seeds makes the active playbook recommend what it may not."""
    found = hundred()
    assert [] == [(each.seed, each.variant, each.breaches) for each in found.failures]
    assert 100 * len(incident_ids()) == len(found.faulted)


@pytest.mark.slow
def test_the_hundred_seeds_reach_what_could_go_wrong() -> None:
    """Each kind of fault occurs often, decisions change, and thousands of active moments are looked at."""
    found = hundred()
    assert [] == [kind for kind, count in found.fault_counts.items() if count < 100]
    assert found.changed_count > 100
    assert found.checked.active_count > 1000
    assert found.checked.automatic_count > 300
    assert found.checked.proposal_count > 30


@pytest.mark.parametrize("version", [pytest.param("v1", marks=pytest.mark.slow), "v2", "v3"])
def test_the_invariants_hold_for_every_playbook_version(version: str) -> None:
    """However naive a playbook is, the bounds are the kernel's: no bundle can switch them off."""
    bundle = load_bundle(ROOT / "playbooks" / version)
    found = injected(bundle, range(1, 11))
    assert [] == [(each.seed, each.variant, each.breaches) for each in found.failures]
    assert found.checked.active_count > 100


@pytest.mark.slow
def test_the_invariants_hold_under_a_thousand_seeds() -> None:
    """Nor does any fault of a thousand further seeds."""
    found = injected(active(), range(1001, 2001))
    assert [] == [(each.seed, each.variant, each.breaches) for each in found.failures]
    assert 1000 * len(incident_ids()) == len(found.faulted)


def test_one_incident_of_one_seed_is_decided_alone_as_among_all_others() -> None:
    """What a command for one incident shows is what the whole run had found."""
    among = next(each for each in hundred().faulted if (each.seed, each.variant.incident_id) == (57, RELEASE))
    alone = injected(active(), range(57, 58), RELEASE)
    assert (among,) == alone.faulted
    assert hundred().originals[RELEASE] == alone.originals[RELEASE]


# --- plans


def test_a_plan_follows_from_seed_and_incident_alone() -> None:
    """One incident of one seed is altered alone as it is among all others, whatever was planned before."""
    among = {one.incident_id: plan(4711, one) for one in incidents_of(recorded())}
    for incident_id in reversed(incident_ids()):
        (alone,) = incidents_of(recorded(), [incident_id])
        assert among[incident_id] == plan(4711, alone)


def test_the_plans_of_a_seed_never_change() -> None:
    """A seed that failed once can be replayed for good: its numbers are SHA-256 of its name."""
    (release,) = incidents_of(recorded(), [RELEASE])
    assert [
        ("alertmanager", "dropped", 0),
        ("kubernetes_events", "duplicated", 231),
        ("prometheus", "tail_cut", 55),
    ] == [(each.source, each.kind.value, each.amount) for each in plan(4711, release).alterations]
    assert plan(4711, release).after is None


def test_every_plan_alters_something_within_its_range() -> None:
    """Each plan has a fault, of a source that is there, with an amount that its kind allows."""
    for one in incidents_of(recorded()):
        for seed in range(200):
            alterations = plan(seed, one).alterations
            assert alterations
            for each in alterations:
                least, most = RANGES[each.kind]
                assert each.source in one.sources
                assert least <= each.amount <= most
            pairs = [(each.source, each.kind) for each in alterations]
            assert len(set(pairs)) == len(pairs)


def test_half_of_the_plans_touch_only_later_evidence() -> None:
    """These say whether later evidence leaves earlier states alone; their moments are of the incident."""
    plans = [(one, plan(seed, one)) for one in incidents_of(recorded()) for seed in range(100)]
    late = [(one, each.after) for one, each in plans if each.after is not None]
    assert len(plans) * 0.4 < len(late) < len(plans) * 0.6
    assert [] == [after for one, after in late if after not in one.arrivals]


@pytest.mark.parametrize("text", ["", "x", "-5", "1-", "5-1", "1-2-3", "1.5", "٣", "0-100000"])
def test_what_names_no_seeds_is_refused(text: str) -> None:
    """A seed is a number or a range of at most a hundred thousand, from the lower to the higher."""
    with pytest.raises(InputError):
        seeds_of(text)


def test_seeds_are_a_number_or_a_range() -> None:
    """Both ends of a range belong to it."""
    assert [range(4711, 4712), range(1, 101)] == [seeds_of("4711"), seeds_of("1-100")]


def test_an_unknown_incident_is_refused() -> None:
    """The message says how many there are."""
    with pytest.raises(InputError, match=r"no incident 'inc-nowhere'\. There are \d+ incidents"):
        injected(active(), range(1), "inc-nowhere")


# --- a break is reported


def test_a_failure_prints_what_broke_and_the_one_command_that_reproduces_it() -> None:
    """Incident, moment, invariant, faults and command; and that command finds the same again."""
    weak = edited(active(), **{f"actions__{name}__floor": 0 for name in active().ladder})
    found = injected(weak, range(1, 9), held_to=active())
    first = found.failures[0]
    lines = list(report(found, weak, "1-8", ["--playbook", "my playbooks/weak"]))
    command = (
        f"evidence replay --faults {first.seed} --incident {first.variant.incident_id} "
        "--playbook 'my playbooks/weak'"
    )
    breach = first.breaches[0]
    begin = (
        f"BROKEN {breach.invariant}: {first.variant.incident_id}, seed {first.seed}, moment {breach.moment} ("
    )
    start = next(place for place, line in enumerate(lines) if line.startswith("BROKEN "))
    assert lines[start].startswith(begin)
    assert f"  {breach.says}" == lines[start + 1]
    assert f"  reproduce: {command}" in lines[start : start + 5]
    assert "  faults: " in "".join(lines[start : start + 5])
    again = injected(weak, range(first.seed, first.seed + 1), first.variant.incident_id, held_to=active())
    assert [(first.variant, first.breaches)] == [(each.variant, each.breaches) for each in again.failures]


# --- as a command


@pytest.fixture(autouse=True)
def _from_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with the recorded evidence published."""
    root = tmp_path_factory.mktemp("warehouse")
    Warehouse(root).publish(recorded())
    return root


def test_one_seed_prints_each_history_and_what_held(
    warehouse: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Faults, recorded decision and decision under the faults, then every invariant."""
    failed = print_faults(active(), warehouse, None, "4711", [RELEASE], "text")
    printed = capsys.readouterr().out
    assert 0 == failed
    assert "alertmanager dropped; kubernetes_events duplicated 231 s later" in printed
    assert "  recorded: roll_back_release (policy-gated) at 2026-01-14T09:18:15Z" in printed
    assert [] == [invariant.id for invariant in INVARIANTS if f"held {invariant.id}: " not in printed]


def test_json_has_what_was_looked_at_and_every_failure(
    warehouse: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A gate in CI reads counts and failures from one document."""
    assert 0 == print_faults(active(), warehouse, None, "1-3", (), "json")
    document = json.loads(capsys.readouterr().out)
    assert (3 * len(incident_ids()), []) == (document["history_count"], document["failures"])
    assert document["active_count"] > 0


@pytest.mark.slow
def test_a_folder_of_incidents_is_read_instead_of_the_warehouse(
    warehouse: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exports and warehouse give the same report; the exports need no run before."""
    for place, incidents in ((warehouse, None), (tmp_path, INCIDENTS)):
        assert 0 == print_faults(active(), place, incidents, "7", [RELEASE], "text")
    whole = capsys.readouterr().out
    assert whole[: len(whole) // 2] == whole[len(whole) // 2 :]


def test_without_published_evidence_the_command_says_what_to_do(tmp_path: Path) -> None:
    """Faults are injected into what a run has published."""
    with pytest.raises(WarehouseError, match="evidence run"):
        print_faults(active(), tmp_path, None, "1", (), "text")
