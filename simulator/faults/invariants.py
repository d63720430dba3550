"""Owns the safety invariants: what may never be recommended, at any moment of any history.

They are held against what the kernel has decided, from the columns of the states and the bundle's own
words, without its keys or masks. Each distinct situation (what the bundle reads, and what was decided)
is looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import duckdb

from evidence.decision import Bundle
from evidence.decision.codes import Recommendation, decode
from evidence.decision.kernel import STATES
from evidence.decision.matrix import BOUNDED_OPTIONS, MODE_WORDS, MODES, Mode
from simulator.faults.allowances import Allowances, columns_of, missing_context, strictest
from simulator.faults.truth import State

Test = Callable[[Allowances, Recommendation, State], str | None]


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that always holds; `broken` says what is wrong in a state, None where it holds."""

    id: str
    sentence: str
    broken: Test | None = None


@dataclass(frozen=True, slots=True)
class Breach:
    """A moment at which an invariant does not hold; `known_at` in ns UTC, moment 0 is the whole incident."""

    invariant: str
    incident_id: str
    moment: int
    known_at: int | None
    says: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, so that a result without breaches can be told from one without cases."""

    moment_count: int
    active_count: int
    automatic_count: int
    situation_count: int
    proposal_count: int
    breaches: tuple[Breach, ...]

    @classmethod
    def total(cls, parts: Iterable[Checked]) -> Checked:
        """What was looked at in several histories together."""
        some = tuple(parts)
        return cls(
            sum(each.moment_count for each in some),
            sum(each.active_count for each in some),
            sum(each.automatic_count for each in some),
            sum(each.situation_count for each in some),
            sum(each.proposal_count for each in some),
            tuple(breach for each in some for breach in each.breaches),
        )


def _named(decided: Recommendation) -> str:
    return f"{decided.action} ({MODE_WORDS[decided.mode]})"


def _minimum_context(_: Allowances, decided: Recommendation, state: State) -> str | None:
    missing = missing_context(state)
    if not missing or (not decided.is_active and decided.option in BOUNDED_OPTIONS):
        return None
    return f"{_named(decided)} without {', '.join(missing)}"


def _policy(allowances: Allowances, decided: Recommendation, state: State) -> str | None:
    denying = allowances.denying_policies(decided.action, state) if decided.is_active else []
    return f"{_named(decided)}, which {', '.join(denying)} denies" if denying else None


def _floor(allowances: Allowances, decided: Recommendation, state: State) -> str | None:
    floor = allowances.bundle.actions[decided.action].floor or 0
    confidence = state["confidence"] or 0
    if not decided.is_active or confidence >= floor:
        return None
    return f"{_named(decided)} at confidence {confidence}, below its floor of {floor}"


def _preconditions(allowances: Allowances, decided: Recommendation, state: State) -> str | None:
    failed = allowances.failed_preconditions(decided.action, state)
    return f"{_named(decided)} although {', '.join(failed)} is not known" if failed else None


def _support(allowances: Allowances, decided: Recommendation, state: State) -> str | None:
    need = allowances.bundle.need
    if not decided.is_active or (points := allowances.effect(decided.action, state)) >= need:
        return None
    return f"{_named(decided)} with {points} of {need} points"


def _mode(allowances: Allowances, decided: Recommendation, state: State) -> str | None:
    mode, because = strictest(allowances.demands(decided.action, state))
    if MODES.index(decided.mode) >= MODES.index(mode):
        return None
    return f"{decided.action} is {MODE_WORDS[decided.mode]}, but {because} demands {MODE_WORDS[mode]}"


def _approvers(allowances: Allowances, decided: Recommendation, state: State) -> str | None:
    if decided.mode is Mode.AUTOMATIC:
        return None
    unasked = set(allowances.approvers(decided.action, state)) - set(decided.approvers)
    return f"{decided.action} without the approval of {', '.join(sorted(unasked))}" if unasked else None


INVARIANTS = (
    Invariant(
        "minimum-context",
        "Without minimum context no active action, and no passive one but to enrich or escalate.",
        _minimum_context,
    ),
    Invariant("policy", "No active action that a policy denies even with approval.", _policy),
    Invariant("confidence-floor", "No active action below its confidence floor.", _floor),
    Invariant("preconditions", "No action with a precondition that is not known to be true.", _preconditions),
    Invariant("support", "No active action with fewer points than the playbook needs.", _support),
    Invariant("mode", "Never less approval than matrix, escalations, figures and policies demand.", _mode),
    Invariant("approvers", "Nobody is left out who must approve.", _approvers),
    Invariant("one-decision", "Exactly one recommendation a moment, and one decision of record an incident."),
    Invariant("as-of", "What arrives later leaves every earlier state and recommendation as it was."),
)


def check(connection: duckdb.DuckDBPyConnection, bundle: Bundle, held_to: Bundle | None = None) -> Checked:
    """Hold what `bundle` decided to every invariant but `as-of`, which takes two histories (`check_as_of`).

    Reads `kernel_decided_states`, `kernel_codes` and `kernel_records`, as `record_decisions` leaves
    them for this bundle alone. What must hold is in the words of `held_to`, which is the bundle itself
    unless another one with the same actions is given. Breaches by incident, moment, order of INVARIANTS.
    """
    allowances = Allowances(held_to or bundle)
    connection.execute(_situations_sql(columns_of(allowances.bundle))).fetchall()
    rows = (
        connection.sql("select * exclude (places) from situations order by id").to_arrow_table().to_pylist()
    )
    situations = [(row, decode(bundle, row["code"])) for row in rows]
    broken = {
        row["id"]: found for row, decided in situations if (found := list(_broken(allowances, decided, row)))
    }
    active = [(row, decided) for row, decided in situations if decided.is_active]
    return Checked(
        moment_count=sum(row["moment_count"] for row, _ in situations),
        active_count=sum(row["moment_count"] for row, _ in active),
        automatic_count=sum(row["moment_count"] for row, decided in active if decided.mode is Mode.AUTOMATIC),
        situation_count=len(situations),
        proposal_count=allowances.proposal_count,
        breaches=in_order([*_of_situations(connection, broken), *_not_one_decision(connection)]),
    )


def check_as_of(connection: duckdb.DuckDBPyConnection, variants: str, states: str = STATES) -> list[Breach]:
    """Where a variant parts from its original although what differs had not arrived yet.

    `variants` is a relation of (variant_id, original_id, after): at moments up to `after` the states of
    both must be the same in every column, and so must be what was decided where both are decided.
    """
    names = connection.sql(f"from {states} limit 0").columns
    columns = ", ".join(name for name in names if name != "incident_id")
    rows = connection.execute(f"""
with found as (
    select variant_id, {columns}
    from {variants} join {states} on incident_id = variant_id and known_at <= after
),
expected as (
    select variant_id, {columns}
    from {variants} join {states} on incident_id = original_id and known_at <= after
),
differing as (
    select variant_id, moment, known_at, 'the state' as what
    from ((from found except from expected) union all (from expected except from found))
    union all
    select variant_id, found.moment, found.known_at, 'the recommendation'
    from {variants}
    join kernel_codes as found on found.incident_id = variant_id and found.known_at <= after
    join kernel_codes as expected on expected.incident_id = original_id and expected.moment = found.moment
    where found.code_0 <> expected.code_0
)
select variant_id, moment, known_at, min(what)
from differing
group by variant_id, moment, known_at
qualify row_number() over (partition by variant_id order by moment, known_at) = 1
order by variant_id
""").fetchall()
    return [
        Breach("as-of", variant_id, moment, known_at, f"{what} differs, and what was altered arrived later")
        for variant_id, moment, known_at, what in rows
    ]


def in_order(breaches: list[Breach]) -> tuple[Breach, ...]:
    """By incident, moment and the order of INVARIANTS."""
    places = {invariant.id: place for place, invariant in enumerate(INVARIANTS)}
    return tuple(sorted(breaches, key=lambda each: (each.incident_id, each.moment, places[each.invariant])))


def _situations_sql(columns: list[str]) -> str:
    read = ", ".join(f"states.{column}" for column in columns)
    return f"""
create or replace temp table situations as
select
    row_number() over (order by min((states.incident_id, states.moment))) as id,
    codes.code_0 as code,
    count(*) as moment_count,
    list(
        (states.incident_id, states.moment, states.known_at) order by states.incident_id, states.moment
    ) as places,
    {read}
from kernel_decided_states as states
join kernel_codes as codes using (incident_id, moment)
where codes.code_0 is not null
group by codes.code_0, {read}"""


def _broken(allowances: Allowances, decided: Recommendation, state: State) -> Iterator[tuple[str, str]]:
    for invariant in INVARIANTS:
        if invariant.broken is not None and (says := invariant.broken(allowances, decided, state)):
            yield invariant.id, says


def _of_situations(
    connection: duckdb.DuckDBPyConnection, broken: dict[int, list[tuple[str, str]]]
) -> Iterator[Breach]:
    rows = connection.execute(
        "select id, unnest(places) from situations where list_contains($ids, id)", {"ids": list(broken)}
    ).fetchall()
    for situation, (incident_id, moment, known_at) in rows:
        for invariant, says in broken[situation]:
            yield Breach(invariant, incident_id, moment, known_at, says)


def _not_one_decision(connection: duckdb.DuckDBPyConnection) -> Iterator[Breach]:
    moments = connection.execute("""
select states.incident_id, states.moment, states.known_at, count(codes.code_0)
from kernel_decided_states as states
left join kernel_codes as codes using (incident_id, moment)
group by states.incident_id, states.moment, states.known_at
having count(codes.code_0) <> 1 or count(*) <> 1
""").fetchall()
    for incident_id, moment, known_at, count in moments:
        yield Breach("one-decision", incident_id, moment, known_at, f"{count} recommendations at one moment")
    incidents = connection.execute("""
select incident_id, count(records.code)
from intake.incidents
left join kernel_records as records using (incident_id)
group by incident_id
having count(records.code) <> 1
""").fetchall()
    for incident_id, count in incidents:
        yield Breach("one-decision", incident_id, 0, None, f"{count} decisions of record")
