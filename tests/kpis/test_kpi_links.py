"""Every row of every KPI table leads to its incidents, their evidence and the tools."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import InputError
from evidence.links import FIELDS, KINDS, audit_place, link
from evidence.settings import Links, load_settings
from expectations.tables import TABLES
from expectations.tables.kpis import LINK_COLUMNS

# The figures of the whole history name no incident: the weekly ones do.
KPI_TABLES = sorted(name for name in TABLES if name.startswith("kpis.") and name != "kpis.overall")
SHOP, KEY, PERSON, BARE = "inc-1", "inc-2", "inc-3", "inc-4"
CONTEXTS = [
    {"incident_id": SHOP, "service": "checkout-api"},
    {"incident_id": KEY, "credential_uid": "AKIAIOSFODNN7EXAMPLE", "principal": "svc-deploy"},
    {"incident_id": PERSON, "principal": "mara.lindqvist", "actor_kind": "human"},
]
EXPECTED = {
    SHOP: {
        "incident_url": "https://example.pagerduty.com/incidents/inc-1",
        "handoff_path": "handoffs/inc-1.html",
        "logs_url": "https://grafana.example/explore?app=checkout-api&from=1768381200000&to=1768384800000",
        "traces_url": "https://tempo.example/search?service=checkout-api",
        "changes_url": "https://argocd.example/applications/shop",
        "audit_url": None,
    },
    KEY: {
        **dict.fromkeys(LINK_COLUMNS),
        "incident_url": "https://example.pagerduty.com/incidents/inc-2",
        "handoff_path": "handoffs/inc-2.html",
        "audit_url": "https://console.example/111122223333/us-east-1?AccessKeyId=AKIAIOSFODNN7EXAMPLE",
    },
    PERSON: {
        **dict.fromkeys(LINK_COLUMNS),
        "incident_url": "https://example.pagerduty.com/incidents/inc-3",
        "handoff_path": "handoffs/inc-3.html",
        "audit_url": "https://console.example/111122223333/eu-central-1?Username=mara.lindqvist",
    },
    BARE: {
        **dict.fromkeys(LINK_COLUMNS),
        "incident_url": "https://example.pagerduty.com/incidents/inc-4",
    },
}


def call(incident_id, number, region, **more):
    """One call of a trail."""
    return {
        "incident_id": incident_id,
        "event_id": f"{incident_id}-{number}",
        "source": "aws_cloudtrail",
        "kind": "api_call",
        "known_at_basis": "delay",
        "region": region,
        "account_uid": "111122223333",
        **more,
    }


CALLS = [
    call(KEY, 1, "eu-central-1", credential_uid="AKIAIOSFODNN7EXAMPLE", actor="svc-deploy"),
    call(KEY, 2, "us-east-1", credential_uid="AKIAIOSFODNN7EXAMPLE", actor="svc-deploy"),
    call(KEY, 3, "us-east-1", credential_uid=None, actor="svc-deploy"),
    *(call(KEY, 10 + n, "eu-west-1", actor="somebody-else") for n in range(9)),
    call(PERSON, 1, "eu-central-1", actor="mara.lindqvist"),
    call(PERSON, 2, "us-east-1", actor="mara.lindqvist"),
]


@pytest.fixture(scope="module")
def tables(kpis_of, ns):
    """Four incidents of one week: of a service, a key, a person, and one of which nothing is known."""
    found = ns("2026-01-14T09:00")
    return kpis_of(
        [
            {
                "incident_id": name,
                "incident_type": "security",
                "window_start": found,
                "window_end": found + 3_600_000_000_000,
                "started_at": found,
                "detected_at": found,
            }
            for name in (PERSON, SHOP, BARE, KEY)
        ],
        incident_context=CONTEXTS,
        decisions=[
            {"incident_id": name, "option": "monitor", "mode": "automatic"} for name in (SHOP, KEY, PERSON)
        ],
        services=[
            {
                "entity_ref": "component:default/checkout-api",
                "kind": "component",
                "name": "checkout-api",
                "argocd_app": "shop",
            }
        ],
        evidence_events=CALLS,
    )


@pytest.mark.parametrize("name", KPI_TABLES)
def test_every_row_of_every_table_has_its_links(tables, name) -> None:
    """One of each for a row about one incident; for others a list of each, entry by entry as incident_ids."""
    rows = tables[name].to_pylist()
    assert rows
    for row in rows:
        ids = row.get("incident_ids", [row.get("incident_id")])
        for column in LINK_COLUMNS:
            found = row[f"{column}s"] if "incident_ids" in row else [row[column]]
            assert [EXPECTED[incident_id][column] for incident_id in ids] == found


def test_links_can_be_unfolded_beside_the_incidents(tables, open_kpis) -> None:
    """As docs/reference/kpis.md shows: one row per incident with its links."""
    connection = open_kpis({})
    connection.register("weekly_outcomes", tables["kpis.weekly_outcomes"])
    rows = connection.execute(
        "select unnest(incident_ids), unnest(incident_urls), unnest(audit_urls) from weekly_outcomes"
    ).fetchall()
    assert [
        (name, EXPECTED[name]["incident_url"], EXPECTED[name]["audit_url"]) for name in sorted(EXPECTED)
    ] == rows


def test_no_template_gives_no_link(kpis_of, ns) -> None:
    """A tool that the settings do not mention has no link, and its list keeps its place for each incident."""
    found = ns("2026-01-14T09:00")
    row = {"incident_id": "inc-1", "incident_type": "rollout", "window_start": found, "window_end": found + 1}
    tables = kpis_of([row], links=Links())
    [learning] = tables["kpis.learning"].to_pylist()
    assert [None] * len(KINDS) == [learning[f"{kind}_url"] for kind in KINDS]
    [coverage] = tables["kpis.weekly_coverage"].to_pylist()
    assert [[None]] * len(KINDS) == [coverage[f"{kind}_urls"] for kind in KINDS]


@pytest.mark.parametrize(
    "calls", [[], [call("inc-1", 1, None)], [call("inc-1", 1, "eu-west-1", source="falco")]]
)
def test_a_trail_that_is_in_no_known_place_has_no_link(calls) -> None:
    """Never an address with a hole in it."""
    places = audit_place([{"actor": "a", "credential_uid": None, **event} for event in calls], None, "a")
    assert {"account": None, "region": None} == places
    template = "https://x.example/{region}?Username={user}"
    assert link(template, {**dict.fromkeys(FIELDS), **places, "user": "a"}) is None


@pytest.mark.parametrize(
    ("credential", "principal"),
    [("AKIAIOSFODNN7EXAMPLE", "svc-deploy"), (None, "mara.lindqvist"), (None, None), (None, "nobody")],
)
def test_handoffs_and_kpis_find_the_same_trail(kpis_of, open_kpis, ns, credential, principal) -> None:
    """The rule stands twice, in Python for one incident and in SQL for all of them."""
    calls = [{**event, "incident_id": "inc-1", "event_id": str(n)} for n, event in enumerate(CALLS)]
    calls = [{"actor": None, "credential_uid": None, **event} for event in calls]
    found = ns("2026-01-14T09:00")
    row = {"incident_id": "inc-1", "incident_type": "rollout", "window_start": found, "window_end": found + 1}
    tables = kpis_of(
        [row],
        links=Links(audit="https://x.example/{account}/{region}"),
        incident_context=[{"incident_id": "inc-1", "credential_uid": credential, "principal": principal}],
        evidence_events=calls,
    )
    expected = link("https://x.example/{account}/{region}", audit_place(calls, credential, principal))
    assert [expected] == tables["kpis.learning"].column("audit_url").to_pylist()


def test_the_first_template_that_can_be_filled_counts() -> None:
    """Several templates are tried in order."""
    templates = ["https://x.example/{service}", "https://y.example/{user}"]
    assert "https://x.example/a" == link(templates, {"service": "a", "user": "b"})
    assert "https://y.example/b" == link(templates, {"service": None, "user": "b"})
    assert link(templates, {"service": None, "user": None}) is None


def test_only_fixed_https_hosts_are_linked() -> None:
    """Templates that could lead elsewhere are refused with a remedy."""
    for template in (
        "http://x.example/{service}",
        "javascript:{service}",
        "https://{service}/",
        "https:///x",
    ):
        with pytest.raises(InputError, match="https host"):
            link(template, {"service": "a"})
    for template in ("https://x.example/{owner}", "https://x.example/{service.real}", "https://x.example/{}"):
        with pytest.raises(InputError, match="unknown placeholder"):
            link(template, {"service": "a"})
    with pytest.raises(InputError, match="Write braces"):
        link("https://x.example/{service", {"service": "a"})


@given(st.one_of(st.text(), st.sampled_from(["", ".", "..", "...", "/..", "a/../b"])))
def test_a_value_cannot_leave_its_place_in_the_address(value) -> None:
    """Whatever a log says, it is one encoded segment: only unreserved characters and percent signs."""
    filled = link("https://x.example/{service}?tail", {"service": value})
    is_unsafe = any(c in "\"'`\\\x7f" or c < " " for c in value) or value in ("", ".", "..")
    assert is_unsafe == (filled is None)
    middle = (filled or "").removeprefix("https://x.example/").removesuffix("?tail")
    assert set(middle) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~%")


@pytest.mark.parametrize("kind", KINDS)
def test_the_templates_in_the_settings_make_links(kind) -> None:
    """Every template of fixtures/settings.yaml is https with known placeholders."""
    templates = getattr(load_settings(Path(__file__).parents[2] / "fixtures/settings.yaml").links, kind)
    for template in [templates] if isinstance(templates, str) else templates:
        filled = link(template, dict.fromkeys(FIELDS, "a"))
        assert filled is not None
        assert re.fullmatch(r"https://[a-z.]+/[^\s{}\"'<>]+", filled)
