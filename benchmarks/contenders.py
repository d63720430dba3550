"""Measures other ways to decide, on one sample, after checking that they agree with the kernel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.generated_python import Decision, compile_decide
from benchmarks.peers import Matched, NotInstalled, State
from benchmarks.peers.cedar import cedar
from benchmarks.peers.rego import Opa, opa, regopy
from benchmarks.peers.zen import zen
from benchmarks.python_conditions import columns_used
from evidence.decision import Bundle
from evidence.decision.codes import decode
from evidence.decision.condition_parser import parse_condition
from evidence.decision.conditions import columns_read
from evidence.decision.kernel import Kernel
from evidence.decision.layout import Layout
from evidence.decision.matrix import required_approvers
from evidence.decision.policies import request_of
from evidence.enrichment.grading import graded_sql
from evidence.tables import open_memory

SAMPLE_COUNT = 2_000
PYTHON_ROUNDS = 20
# (name, how to build it, how much of the sample it is given: slow ones get less)
PEERS: tuple[tuple[str, Callable[[Bundle], Any], int], ...] = (
    ("ZEN engine (zen-engine, one batch)", zen, 2_000),
    ("Cedar (cedarpy, one batch)", cedar, 2_000),
    ("Rego (regopy)", regopy, 300),
    ("Rego (OPA, its own count)", opa, 2_000),
)


@dataclass(frozen=True)
class Contender:
    """What one way takes for one state; `microseconds` is None where it was not there, as `note` says."""

    name: str
    microseconds: float | None
    is_whole_decision: bool
    note: str


class Disagreement(Exception):
    """A contender does not decide as the kernel does, so that its time means nothing."""


class Sample:
    """Distinct states of a history, graded by the bundle, and what the kernel says of them."""

    def __init__(self, folder: Path, bundle: Bundle, count: int = SAMPLE_COUNT) -> None:
        self.bundle = bundle
        self._connection = open_memory()
        self._connection.execute("set threads = 1").fetchall()
        states = f"read_parquet('{folder / 'incident_states.parquet'}')"
        # Twice as many are drawn as are kept: what the decision reads of them is to be distinct.
        drawn = f"from {states} order by md5(incident_id || moment), incident_id, moment limit {2 * count}"
        first = (
            f"row_number() over (partition by {', '.join(columns_used(bundle))} order by incident_id, moment)"
        )
        distinct = f"from ({drawn}) qualify {first} = 1 order by incident_id, moment limit {count}"
        self._connection.execute(f"create temp table sample as {distinct}").fetchall()
        graded = f"({graded_sql(bundle.grading, 'sample')})"
        Kernel.of([bundle]).run(self._connection, graded)
        self._connection.execute(f"create temp table graded as from {graded}").fetchall()

    def decisions(self) -> list[Decision]:
        """The kernel's decisions, in the sample's order: action, mode, approvers."""
        codes = [decode(self.bundle, code) for (code,) in self._rows("code_0", "kernel_codes")]
        return [(each.action, each.mode.value, each.approvers) for each in codes]

    def matched(self) -> list[Matched]:
        """The rules that match, by the bits of the kernel's own key."""
        layout = Layout.of([self.bundle])
        bits = ", ".join(
            f"case when {layout.is_set(layout.bit(rule.when, is_raising=False))} = 1 then '{rule.id}' end"
            for rule in self.bundle.rules
        )
        named = f"list_filter([{bits}], lambda rule: rule is not null)"
        return [frozenset(rules) for (rules,) in self._rows(named, "kernel_states")]

    def values(self, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
        """The graded states as tuples."""
        return self._rows(", ".join(columns), "graded")

    def states(self) -> list[State]:
        """The graded states as the peers see them: what the rules read, as far as it is known."""
        columns = sorted(
            {each for rule in self.bundle.rules for each in columns_read(parse_condition(rule.when))}
        )
        rows = self._rows(", ".join(columns), "graded")
        return [
            {name: value for name, value in zip(columns, row, strict=True) if value is not None}
            for row in rows
        ]

    def _rows(self, columns: str, relation: str) -> list[Any]:
        return self._connection.execute(
            f"select {columns} from {relation} order by incident_id, moment"
        ).fetchall()


def contenders(sample: Sample, folder: Path) -> Iterator[Contender]:
    """Every way but the kernel; generated code is kept in `folder`. Raises Disagreement."""
    yield _python(sample, folder)
    expected, states = sample.matched(), sample.states()
    for name, build, count in PEERS:
        try:
            match = build(sample.bundle)
        except NotInstalled as missing:
            yield Contender(name, None, False, f"skipped: {missing}")
            continue
        few = states[:count]
        match(few[:50])
        started = time.process_time()
        found = match(few)
        seconds = match.own_seconds if isinstance(match, Opa) else time.process_time() - started
        _agree(name, expected[:count], found)
        yield Contender(name, seconds / len(few) * 1e6, False, f"on {len(few)} states")


def kernel_rules_seconds(folder: Path, bundle: Bundle) -> tuple[float, int]:
    """CPU seconds of the kernel for the peers' question on all states of the file, and their number."""
    connection = duckdb.connect()
    connection.execute("set threads = 1").fetchall()
    states = f"read_parquet('{folder / 'incident_states.parquet'}')"
    layout = Layout.of([bundle])
    rules = dict.fromkeys(layout.bits[layout.bit(rule.when, is_raising=False)] for rule in bundle.rules)
    only = Layout(tuple(rules), 0, (), (), ())
    words = ", ".join(f"bit_xor({only.word_sql(index)})" for index in range(len(only.words)))
    sql = f"select count(*), {words} from {states}"
    connection.execute(sql).fetchall()
    started = time.process_time()
    count = connection.execute(sql).fetchall()[0][0]
    return time.process_time() - started, count


def _python(sample: Sample, folder: Path) -> Contender:
    decide = compile_decide(sample.bundle, folder)
    rows = sample.values(columns_used(sample.bundle))
    _agree("Python, generated", sample.decisions(), list(map(decide, rows)))
    started = time.process_time()
    for _ in range(PYTHON_ROUNDS):
        for row in rows:
            decide(row)
    seconds = (time.process_time() - started) / PYTHON_ROUNDS
    microseconds = seconds / len(rows) * 1e6
    return Contender("generated Python, states in memory", microseconds, True, "graded already")


def policies_microseconds(sample: Sample) -> float:
    """One question to one of the bundle's own policies in regopy, about one active action, with approval."""
    bundle, questions = sample.bundle, []
    for place, state in enumerate(sample.states()):
        policy = bundle.policies[place % len(bundle.policies)]
        name = bundle.ladder[place % len(bundle.ladder)]
        columns = {each: declared.column for each, declared in policy.declaration.inputs.items()}
        known = {each: state[column] for each, column in columns.items() if column in state}
        action = bundle.actions[name]
        questions.append((policy, request_of(name, action, required_approvers(action, 0), known)))
    for policy, request in questions[: len(bundle.policies)]:
        policy.ask(request)  # compiles it
    started = time.process_time()
    for policy, request in questions:
        policy.ask(request)
    return (time.process_time() - started) / len(questions) * 1e6


def _agree(name: str, expected: list[Any], found: list[Any]) -> None:
    wrong = sum(old != new for old, new in zip(expected, found, strict=True))
    if wrong:
        raise Disagreement(f"{name} differs from the kernel on {wrong} of {len(expected)} states")
