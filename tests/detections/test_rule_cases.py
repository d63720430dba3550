"""The detections of the playbooks folder: each says what it is, and each is right about its own cases."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.detections.detections_page import detections_page
from tests.detections.our_rules import (
    CASES,
    FOLDER,
    cases_of,
    documents_of,
    hits,
    key_of,
    our_rules,
    records_of,
    reporting_id,
    rule_files,
)

FILES = rule_files()
KEYS = [key_of(file) for file in FILES]
# Ids are made of titles, so that whoever writes a rule anew finds the same id.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "detections.incident-evidence")
DESCRIBED = {"title", "id", "status", "description", "author", "date", "level", "falsepositives"}
# Tools of testers: a rule that knows their names would find nothing but tests.
TOOLS = re.compile(
    r"stratus|red[-_ ]?team|pacu|cloudgoat|metasploit|kali|scoutsuite|prowler|trufflehog|"
    r"kube-?hunter|peirates|aws-?cli|boto3?|botocore|aws-sdk|user_?agent",
    re.IGNORECASE,
)
# Twelve digits are an account: of the cases (AWS's own examples) or of nobody.
ACCOUNT = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")


def test_every_file_has_cases_and_every_case_file_a_rule() -> None:
    """A rule without cases fails, and so do cases of a rule that is gone."""
    assert sorted(key.split("/")[1] for key in KEYS) == sorted(path.stem for path in CASES.glob("*.yaml"))


@pytest.mark.parametrize("key", KEYS)
def test_every_rule_has_a_case_of_each_kind(key: str) -> None:
    """Each rule shows what it finds and what it leaves alone, a sentence with each."""
    cases = cases_of(key)
    assert {"hit", "no hit"} == {case["expect"] for case in cases}
    assert [] == [case for case in cases if not case["shows"].endswith((".", "?")) or not case["records"]]


def test_every_rule_is_right_about_its_cases() -> None:
    """Over all cases at once: a rule hits those that it says it hits, and no other of its own."""
    batches = {
        f"{key}#{number}": records_of(key, case) for key in KEYS for number, case in enumerate(cases_of(key))
    }
    found = hits(our_rules(), batches)
    expected = {
        f"{key}#{number}": case["expect"] == "hit"
        for key in KEYS
        for number, case in enumerate(cases_of(key))
    }
    assert expected == {name: reporting_id(name.split("#")[0]) in found[name] for name in batches}


@pytest.mark.parametrize("key", KEYS)
def test_every_rule_says_what_it_is_and_what_it_can_not_see(key: str) -> None:
    """The heading is whole, the id is that of the title, known gaps are told, parts are no reports."""
    *parts, rule = documents_of(FOLDER / f"{key}.yml")
    for document in (*parts, rule):
        assert DESCRIBED <= document.keys()
        assert str(uuid.uuid5(NAMESPACE, document["title"])) == document["id"]
    assert "Can not see: " in " ".join(rule["description"].split())
    assert [] == [tag for tag in rule.get("tags", []) if not tag.startswith("attack.")]
    assert ["informational"] * len(parts) == [part["level"] for part in parts]
    assert bool(parts) == ("correlation" in rule)


def test_a_rule_stands_in_the_folder_of_its_log_source() -> None:
    """The folder of a file is the product of its log source, or `across` where it brings several together."""
    products = {
        key: {document["logsource"]["product"] for document in documents_of(file) if "logsource" in document}
        for key, file in zip(KEYS, FILES, strict=True)
    }
    folders = {key: "across" if len(found) > 1 else min(found) for key, found in products.items()}
    assert folders == {key: key.split("/")[0] for key in KEYS}


def test_no_two_rules_report_the_same() -> None:
    """Two rules with the same logic would tell of one thing twice."""
    rules = our_rules()
    conditions = {rule.heading.id: repr((rule.log_source, rule.condition)) for rule in rules.rules}
    logic = {rule.heading.title: conditions[rule.heading.id] for rule in rules.rules if rule.is_output}
    for each in rules.correlations:
        parts = [conditions[reference] for reference in each.references]
        groups = sorted(sorted(fields.values()) for _, fields in each.group_by)
        counted = sorted(set((each.counted_fields or {}).values()))
        logic[each.heading.title] = repr((each.kind, parts, groups, counted))
    repeated = {one for one, count in Counter(logic.values()).items() if count > 1}
    assert [] == [title for title, one in logic.items() if one in repeated]


@pytest.mark.parametrize("key", KEYS)
def test_no_rule_knows_a_tool_or_an_account(key: str) -> None:
    """A rule finds what is done, not who is known to do it: no tool, no user agent, no account."""
    for document in documents_of(FOLDER / f"{key}.yml"):
        logic = json.dumps([document.get("detection"), document.get("correlation")])
        assert [] == TOOLS.findall(logic)
        assert [] == ACCOUNT.findall(logic)


def test_cases_name_nobody() -> None:
    """Cases use the names of the fixtures and accounts that belong to nobody."""
    known = {"111122223333", "444455556666", "999988887777"}
    found = {account for path in Path(CASES).glob("*.yaml") for account in ACCOUNT.findall(path.read_text())}
    assert found <= known


@pytest.mark.golden
def test_the_page_of_detections_follows_from_the_rules(golden: Callable[[str, str], None]) -> None:
    """The page lists every rule with what it finds and can not see, as the files say it."""
    golden("docs/reference/detections.md", detections_page())
