"""Owns the pages that list our detections, and what they say of records that others have made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.detections.our_rules import documents_of, key_of, reporting_id, rule_files
from tests.detections.recorded_labels import Verdict, is_caught, labels

UNSEEN = "Can not see: "
LISTED = """\
<!-- Written by `make golden` from `playbooks/detections`; do not edit. -->

# Detections

The Sigma rules in `playbooks/detections/`, in our own words. Every rule has at least one case that it hits
and one near miss that it leaves alone, in `playbooks/detections/cases/`; a test sweeps them all. Parts of
correlations, which report nothing by themselves, are not listed. Lists that a house fills in (its accounts,
images, users, namespaces, pipelines) stand in `playbooks/detections/values.yaml`. How the rules fare on
recordings of other accounts is told in [Detections on records](detections-on-records.md).

No rule is a verdict: it says that something happened that is worth a look, and names the honest reasons for
it under `falsepositives`."""
RECORDED = """\
<!-- Written by `make golden` from the rules and from records of others; do not edit. -->

# Detections on records

What the [detections](detections.md) say of records that others have made and labelled. None of these records
is part of the project; the tests that write this page skip, saying so, where they are absent.
"""
TECHNIQUES = """\
## Techniques recorded in CloudTrail

Of {count} techniques that DataDog's Stratus Red Team has recorded (one file each, 2024) {caught} are caught:
a rule of level medium or higher hits. The same rules hit as often when accounts, names, tags, addresses,
regions and user agents of the recordings are replaced by others, so none of them knows the tool. What is
caught is also caught when it is done five times as slowly or all within one second, and when its records are
delivered in another order. Where every call is made by a session of a role instead of a user, {by_role} are
caught; the others are calls that no role can make, the login to the console as a user and the drawing of a
federation token:
{by_users_only}.
With a day between its calls, what is innocent alone is not hit. A number in brackets counts hits where there
are several.
"""
LABELS = """\
## Labels of other people's rules

Panther's analysis pack labels single events per rule, Falco's Kubernetes audit tests label files per rule and
setting; which rule of ours stands for which of theirs is written in `tests/detections/labels.yaml`. Events
of one rule say nothing about another. Where theirs counts, as our correlations do, the part that sees one
event is compared.
"""
ELSEWHERE = """\
{count} further samples are Google's Cloud Audit Logs, which is another log source: there verb, object and
request stand elsewhere. They are left out, not counted as agreement."""
FOLDERS = {
    "aws": "AWS (CloudTrail)",
    "kubernetes": "Kubernetes (audit log)",
    "github": "GitHub (audit log)",
    "falco": "Falco (alerts)",
    "across": "Across log sources",
    "evidence": "Normalised events (intake.evidence_events)",
}


def detections_page() -> str:
    """Every rule that reports: what it finds, what it can not see, its level and techniques."""
    lines = [LISTED]
    for folder, title in FOLDERS.items():
        files = [file for file in rule_files() if key_of(file).startswith(f"{folder}/")]
        lines += [
            "",
            f"## {title}",
            "",
            f"{len(files)} rules.",
            "",
            "| rule | finds | can not see | level | ATT&CK |",
        ]
        lines += [
            "|---|---|---|---|---|",
            *(_rule_row(documents_of(file)[-1], key_of(file)) for file in files),
        ]
    return "\n".join(lines) + "\n"


def _rule_row(rule: Mapping[str, Any], key: str) -> str:
    finds, unseen = " ".join(rule["description"].split()).split(UNSEEN)
    techniques = [tag.removeprefix("attack.").upper() for tag in rule.get("tags", []) if _is_technique(tag)]
    cells = [f"`{key}`", f"**{rule['title']}.** {finds.strip()}", unseen, rule["level"], " ".join(techniques)]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _is_technique(tag: str) -> bool:
    return tag.startswith("attack.t") and tag.removeprefix("attack.t")[:4].isdigit()


def detections_on_records_page(
    techniques: Mapping[str, Mapping[str, int]],
    by_a_role: Mapping[str, Mapping[str, int]],
    verdicts: Sequence[Verdict],
    elsewhere_count: int,
) -> str:
    """Techniques and the rules that catch them, the confusion table, every disagreement and its reason.

    `by_a_role` are the hits on the same techniques, every call of which is made by a session of a role.
    """
    lines = [
        RECORDED,
        *_technique_lines(techniques, by_a_role),
        "",
        *_confusion_lines(verdicts, elsewhere_count),
        "",
        *_disagreement_lines(),
        "",
        *_missing_lines(),
        "",
        *_mapping_lines(verdicts),
    ]
    return "\n".join(lines) + "\n"


def _technique_lines(
    techniques: Mapping[str, Mapping[str, int]], by_a_role: Mapping[str, Mapping[str, int]]
) -> Iterator[str]:
    caught = sum(is_caught(by_rule) for by_rule in techniques.values())
    missed = sorted(name for name, by_rule in by_a_role.items() if not is_caught(by_rule))
    keys = {reporting_id(key_of(file)): key_of(file) for file in rule_files()}
    yield TECHNIQUES.format(
        count=len(techniques),
        caught=caught,
        by_role=len(by_a_role) - len(missed),
        by_users_only=" and ".join(f"`{name}`" for name in missed),
    )
    yield "| technique | rules |"
    yield "|---|---|"
    for technique, by_rule in sorted(techniques.items()):
        named = sorted((keys[rule].split("/")[1], count) for rule, count in by_rule.items())
        words = [f"`{key}`" + (f" ({count})" if count > 1 else "") for key, count in named]
        yield f"| {technique} | {', '.join(words) or 'none'} |"


def _confusion_lines(verdicts: Sequence[Verdict], elsewhere_count: int) -> Iterator[str]:
    yield LABELS
    yield "| source | rules of ours | labels of theirs | both true | both false | only ours | only theirs |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for source in sorted({one.source for one in verdicts}):
        mine = [one for one in verdicts if one.source == source]
        counts = Counter((one.expected, one.actual) for one in mine)
        named = {label for one in mine for label in one.label.split(" / ")}
        cells = (counts[True, True], counts[False, False], counts[False, True], counts[True, False])
        yield (
            f"| {source} | {len({one.key for one in mine})} | {len(named)} | "
            + " | ".join(map(str, cells))
            + " |"
        )
    yield ""
    yield ELSEWHERE.format(count=elsewhere_count)


def _disagreement_lines() -> Iterator[str]:
    yield "## Where we disagree"
    yield ""
    yield "| rule of ours | label | sample | why |"
    yield "|---|---|---|---|"
    for entry in labels()["panther"]:
        for one in entry.get("disagreements", []):
            yield f"| `{entry['rule']}` | {', '.join(entry['labels'])} | {one['test']} | {one['why']} |"
    for case, why in labels()["falco"]["left_out"].items():
        yield f"| none | none | {case} | {why} |"


def _missing_lines() -> Iterator[str]:
    yield "## Labels that we do not reproduce"
    yield ""
    yield "| label | why |"
    yield "|---|---|"
    for label, why in sorted(labels()["not_reproduced"].items()):
        yield f"| {label} | {why} |"


def _mapping_lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield "## Which of our rules stands for which"
    yield ""
    yield "| rule of ours | part | theirs | both true | both false | we disagree |"
    yield "|---|---|---|---:|---:|---:|"
    for source, entries in (("Panther", labels()["panther"]), ("Falco", labels()["falco"]["rules"])):
        for entry in entries:
            mine = [one for one in verdicts if one.key == entry["rule"] and one.source.startswith(source)]
            counts = Counter((one.expected, one.actual) for one in mine)
            part = f"`{entry['part']}`" if "part" in entry else ""
            agreed, silent = counts[True, True], counts[False, False]
            cells = f"{agreed} | {silent} | {len(mine) - agreed - silent}"
            yield f"| `{entry['rule']}` | {part} | {', '.join(entry['labels'])} | {cells} |"
