"""Our rules on the recorded incidents of the project, through the intake as a run reads them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

from evidence import intake
from evidence.detections.detecting import detect
from evidence.detections.units import intake_units
from evidence.settings import load_settings
from evidence.tables import open_memory, register
from tests.detections.our_rules import ROOT, key_of, our_rules, reporting_id, rule_files

# What an intruder did stands in CloudTrail, in the audit log or in Falco's alerts of these.
INTRUSIONS = {
    "inc-0101-checkout-shell",
    "inc-0103-ci-temporary-credential",
    "inc-0104-deploy-key-leak",
    "inc-0105-admin-identity",
    "inc-0106-public-bucket",
    "inc-0109-network-policy",
    "inc-0113-late-cloudtrail",
    "inc-0118-ci-runner-mining",
    "inc-0119-lateral-movement",
    "inc-0125-damaged-exports",
}
GRAVE = ("medium", "high", "critical")
# What is no intrusion, and yet worth a look: that, and nothing else.
FAULTS = {
    "inc-0102-checkout-bad-release": {"evidence/secret_in_log_line"},
    "inc-0107-node-image-policy": {"evidence/flagged_image_refused"},
    "inc-0120-failed-secret-rotation": {"aws/secretsmanager_rotation_failed"},
    "inc-0128-batch-node-image": {"evidence/flagged_image_refused"},
}


@pytest.fixture(scope="module")
def caught() -> dict[str, dict[str, int]]:
    """Per incident the number of hits by rule."""
    connection = open_memory()
    settings = load_settings(ROOT / "fixtures/settings.yaml")
    tables = intake.build(ROOT / "fixtures", settings, lambda content: hashlib.sha256(content).hexdigest())
    register(connection, tables)
    keys = {reporting_id(key_of(file)): key_of(file) for file in rule_files()}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for hit in detect(our_rules(), intake_units(connection, our_rules())).to_pylist():
        found[hit["incident_id"]][keys[hit["rule_id"]]] += 1
    return {incident: dict(sorted(by_rule.items())) for incident, by_rule in sorted(found.items())}


def test_every_intrusion_is_caught_and_little_else(caught: dict[str, dict[str, int]]) -> None:
    """Rules of level medium or higher hit every intrusion, and elsewhere only what went wrong indeed."""
    levels = {heading.id: heading.level for heading in our_rules().headings().values()}
    grave = {
        incident: {key for key in by_rule if levels[reporting_id(key)] in GRAVE}
        for incident, by_rule in caught.items()
    }
    hit = {incident: keys for incident, keys in grave.items() if keys}
    assert INTRUSIONS | set(FAULTS) == set(hit)
    assert FAULTS == {incident: hit[incident] for incident in FAULTS}


@pytest.mark.golden
def test_the_hits_on_recorded_incidents_are_known(
    golden: Callable[[str, str], None], caught: dict[str, dict[str, int]]
) -> None:
    """Which rule hits which incident how often; a change of a rule shows here."""
    golden("tests/detections/hits_on_fixtures.json", json.dumps(caught, indent=2) + "\n")
