"""Every part of a rule matters: without it, one of the rule's own cases would come out differently."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evidence.detections.loading import load_rules
from tests.detections.our_rules import (
    VALUES,
    cases_of,
    documents_of,
    hits,
    key_of,
    our_rules,
    records_of,
    reporting_id,
    rule_files,
)

NEVER = {"no.such.field": "never"}
Documents = list[dict[str, Any]]


def without_a_part(documents: Documents) -> Iterator[tuple[str, Documents]]:
    """Each part of each detection by name, and the file with that part never true; sole parts are left."""
    for number, document in enumerate(documents):
        parts = [name for name in document.get("detection", {}) if name != "condition"]
        for name in parts if len(parts) > 1 else []:
            changed = copy.deepcopy(documents)
            changed[number]["detection"][name] = NEVER
            yield name, changed


def renamed(documents: Documents, suffix: str) -> Documents:
    """The documents under titles, ids and names of their own; references follow."""
    names = {document["name"]: document["name"] + suffix for document in documents if "name" in document}
    for document in documents:
        document["title"] += suffix
        document["id"] = str(uuid.uuid5(uuid.NAMESPACE_DNS, document["title"]))
        document |= {"name": names[document["name"]]} if "name" in document else {}
        if correlation := document.get("correlation"):
            correlation["rules"] = [names[name] for name in correlation["rules"]]
            for alias, fields in correlation.get("aliases", {}).items():
                correlation["aliases"][alias] = {names[name]: field for name, field in fields.items()}
    return documents


@pytest.mark.slow
def test_no_part_of_a_rule_is_without_a_case(tmp_path: Path) -> None:
    """A filter, or one of several ways to hit, that no case shows might as well be wrong."""
    parts: dict[str, tuple[str, str]] = {}
    for file in rule_files():
        for name, changed in without_a_part(documents_of(file)):
            documents = renamed(changed, f"_without_{len(parts)}")
            parts[documents[-1]["id"]] = key_of(file), name
            text = "\n---\n".join(json.dumps(document) for document in documents)
            (tmp_path / f"{len(parts)}.yml").write_text(text, encoding="utf-8")
    batches = {
        f"{key}#{number}": records_of(key, case)
        for key in map(key_of, rule_files())
        for number, case in enumerate(cases_of(key))
    }
    whole, partial = hits(our_rules(), batches), hits(load_rules(tmp_path, VALUES), batches)
    unshown = [
        f"{key}: {name}"
        for rule, (key, name) in parts.items()
        if all(
            (reporting_id(key) in whole[batch]) == (rule in partial[batch])
            for batch in batches
            if batch.split("#")[0] == key
        )
    ]
    assert unshown == []
