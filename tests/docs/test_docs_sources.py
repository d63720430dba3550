"""The page of sources says what the readers say, and the readers say what they do."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

import pytest
from sources_page import CLASSES, facts_of, sources_page

from evidence.readers import READERS
from evidence.readers.contract import Event
from expectations.tables.quality import GAP_KINDS
from tests.readers.reading import reading_of
from tests.readers.samples import FILES

ROOT = Path(__file__).parents[2]
# The tools that a response to cloud incidents reads from, as people call them.
TOOLS = {
    "AWS CloudTrail",
    "Alertmanager",
    "Argo CD",
    "Argo Events",
    "Event envelope",
    "Falco",
    "Flux",
    "Gatekeeper (OPA)",
    "GitHub",
    "Kubernetes API audit",
    "Kubernetes events and pods",
    "Loki",
    "OCSF (Amazon Security Lake)",
    "OPA",
    "OpenTelemetry",
    "PagerDuty",
    "Prometheus",
    "Slack",
    "StackStorm",
    "Tempo",
    "Terraform, OpenTofu",
}
SAMPLES = sorted(FILES)


def reader_of(name: str) -> Any:
    (reader,) = [reader for reader in READERS if reader.format == name.partition(" ")[0]]
    return reader


@pytest.mark.golden
def test_the_page_of_sources_follows_from_the_readers(golden: Any) -> None:
    """docs/reference/sources.md is what the readers declare."""
    golden("docs/reference/sources.md", sources_page())


def test_every_reader_says_what_people_have_to_know() -> None:
    """No format is read of which nobody is told what it is and how far it can be trusted."""
    assert [] == [reader.format for reader in READERS if reader.facts is None]
    texts = [
        (reader.format, name)
        for reader in READERS
        for name in ("tool", "written_by", "record", "read", "ignored", "trust")
        if not getattr(facts_of(reader), name).strip() or getattr(facts_of(reader), name).endswith(".")
    ]
    assert [] == texts


def test_every_tool_is_honoured() -> None:
    """Each tool has at least one format of its own."""
    assert TOOLS <= {facts_of(reader).tool for reader in READERS}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.format)
def test_facts_keep_to_the_declared_words(reader: Any) -> None:
    """Gaps of the closed list, columns that events have, classes that have a name."""
    facts = facts_of(reader)
    assert set(facts.gaps) <= set(GAP_KINDS)
    assert set(facts.forgeable) <= set(Event.__annotations__)
    assert set(facts.class_uids) <= set(CLASSES)


@pytest.mark.parametrize("name", SAMPLES)
def test_events_bear_the_classes_and_gaps_that_the_facts_name(name: str) -> None:
    """Of every sample: no class and no gap that people are not told of."""
    facts, reading = facts_of(reader_of(name)), reading_of(FILES[name])
    classes = {event["class_uid"] for record in reading.records for event in record.events}
    gaps = {gap.gap for record in reading.records for gap in record.gaps}
    gaps |= {envelope.gap.gap for envelope in reading.envelope_gaps}
    assert classes <= set(facts.class_uids)
    assert gaps <= set(facts.gaps)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.format)
def test_every_gap_that_a_reader_can_declare_is_named(reader: Any) -> None:
    """Every kind of gap that its module makes a gap of stands among its facts."""
    module = importlib.import_module(reader.read.__module__)
    tree = ast.parse(Path(str(module.__file__)).read_text())
    made = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Gap"
        and isinstance(node.args[0], ast.Constant)
    }
    assert made <= set(facts_of(reader).gaps)
