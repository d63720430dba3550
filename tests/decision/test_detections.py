"""Detections of a bundle: loaded strictly, and part of its identity by what can be a signal."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.decision import Bundle, load_bundle
from evidence.decision.inspection import inspect_bundle
from evidence.detections.levels import Level
from evidence.errors import PlaybookError

from .deciding import mini
from .test_bundle import copied

RULE = """\
title: {title}
id: {id}
status: test
level: {level}
tags: [attack.t1078]
logsource: {{product: aws, service: cloudtrail}}
detection:
  named: {{eventName: {name}}}
  condition: named
"""
COUNT = """\
---
title: Often
id: 00000000-0000-4000-8000-000000000009
level: high
correlation:
  type: event_count
  rules: [00000000-0000-4000-8000-000000000001]
  group-by: [sourceIPAddress]
  timespan: 5m
  condition: {gte: 3}
"""


def rule(
    number: int, name: str = "StopLogging", level: str = "high", title: str = "Logging was stopped"
) -> str:
    return RULE.format(title=title, id=f"00000000-0000-4000-8000-{number:012}", level=level, name=name)


def with_rules(tmp_path: Path, *texts: str, from_level: str = "high") -> Path:
    """The small bundle with a folder of rules beside it, one file each."""
    named = f"policies: ../policies\ndetections: {{rules: ../detections, from_level: {from_level}}}\n"
    folder = copied(tmp_path, ("policies: ../policies\n", named))
    (folder.parent / "detections").mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        (folder.parent / "detections" / f"rule_{number}.yml").write_text(text, encoding="utf-8")
    return folder


def loaded(tmp_path: Path, *texts: str, from_level: str = "high") -> Bundle:
    return load_bundle(with_rules(tmp_path, *texts, from_level=from_level))


def refusals(folder: Path) -> list[str]:
    inspection = inspect_bundle(folder)
    assert inspection.bundle is None
    return [str(each.error()).replace(f"{folder.parent}/", "") for each in inspection.errors]


def test_a_bundle_without_detections_keeps_its_digest() -> None:
    """What names no rules is the bundle that it was before there were any."""
    assert mini().detections is None
    assert mini().digest.startswith("ff9265ad90c7e86b")


def test_rules_of_the_level_and_graver_are_signals(tmp_path: Path) -> None:
    """A rule below the level is loaded, and is evaluated no more than a rule that nobody has written."""
    low = rule(2, "GetObject", "medium", "An object was read")
    found = loaded(
        tmp_path, rule(1), low, rule(3, "DeleteTrail", "critical", "A trail was deleted")
    ).detections
    assert found is not None
    assert 3 == len(found.rules.rules)
    assert ["Logging was stopped", "A trail was deleted"] == [
        each.title for each in found.signalling.reporting()
    ]


def test_a_rule_without_a_level_counts_as_medium(tmp_path: Path) -> None:
    """As `evidence detect` counts it."""
    text = rule(1).replace("level: high\n", "")
    assert Level.MEDIUM is Level.of("")
    at_medium = loaded(tmp_path / "a", text, from_level="medium").detections
    assert at_medium is not None and 1 == len(at_medium.signalling.rules)


def test_what_a_correlation_reads_is_kept_and_does_not_report(tmp_path: Path) -> None:
    """Its parts may be of any level."""
    found = loaded(tmp_path, rule(1, level="informational") + COUNT).detections
    assert found is not None
    assert [False] == [each.is_output for each in found.signalling.rules]
    assert ["Often"] == [each.title for each in found.signalling.reporting()]


@pytest.mark.parametrize(
    ("change", "is_other"),
    [
        (("StopLogging", "StartLogging"), True),
        (("level: high", "level: critical"), True),
        (("attack.t1078", "attack.t1079"), True),
        (("Logging was stopped", "Somebody stopped the logging"), True),
        (("status: test", "status: experimental"), False),
        (("status: test\n", "status: test\n# why\ndescription: Says why.\n"), False),
        (("eventName: StopLogging", "eventName:   'stoplogging'"), False),
    ],
)
def test_the_digest_covers_what_can_change_a_signal_or_what_is_said_of_it(
    tmp_path: Path, change: tuple[str, str], is_other: bool
) -> None:
    """Comments, layout, status and description do not count."""
    before, after = loaded(tmp_path / "a", rule(1)), loaded(tmp_path / "b", rule(1).replace(*change))
    assert is_other == (before.digest != after.digest)
    assert is_other == (before.detections != after.detections)


def test_the_digest_does_not_cover_names_of_files_and_what_is_no_signal(tmp_path: Path) -> None:
    """Two rules in one file or in two, and a rule of a lower level beside them, are one identity."""
    first, second = rule(1), rule(2, "DeleteTrail", title="A trail was deleted")
    low = rule(3, "GetObject", "low", "An object was read")
    digests = {
        loaded(tmp_path / "a", first, second).digest,
        loaded(tmp_path / "b", second, first).digest,
        loaded(tmp_path / "c", f"{first}---\n{second}").digest,
        loaded(tmp_path / "d", first, second, low).digest,
    }
    assert 1 == len(digests)


def test_the_level_belongs_to_the_identity(tmp_path: Path) -> None:
    """From another level on is another bundle, also where the rules are the same."""
    digests = {loaded(tmp_path / each, rule(1), from_level=each).digest for each in ("high", "medium")}
    assert 2 == len(digests)


def test_values_that_are_used_count_and_others_do_not(tmp_path: Path) -> None:
    """`values.yaml` lies in the rules' folder."""
    text = rule(1).replace("eventName: StopLogging", "'eventName|expand': '%calls%'")
    digests = []
    for name, values in (("a", "calls: [StopLogging]\n"), ("b", "calls: [DeleteTrail]\n"),
                         ("c", "calls: [StopLogging]\nothers: [x]\n")):  # fmt: skip
        folder = with_rules(tmp_path / name, text)
        (folder.parent / "detections" / "values.yaml").write_text(values, encoding="utf-8")
        digests.append(load_bundle(folder).digest)
    assert digests[0] == digests[2]
    assert digests[0] != digests[1]


def test_a_changed_file_is_loaded_anew(tmp_path: Path) -> None:
    """Loads are shared by content, not by name."""
    before = loaded(tmp_path, rule(1)).digest
    assert before != loaded(tmp_path, rule(1, "DeleteTrail")).digest
    assert before == loaded(tmp_path, rule(1)).digest


def test_every_fault_of_the_rules_is_told_with_its_place(tmp_path: Path) -> None:
    """As for the rest of a bundle: all at once, with file, line and column."""
    folder = with_rules(tmp_path, rule(1).replace("condition: named", "condition: nobody"), rule(2))
    (folder.parent / "detections" / "rule_2.yml").write_text(
        rule(3, "X").replace("level: high", "level: dire")
    )
    found = refusals(folder)
    assert "detections/rule_0.yml:9:14: detection.condition: there is no 'nobody' to refer to" in found[0]
    assert any("detections/rule_2.yml:4:8: level: " in each for each in found)
    assert any("the title 'Logging was stopped' is also that of" in each for each in found)
    with pytest.raises(PlaybookError, match=r"rule_0\.yml:9:14"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("{rules: ../nowhere, from_level: high}", "detections.rules: there is no such file or folder"),
        ("{rules: ../detections}", "detections.from_level: from_level is missing"),
        (
            "{rules: ../detections, from_level: informational}",
            "from_level is 'informational'; one of low, medium, high, critical",
        ),
        ("{rules: ../detections, from_level: high, level: low}", "detections.level: unknown key 'level'"),
        ("../detections", "detections: "),
    ],
)
def test_what_is_wrong_with_the_key_is_told_where_it_stands(tmp_path: Path, said: str, told: str) -> None:
    """A missing folder, a level that is none, an unknown key."""
    folder = with_rules(tmp_path, rule(1))
    path = folder / "playbook.yaml"
    path.write_text(path.read_text().replace("{rules: ../detections, from_level: high}", said))
    (found,) = refusals(folder)
    assert found.startswith("mini/playbook.yaml:")
    assert told in found


def test_rules_of_which_none_is_a_signal_are_a_doubt(tmp_path: Path) -> None:
    """Somebody has meant them to be."""
    inspection = inspect_bundle(with_rules(tmp_path, rule(1, level="low")))
    assert inspection.bundle is not None
    assert ["no rule of level high or graver reports: no hit is ever a signal"] == [
        each.what for each in inspection.warnings
    ]


def test_a_count_that_later_records_can_change_is_no_signal(tmp_path: Path) -> None:
    """A hit of it is certain only when nothing more can come; below the level it may stand."""
    few = COUNT.replace("gte: 3", "lte: 3")
    (found,) = refusals(with_rules(tmp_path / "a", rule(1) + few))
    assert "detections/rule_0.yml:11:1: 'Often' holds of a count that later records can change" in found
    assert loaded(tmp_path / "b", rule(1) + few.replace("level: high", "level: low"), rule(2, title="Other"))
