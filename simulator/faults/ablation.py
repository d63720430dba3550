"""Owns enrichment ablation: which evidence helped, seen by leaving out each source in turn.

A source is left out of an incident as if its export had never been there. The service catalogue is
one source more: without it nothing is catalogued. One source at a time: where two say the same,
either stands in for the other, and neither alone makes a difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import duckdb
import pyarrow as pa

from evidence.decision import Bundle
from evidence.decision.matrix import MODE_WORDS, Mode
from evidence.enrichment.rule_hits import MatchedDetections, match_detections
from evidence.settings import Settings
from evidence.tables import Tables, arrow_schema
from evidence.times import whole_seconds
from expectations.tables.ablations import ABLATIONS, CATALOGUE, DIFFERENCES
from simulator.faults.variants import (
    Alteration,
    Decided,
    Kind,
    Variant,
    decide,
    open_variants,
    read_recorded,
    without_catalogue,
)

ORIGINAL = "recorded"

Row = Mapping[str, Any]


def ablate(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    bundle: Bundle,
    matched: MatchedDetections | None = None,
) -> pa.Table:
    """The table `replay.ablations`, by incident and source.

    Reads the intake tables (`simulator.faults.variants.RECORDED`); nothing that enrichment or a decision has
    published, so that it holds for any bundle. `matched` are the bundle's rules over these tables where they
    are known already.
    """
    matched = matched or match_detections(connection, bundle.detections)
    recorded = read_recorded(connection, with_records=False)
    counts = _event_counts(recorded)
    incidents = sorted(recorded["intake.incidents"].column("incident_id").to_pylist())
    originals = [Variant(incident_id, ORIGINAL) for incident_id in incidents]
    dropped = [
        Variant(incident_id, source, (Alteration(source, Kind.DROPPED),))
        for incident_id, source in sorted(counts)
    ]
    uncatalogued = [Variant(incident_id, CATALOGUE) for incident_id in incidents]
    given = [*originals, *dropped]
    with closing(open_variants(recorded, given, settings, bundle.grading, matched)) as variants:
        bare = without_catalogue(recorded)
        with closing(open_variants(bare, uncatalogued, settings, bundle.grading, matched)) as others:
            _add(variants, others)
        decided = decide(variants, bundle)
    wholes = {each.incident_id: decided[each.id] for each in originals}
    rows = [
        {
            **_row(each, wholes[each.incident_id], decided[each.id], counts),
            "bundle_digest": bundle.digest,
        }
        for each in [*dropped, *uncatalogued]
    ]
    table = pa.Table.from_pylist(rows, schema=arrow_schema(ABLATIONS))
    return table.sort_by([(column, "ascending") for column in ABLATIONS.key])


def sentences(connection: duckdb.DuckDBPyConnection, incident_id: str, bundle: Bundle) -> list[str]:
    """What each source of the incident was good for, in sentences; those without which most differs first.

    Reads `replay.ablations`. Where those are of another bundle, one sentence says so and how to renew them.
    """
    own = "from replay.ablations where incident_id = ? order by source"
    rows = connection.sql(own, params=[incident_id]).to_arrow_table().to_pylist()
    others = sorted({row.get("bundle_digest") or "" for row in rows} - {bundle.digest})
    return [_other_sentence(others[0], bundle)] if others else list(_sentences(rows))


def _other_sentence(digest: str, bundle: Bundle) -> str:
    other = f"the playbook with digest {digest[:12]}" if digest else "another playbook"
    this = f"{bundle.name} ({bundle.digest[:12]})"
    return f"Left out: {other} decided what is published, and this is {this}. `evidence run` decides anew."


def _add(connection: duckdb.DuckDBPyConnection, uncatalogued: duckdb.DuckDBPyConnection) -> None:
    """Add variants without the catalogue, which all incidents share, to be decided with the others."""
    for name in ("intake.incidents", "enrichment.incident_states"):
        connection.register("arrow_uncatalogued", uncatalogued.sql(f"from {name}").to_arrow_table())
        connection.execute(f"insert into {name} from arrow_uncatalogued").fetchall()
        connection.unregister("arrow_uncatalogued")


def _event_counts(recorded: Tables) -> Counter[tuple[str, str]]:
    events = recorded["intake.evidence_events"].select(["incident_id", "source"])
    return Counter(
        zip(events.column("incident_id").to_pylist(), events.column("source").to_pylist(), strict=True)
    )


def _row(variant: Variant, whole: Decided, without: Decided, counts: Counter[tuple[str, str]]) -> Row:
    return {
        "incident_id": variant.incident_id,
        "source": variant.name,
        "event_count": counts.get((variant.incident_id, variant.name)),
        "difference": _difference(whole, without),
        "is_riskier": without.is_riskier_than(whole),
        **_side("", whole),
        **_side("without_", without),
        "later_seconds": whole_seconds(without.at - whole.at),
    }


def _side(prefix: str, decided: Decided) -> Row:
    recommendation = decided.recommendation
    return {
        f"{prefix}option": recommendation.option.value,
        f"{prefix}action": recommendation.action,
        f"{prefix}mode": recommendation.mode.value,
        f"{prefix}approvers": list(recommendation.approvers),
        f"{prefix}decided_at": decided.at,
    }


def _difference(whole: Decided, without: Decided) -> str:
    if whole.recommendation.action != without.recommendation.action:
        return "action"
    if whole.recommendation != without.recommendation:
        return "approval"
    return "none" if whole.at == without.at else "moment"


def _sentences(rows: list[dict[str, Any]]) -> Iterator[str]:
    for difference in DIFFERENCES:
        some = [row for row in rows if row["difference"] == difference]
        if difference == "none" and some:
            yield f"Without {_either([row['source'] for row in some])}: no difference."
        else:
            yield from (_sentence(row) for row in some)


def _sentence(row: Row) -> str:
    shift = _shift(row["later_seconds"])
    if row["difference"] == "moment":
        return f"Without {row['source']}: the same decision, {shift}."
    instead = f"{_decision(row, 'without_')} instead of {_decision(row, '')}"
    later = f", {shift}" if row["later_seconds"] else ""
    # What is lost should never make a response bolder; where it does, people must know.
    return f"Without {row['source']}: {instead}{later}{', which is riskier' if row['is_riskier'] else ''}."


def _decision(row: Row, prefix: str) -> str:
    approvers = f" by {', '.join(row[f'{prefix}approvers'])}" if row["difference"] == "approval" else ""
    mode = MODE_WORDS[Mode(row[f"{prefix}mode"])]
    return f"{row[f'{prefix}action']} ({mode}{approvers if row[f'{prefix}approvers'] else ''})"


def _shift(seconds: int) -> str:
    if not seconds:
        return "less than a second apart"
    return f"{abs(seconds)} s {'later' if seconds > 0 else 'earlier'}"


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
