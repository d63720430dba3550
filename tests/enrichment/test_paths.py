"""Holds which way of running a service its signals are about: the primary path, a canary or batch jobs."""

from __future__ import annotations

from typing import Any

from tests.enrichment.tables import CHECKOUT, MINUTE, START, event, last_state, states

SEARCH = {**CHECKOUT, "canary_workload": "checkout-api-canary"}
CANARY_POD = "checkout-api-canary-6d7f9c8b54-x4kzd"


def alert(number: int, minute: int, **fields: Any) -> dict[str, Any]:
    """An alert on checkout-api."""
    labels = {"service_name": "checkout-api", "namespace": "payments", "severity_id": 5, "activity": "firing"}
    return event(number, "alertmanager", "alert", minute, name="HighErrorRate", **{**labels, **fields})


def error_rate(number: int, minute: int, ppm: int, workload: str | None) -> dict[str, Any]:
    """A sample of the error rate of checkout-api, of one workload or of all."""
    return event(
        number, "prometheus", "metric", minute, name="error_rate", measure="error_rate", measure_value=ppm,
        measure_unit="ppm", service_name="checkout-api", namespace="payments", workload=workload,
        workload_kind="Deployment" if workload else None,
    )  # fmt: skip


def path_of(*alerts: dict[str, Any], entry: dict[str, Any] = SEARCH) -> str | None:
    """The path at the last state."""
    path: str | None = last_state(alerts, entries=[entry])["deployment_path"]
    return path


def test_a_signal_on_the_catalogues_canary_is_about_the_canary() -> None:
    """By its workload, or by a pod whose generated name says which workload it is."""
    assert path_of(alert(1, 0, workload="checkout-api-canary", workload_kind="Deployment")) == "canary"
    assert path_of(alert(1, 0, pod=CANARY_POD)) == "canary"


def test_a_signal_on_the_own_workload_is_about_the_primary_path() -> None:
    """The catalogue names the workload; a canary beside it changes nothing."""
    assert path_of(alert(1, 0, workload="checkout-api", workload_kind="Deployment")) == "primary"


def test_a_signal_on_the_service_alone_does_not_tell_its_path_where_there_is_a_canary() -> None:
    """It may be either's; where there is no canary it can only be the primary path's."""
    assert path_of(alert(1, 0)) is None
    assert path_of(alert(1, 0), entry=CHECKOUT) == "primary"


def test_a_signal_on_a_job_of_a_service_is_about_batch_work() -> None:
    """A job bears its service's name, and is not what serves."""
    job = alert(1, 0, workload="checkout-sweep-29634480", workload_kind="Job")
    assert path_of(job) == "batch"
    assert last_state([job], entries=[SEARCH])["service"] == "checkout-api"


def test_one_signal_on_the_primary_path_is_enough() -> None:
    """However many canaries fail beside it; and until then the canary is what is known."""
    rows = states(
        [
            alert(1, 0, workload="checkout-api-canary", workload_kind="Deployment"),
            alert(2, 1, workload="checkout-api", workload_kind="Deployment"),
        ],
        entries=[SEARCH],
    )
    assert [row["deployment_path"] for row in rows] == ["canary", "primary"]


def test_another_services_path_says_nothing_of_this_one() -> None:
    """Only the affected service's own signals count."""
    other = {**SEARCH, "entity_ref": "component:default/cart", "name": "cart", "kubernetes_id": "cart"}
    first = alert(1, 0, workload="checkout-api-canary", workload_kind="Deployment")
    second = alert(2, 1, service_name="cart", workload="cart", workload_kind="Deployment")
    assert last_state([first, second], entries=[SEARCH, {**other, "canary_workload": None}])[
        "deployment_path"
    ] == ("canary")


def test_a_canarys_figures_are_not_the_services() -> None:
    """Nor are a job's: what runs beside the primary path takes a share of the requests, or none."""
    canary = error_rate(2, 0, 380_000, "checkout-api-canary")
    primary = error_rate(3, 0, 1_900, "checkout-api")
    signal = alert(1, 0, workload="checkout-api-canary", workload_kind="Deployment")
    assert last_state([signal, canary, primary], entries=[SEARCH])["error_rate_ppm"] == 1_900


def test_an_alert_on_a_canary_does_not_contradict_a_calm_primary_path() -> None:
    """It is held against its own path's figures."""
    signal = alert(1, 0, workload="checkout-api-canary", workload_kind="Deployment")
    rows = [signal, error_rate(2, 0, 380_000, "checkout-api-canary"), error_rate(3, 0, 1_900, "checkout-api")]
    assert last_state(rows, entries=[SEARCH])["contradiction_count"] == 0
    calm = [signal, error_rate(2, 0, 1_000, "checkout-api-canary")]
    assert last_state(calm, entries=[SEARCH])["contradiction_count"] == 1


def test_a_path_is_known_from_its_signals_arrival_on() -> None:
    """Late word of the primary path changes nothing before it arrives."""
    late = alert(2, 1, workload="checkout-api", workload_kind="Deployment", known_at=START + 30 * MINUTE)
    first = alert(1, 0, workload="checkout-api-canary", workload_kind="Deployment")
    rows = states([first, late], entries=[SEARCH])
    assert [(row["known_at"], row["deployment_path"]) for row in rows][-1] == (START + 30 * MINUTE, "primary")
    assert rows[0]["deployment_path"] == "canary"
