"""Pods and watch events, and Events whose keys are in PascalCase."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from .reading import events_of, gaps_of, picked, reading_of, refusals_of
from .recorded import ALERT_FILE, export, recorded
from .samples import FILES, KUBERNETES_EVENT

KILLED, WELL = FILES["kubernetes_events pods"]["items"]
PASCAL = FILES["kubernetes_events pascal"]["Items"][0]


def pod(**status: Any) -> dict[str, Any]:
    """The pod that was killed, with other parts of its status."""
    return {**KILLED, "status": {**KILLED["status"], **status}}


def with_container(**change: Any) -> dict[str, Any]:
    return pod(containerStatuses=[{**KILLED["status"]["containerStatuses"][0], **change}])


def test_a_pod_tells_where_it_runs_and_how_its_container_ended() -> None:
    """A container that waits to be tried again waits since it was killed."""
    events = events_of(KILLED)
    assert [(e["pointer"], e["name"], e["severity_id"], e["event_time_text"]) for e in events] == [
        ("/status/conditions/0", "Scheduled", 1, "2026-01-14T09:12:33Z"),
        ("/status/containerStatuses/0/lastState/terminated", "OOMKilled", 3, "2026-01-14T09:19:41Z"),
        ("/status/containerStatuses/0/state/waiting", "CrashLoopBackOff", 3, "2026-01-14T09:19:41Z"),
    ]
    assert picked(
        events[1], "kind", "pod", "workload", "workload_kind", "node", "service_name", "message"
    ) == {
        "kind": "lifecycle",
        "pod": "checkout-api-6c5d8bb7f4-pdqst",
        "workload": "checkout-api",
        "workload_kind": "Deployment",
        "node": "node-3",
        "service_name": "checkout-api",
        "message": "container api restarted 4 times, exit code 137",
    }


def test_a_well_pod_started() -> None:
    """Nothing of it is a warning."""
    assert [(event["name"], event["severity_id"]) for event in events_of(WELL)] == [
        ("Scheduled", 1),
        ("Started", 1),
    ]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (with_container(state={"waiting": {"reason": "ContainerCreating"}}, lastState={}), ["Scheduled"]),
        (
            with_container(state={"waiting": {"reason": "ImagePullBackOff"}}, lastState={}),
            ["Scheduled", "ImagePullBackOff"],
        ),
        (
            with_container(
                state={"terminated": {"exitCode": 0, "finishedAt": "2026-01-14T09:20:00Z"}}, lastState={}
            ),
            ["Scheduled", "Completed"],
        ),
        (
            with_container(
                state={"terminated": {"exitCode": 1, "finishedAt": "2026-01-14T09:20:00Z"}}, lastState={}
            ),
            ["Scheduled", "Error"],
        ),
        (pod(containerStatuses=[], phase="Failed", reason="Evicted"), ["Scheduled", "Evicted"]),
        (pod(containerStatuses=[], conditions=[]), ["Created"]),
        (
            pod(
                containerStatuses=[],
                conditions=[
                    {"type": "PodScheduled", "status": "False", "lastTransitionTime": "2026-01-14T09:12:33Z"}
                ],
            ),
            ["FailedScheduling"],
        ),
    ],
)
def test_what_a_pod_can_state(change: dict[str, Any], names: list[str]) -> None:
    """Each is an event of its own; what only waits for its turn is none."""
    assert [event["name"] for event in events_of(change)] == names


def test_a_container_that_never_ran_waits_since_its_pod_was_found_unready() -> None:
    """Waiting has no time of its own."""
    waiting = with_container(state={"waiting": {"reason": "ErrImagePull"}}, lastState={})
    assert events_of(waiting)[-1]["event_time_text"] == "2026-01-14T09:19:42Z"


_LOST = {"terminated": {"exitCode": 137, "finishedAt": None, "reason": "ContainerStatusUnknown"}}
_EVICTED: dict[str, Any] = {
    **KILLED,
    "status": {
        "phase": "Failed",
        "reason": "Evicted",
        "conditions": [
            {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": "2026-01-14T09:25:00Z"},
            {"type": "ContainersReady", "status": "False", "lastTransitionTime": "2026-01-14T09:25:01Z"},
        ],
        "containerStatuses": [{"name": "api", "restartCount": 0, "state": _LOST}],
    },
}


@pytest.mark.parametrize(
    ("change", "ended_at"),
    [
        (_EVICTED, "2026-01-14T09:25:00Z"),
        (with_container(state=_LOST, lastState={}), "2026-01-14T09:19:42Z"),
        (
            with_container(state={"running": {"startedAt": "2026-01-14T09:21:00Z"}}, lastState=_LOST),
            "2026-01-14T09:21:00Z",
        ),
        (
            with_container(state={"waiting": {"reason": "CrashLoopBackOff"}}, lastState=_LOST),
            "2026-01-14T09:19:42Z",
        ),
    ],
)
def test_a_container_of_which_the_kubelet_lost_sight_ended_with_its_pod(
    change: dict[str, Any], ended_at: str
) -> None:
    """As an evicted pod is written: its containers have no time at which they finished."""
    found = {event["name"]: event["event_time_text"] for event in events_of(change)}
    assert ended_at == found["ContainerStatusUnknown"]


def test_the_owner_names_the_workload() -> None:
    """A StatefulSet's pod by its controller."""
    owned = deepcopy(WELL)
    owned["metadata"]["ownerReferences"] = [{"kind": "StatefulSet", "name": "ledger", "controller": True}]
    assert picked(events_of(owned)[0], "workload", "workload_kind") == {
        "workload": "ledger",
        "workload_kind": "StatefulSet",
    }


def test_a_watch_event_is_the_object_within() -> None:
    """Its pointers begin at the object; bookmarks and errors state nothing."""
    reading = reading_of(export("kubernetes_watch.jsonl"))
    assert [len(record.events) for record in reading.records] == [2, 3, 0, 2, 0]
    assert (
        reading.records[1].events[1]["pointer"] == "/object/status/containerStatuses/0/lastState/terminated"
    )
    assert reading.records[1].identity == reading_of(KILLED).records[0].identity
    (gap,) = gaps_of(export("kubernetes_watch.jsonl"))
    assert (gap.gap, gap.subject) == ("partial_result", "watch")
    assert events_of({"type": "DELETED", "object": KUBERNETES_EVENT}) == []


def test_keys_in_pascal_case_are_read() -> None:
    """As some clients write them; the pointers are those of the record."""
    first, last = events_of(FILES["kubernetes_events pascal"])
    assert (first["pointer"], last["pointer"]) == ("/FirstTimestamp", "/LastTimestamp")
    assert picked(first, "name", "pod", "node", "severity_id") == {
        "name": "BackOff",
        "pod": "checkout-api-6c5d8bb7f4-pdqst",
        "node": "node-3",
        "severity_id": 3,
    }


def test_pods_and_events_of_one_command_are_one_file() -> None:
    """`kubectl get events,pods -o json` writes both into one list."""
    items = [KUBERNETES_EVENT, KILLED, WELL]
    assert len(events_of({"apiVersion": "v1", "kind": "List", "items": items})) == 7


@pytest.mark.parametrize(
    ("record", "refusal"),
    [
        (with_container(restartCount="4"), ("field_invalid", "/status/containerStatuses/0/restartCount")),
        (
            with_container(lastState={"terminated": {"reason": "OOMKilled", "finishedAt": "soon"}}),
            ("time_invalid", "/status/containerStatuses/0/lastState/terminated/finishedAt"),
        ),
        (
            with_container(state={"running": []}),
            ("field_invalid", "/status/containerStatuses/0/state/running"),
        ),
        ({**KILLED, "metadata": {"namespace": "payments"}}, ("field_missing", "/metadata/name")),
        (
            {"type": "MODIFIED", "object": {**KILLED, "metadata": None}},
            ("field_missing", "/object/metadata"),
        ),
        ({**PASCAL, "FirstTimestamp": "soon"}, ("time_invalid", "/FirstTimestamp")),
        ({**PASCAL, "reason": "BackOff"}, ("field_invalid", "")),
    ],
)
def test_what_can_be_wrong(record: dict[str, Any], refusal: tuple[str, str]) -> None:
    """Each fault is named with its pointer in the record itself."""
    assert refusals_of(record) == [refusal]


def test_pods_show_a_lack_of_memory_and_how_far_it_reaches(tmp_path: Path) -> None:
    """A killed container is a fault of resources; its pod and node count as affected."""
    bare = recorded(tmp_path / "bare", ALERT_FILE).state
    told = recorded(tmp_path / "told", ALERT_FILE, {"pods.json": export("kubernetes_pods.json")}).state
    assert (bare["layer"], bare["pod_count"]) == ("app", 0)
    assert (told["layer"], told["layer_reason"]) == ("infrastructure", "out of a resource")
    assert (told["pod_count"], told["node_count"]) == (1, 1)


def test_events_are_kept_as_well_as_can_be(tmp_path: Path) -> None:
    """Kubernetes says so of its Events, once per incident; of Pods it does not."""
    newer = recorded(tmp_path / "a", ALERT_FILE, {"events.json": export("kubernetes_events_v1.json")})
    assert newer.gaps("kubernetes_events") == [("delivery_best_effort", "events")]
    assert "gap-delivery_best_effort" in newer.unknowns()
    pods = recorded(tmp_path / "b", ALERT_FILE, {"pods.json": export("kubernetes_pods.json")})
    assert pods.gaps("kubernetes_events") == []
