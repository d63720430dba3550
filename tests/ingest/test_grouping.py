"""Which records make one incident: shared entities, near in time, and what names no entity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evidence.errors import InputError

from .ingesting import cloudtrail, falco, ingest, lines, put


def groups(tmp_path: Path, *records: Any, **options: Any) -> list[int]:
    """How many records each incident has, in order of time."""
    report = ingest(
        put(tmp_path / "a", {"x.jsonl": lines(records)}), into=tmp_path / "in", is_dry=True, **options
    )
    return [sum(each.records.values()) for each in report.incidents]


def sync(name: str, *minutes: int) -> dict[str, Any]:
    """An Argo CD application with a sync at each minute after noon."""
    rows = [
        {
            "id": n,
            "revision": f"{n:040x}",
            "deployedAt": f"2026-01-06T{12 + minute // 60:02}:{minute % 60:02}:00Z",
            "source": {"repoURL": f"https://github.com/acme/{name}.git"},
        }
        for n, minute in enumerate(minutes)
    ]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "uid": name, "resourceVersion": "1"},
        "spec": {
            "source": {"repoURL": f"https://github.com/acme/{name}.git"},
            "destination": {"namespace": "payments"},
        },
        "status": {"sync": {"status": "Synced"}, "history": rows},
    }


def log(second: int, namespace: str | None = None) -> dict[str, Any]:
    """An API call on a namespaced secret by the control plane: it names no workload."""
    clock = f"{12 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": f"{second}-{namespace}",
        "stage": "ResponseComplete",
        "verb": "get",
        "user": {"username": "system:kube-scheduler"},
        "objectRef": {"resource": "secrets", "namespace": namespace, "name": "s", "apiVersion": "v1"},
        "responseStatus": {"code": 200},
        "requestReceivedTimestamp": f"2026-01-06T{clock}.000000Z",
        "stageTimestamp": f"2026-01-06T{clock}.000000Z",
    }


def entry(second: int, page: str, service: str, word: str = "annotate") -> dict[str, Any]:
    """A PagerDuty log entry of that page so many seconds after noon."""
    clock = f"{12 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return {
        "id": f"{page}-{second}",
        "type": f"{word}_log_entry",
        "summary": word,
        "created_at": f"2026-01-06T{clock}Z",
        "html_url": None,
        "service": {"id": service, "summary": service},
        "incident": {
            "summary": "[#1] it fails",
            "html_url": f"https://acme.pagerduty.com/incidents/{page}",
        },
    }


def test_one_page_goes_to_one_incident_while_others_overlap(tmp_path: Path) -> None:
    """Two incidents of the same hours, each with its page, touched only now and then; nothing is mixed."""
    alerts = [falco(second) for second in (0, 1500, 3000)]
    alerts += [falco(second, "search", "search-api") for second in (100, 1600, 3100)]
    checkout = [entry(second, "QCHECKOUT", "PCHKOUT") for second in (30, 2600, 9000)]
    search = [entry(second, "QSEARCH", "PSEARCH") for second in (130, 2700, 12000)]
    found = ingest(
        put(tmp_path / "a", {"x.jsonl": lines(alerts), "y.jsonl": lines([*checkout, *search])}),
        into=tmp_path / "in",
        is_dry=True,
    ).incidents
    assert [{"falco_json": 3, "pagerduty_log_entries": 3}] * 2 == [each.records for each in found]
    assert [["page QCHECKOUT"], ["page QSEARCH"]] == [
        [name for name in each.entities if name.startswith("page")] for each in found
    ]


def test_a_page_between_incidents_that_it_cannot_be_told_from_is_not_split(tmp_path: Path) -> None:
    """Nobody knows whose it is: it is an incident by itself, whole."""
    unknown = [entry(second, "QOTHER", "PNOBODY") for second in (4000, 9000)]
    unknown.append(entry(30, "QOTHER", "PNOBODY", "trigger"))
    assert [1, 3, 1] == groups(tmp_path, falco(0), *unknown, falco(40, "search", "search-api"))


def test_near_records_of_one_entity_are_tied_through_others(tmp_path: Path) -> None:
    """Each within the gap of the next; the first and the last are not."""
    assert [3] == groups(tmp_path, falco(0), falco(1500), falco(3000))


def test_records_of_different_entities_at_one_time_stay_apart(tmp_path: Path) -> None:
    """Time alone ties nothing."""
    assert [1, 1] == groups(tmp_path, falco(0), falco(0, "search", "search-api"))


def test_a_cloud_account_ties_its_actors_together(tmp_path: Path) -> None:
    """Two actors of one account; another account stays apart."""
    calls = [cloudtrail(0), cloudtrail(60, actor="dev"), cloudtrail(60, account="444455556666")]
    assert [2, 1] == groups(tmp_path, *calls)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (cloudtrail(0, name="ListBuckets"), []),
        (cloudtrail(0, name="DescribeInstances"), []),
        (cloudtrail(0, name="DescribeInstances") | {"errorCode": "AccessDenied"}, [1]),
        (cloudtrail(0, name="GetSecretValue"), [1]),
        (cloudtrail(0, name="CreateUser"), [1]),
    ],
)
def test_looking_at_what_there_is_makes_no_incident(
    tmp_path: Path, record: dict[str, Any], expected: list[int]
) -> None:
    """A call that was refused, that hands something out or that changes something does."""
    assert expected == groups(tmp_path, record)


def test_looks_join_what_signals_near_them_and_are_kept_until_then(tmp_path: Path) -> None:
    """Counted and kept as unplaced; a late write takes them in."""
    into = tmp_path / "in"
    looks = lines([cloudtrail(0, name="ListBuckets"), cloudtrail(60, name="DescribeInstances")])
    report = ingest(put(tmp_path / "a", {"x.jsonl": looks}), into=into)
    assert (2, 0, 2) == (report.records, report.evidence, report.unplaced)
    assert [("cloudtrail", 2, "no_signal")] == [
        (each.format, each.records, each.why) for each in report.unplaced_records
    ]
    late = ingest(put(tmp_path / "b", {"y.jsonl": lines([cloudtrail(120, name="CreateUser")])}), into=into)
    assert [{"cloudtrail": 3}] == [each.records for each in late.incidents]
    assert not (into / "unplaced").exists()


def test_a_sync_joins_the_alert_near_it_and_an_old_one_makes_no_incident(tmp_path: Path) -> None:
    """An application's history over hours ties the incidents of those hours not together."""
    alerts = [falco(60), falco(300 * 60)]
    assert [2, 2] == groups(tmp_path, *alerts, sync("checkout-api", 0, 120, 298))


def test_changes_alone_are_no_incident(tmp_path: Path) -> None:
    """They belong to none until something signals one."""
    report = ingest(
        put(tmp_path / "a", {"x": lines([sync("checkout-api", 0)])}), into=tmp_path / "in", is_dry=True
    )
    assert ([], 1, "no_signal") == (report.incidents, report.unplaced, report.unplaced_records[0].why)


def test_a_change_is_taken_in_when_a_late_alert_comes(tmp_path: Path) -> None:
    """What belonged to no incident is looked at again."""
    into = tmp_path / "in"
    ingest(put(tmp_path / "a", {"x": lines([sync("checkout-api", 0)])}), into=into)
    assert (into / "unplaced" / "argocd_application.jsonl").is_file()
    report = ingest(put(tmp_path / "b", {"y": lines([falco(60)])}), into=into)
    assert [{"argocd_application": 1, "falco_json": 1}] == [each.records for each in report.incidents]
    assert not (into / "unplaced").exists()


def test_what_names_no_entity_joins_the_one_incident_of_its_time_and_namespace(tmp_path: Path) -> None:
    """Of another namespace it is by itself; between two incidents of its namespace too."""
    assert [2] == groups(tmp_path, falco(0), log(60, "payments"))
    assert [1, 1] == groups(tmp_path, falco(0), log(60, "search"))
    two = [falco(0), falco(0, "payments", "fraud-check")]
    assert [1, 1, 1] == groups(tmp_path, *two, log(60, "payments"))


def test_a_manifest_names_incidents_and_what_belongs_to_them(tmp_path: Path) -> None:
    """By file, by entity within a window; the rest is grouped as always."""
    put(
        tmp_path / "a",
        {"x.jsonl": lines([falco(0), cloudtrail(0), cloudtrail(7200)]), "y.jsonl": lines([falco(5)])},
    )
    manifest = tmp_path / "a" / "manifest.yaml"
    manifest.write_text(
        "incidents:\n"
        "  - {id: inc-1, title: Ours, type: security, files: [y.jsonl]}\n"
        "  - id: inc-2\n"
        "    window: {from: 2026-01-06T12:00:00Z, to: 2026-01-06T13:00:00Z}\n"
        "    entities: [account 111122223333]\n"
    )
    files = [tmp_path / "a" / name for name in ("x.jsonl", "y.jsonl")]
    report = ingest(*files, into=tmp_path / "in", manifest=manifest)
    found = {each.id: sum(each.records.values()) for each in report.incidents}
    assert (4, 1, 1) == (len(found), found["inc-1"], found["inc-2"])
    assert "Ours" == next(each.title for each in report.incidents if each.id == "inc-1")
    again = ingest(*files, into=tmp_path / "in")
    assert set(found) == {each.id for each in again.incidents}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("incidents: [{id: inc-1}]", "says nothing of what belongs to it"),
        ("incidents: [{id: inc-1, files: [nothing]}]", "no file of this ingest is nothing"),
        ("incidents: [{id: inc-1, entities: [colour red]}]", "is no entity"),
        ("incidents: [{id: A}]", "manifest.yaml:1"),
        ("incident: []", "manifest.yaml:1"),
    ],
)
def test_a_wrong_manifest_is_an_error_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    """Nothing is guessed."""
    source = put(tmp_path / "a", {"x.jsonl": lines([falco(0)])})
    (tmp_path / "manifest.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        ingest(source, into=tmp_path / "in", manifest=tmp_path / "manifest.yaml")


def test_an_incident_is_not_named_after_what_is_no_signal(tmp_path: Path) -> None:
    """A look that comes first, and of a better kind, gives way to the warning that makes the incident."""
    look = cloudtrail(0, name="ListBuckets")
    refused = cloudtrail(60, name="ListUsers") | {"errorCode": "AccessDenied"}
    source = put(tmp_path / "a", {"x.jsonl": lines([look, refused])})
    [incident] = ingest(source, into=tmp_path / "in", is_dry=True).incidents
    assert incident.title.startswith("ListUsers: ")


@pytest.mark.parametrize("name", ["catalog", "refused", "unplaced"])
def test_the_folders_of_an_ingest_are_no_incidents(tmp_path: Path, name: str) -> None:
    """A manifest that names one so is refused with the place."""
    manifest = put(tmp_path, {"m.yaml": f"incidents:\n  - id: {name}\n    files: [x]\n".encode()}) / "m.yaml"
    with pytest.raises(InputError, match=rf"m.yaml:2:.*{name} is a folder that evidence ingest itself keeps"):
        ingest(put(tmp_path / "a", {"x": lines([falco(0)])}), into=tmp_path / "in", manifest=manifest)
