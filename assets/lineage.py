"""Says what each table is made from: the tables read for it, and columns carried over unchanged."""

from __future__ import annotations

from collections.abc import Iterable

from expectations.tables.enrichment import STATE_COLUMNS

ColumnSources = dict[str, tuple[tuple[str, str], ...]]

INCIDENTS = "recorded_incidents"
PLAYBOOK = "playbook"
VERSIONS = "playbook_versions"

_EVENTS = "intake.evidence_events"
_STATES = "enrichment.incident_states"
_CONTEXT = "enrichment.incident_context"
_CATALOGUE = ("intake.services", "intake.dependencies")
# The playbook's rules look at raw records, and their hits are signals, from which all the rest is told.
_SIGNAL_INPUTS = ("intake.incidents", "intake.raw_records", _EVENTS, *_CATALOGUE, PLAYBOOK)
# What the states of a version with other rules than the active one's are built from.
_RECORDING = ("intake.incidents", "intake.raw_records", _EVENTS, *_CATALOGUE, "quality.completeness")
_PACKAGE_INPUTS = (
    "intake.incidents",
    "intake.raw_records",
    _EVENTS,
    *_CATALOGUE,
    "quality.completeness",
    "enrichment.signals",
    "enrichment.blast_radius",
    _STATES,
    "enrichment.state_evidence",
    "decision.option_scores",
    "decision.policy_verdicts",
    "decision.decisions",
)
# The links of a row come from the incident's last state, the catalogue and the audit trail.
_KPI_INPUTS = (
    "intake.incidents",
    "intake.incident_records",
    _CONTEXT,
    "decision.decisions",
    "intake.services",
    _EVENTS,
)

# In the order in which they are made: what is above is made before what is below. Dagster passes staleness on
# by one step only. So the playbook stands with every table that tells of the active one's decisions, or the
# graph would show as up to date what is told of decisions that are not. Weekly tables are left out: of tables
# in partitions the graph shows no staleness at all.
UPSTREAM: dict[str, tuple[str, ...]] = {
    "intake.files": (INCIDENTS,),
    "intake.unclaimed_files": (INCIDENTS,),
    "intake.raw_records": (INCIDENTS,),
    "intake.quarantine": (INCIDENTS,),
    "intake.evidence_events": (INCIDENTS,),
    "intake.incidents": (INCIDENTS,),
    "intake.reviews": (INCIDENTS,),
    "intake.incident_records": (INCIDENTS,),
    "intake.declared_gaps": (INCIDENTS,),
    "intake.services": (INCIDENTS,),
    "intake.dependencies": (INCIDENTS,),
    "quality.completeness": ("intake.incidents", _EVENTS, "intake.declared_gaps", "intake.quarantine"),
    "enrichment.signals": _SIGNAL_INPUTS,
    "enrichment.recent_changes": _SIGNAL_INPUTS,
    "enrichment.blast_radius": _SIGNAL_INPUTS,
    _STATES: (*_SIGNAL_INPUTS, "quality.completeness"),
    "enrichment.state_evidence": _SIGNAL_INPUTS,
    _CONTEXT: (_STATES, "intake.incidents"),
    "quality.minimum_context": (_STATES,),
    "decision.option_scores": (_STATES, "intake.incidents", PLAYBOOK),
    "decision.policy_verdicts": (_STATES, "intake.incidents", PLAYBOOK),
    "decision.recommendations": (_STATES, "intake.incidents", PLAYBOOK),
    "decision.decisions": (_STATES, "intake.incidents", PLAYBOOK),
    "handoff.claims": (*_PACKAGE_INPUTS, PLAYBOOK),
    "handoff.packages": ("handoff.claims", *_PACKAGE_INPUTS, PLAYBOOK),
    "replay.decisions": (_STATES, *_RECORDING, VERSIONS),
    "replay.recommendations": (_STATES, *_RECORDING, VERSIONS),
    "replay.runs": ("replay.decisions", "replay.recommendations", _STATES, *_RECORDING, VERSIONS),
    "replay.comparisons": (
        "replay.decisions",
        "replay.recommendations",
        _STATES,
        *_RECORDING,
        PLAYBOOK,
        VERSIONS,
    ),
    "replay.ablations": (
        "intake.files",
        "intake.quarantine",
        "intake.incidents",
        "intake.raw_records",
        "intake.declared_gaps",
        _EVENTS,
        *_CATALOGUE,
        PLAYBOOK,
    ),
    "kpis.weekly_mttd": _KPI_INPUTS,
    "kpis.weekly_mttr": _KPI_INPUTS,
    "kpis.weekly_dwell_time": _KPI_INPUTS,
    "kpis.overall": _KPI_INPUTS,
    "kpis.weekly_coverage": _KPI_INPUTS,
    "kpis.weekly_outcomes": _KPI_INPUTS,
    "kpis.quality_review": (*_KPI_INPUTS, "intake.reviews", PLAYBOOK),
    "kpis.learning": (*_KPI_INPUTS, "decision.option_scores", "replay.ablations", PLAYBOOK),
}
# The verdicts speak of every other table.
UPSTREAM["quality.validation_results"] = tuple(UPSTREAM)


def inputs_of(tables: Iterable[str]) -> frozenset[str]:
    """What some tables are made from: all that the step which makes them may read."""
    return frozenset(upstream for table in tables for upstream in UPSTREAM[table])


def _same(table: str, *columns: str) -> ColumnSources:
    return {column: ((table, column),) for column in columns}


# Only columns that are carried over unchanged: what is computed from several has no honest single source.
COLUMN_LINEAGE: dict[str, ColumnSources] = {
    "enrichment.signals": _same(_EVENTS, "incident_id", "event_id", "source", "event_time", "known_at"),
    "enrichment.recent_changes": {
        **_same(_EVENTS, "incident_id", "event_id", "source", "revision", "previous_revision", "known_at"),
        "initiator": ((_EVENTS, "initiator"),),
        "change_at": ((_EVENTS, "event_time"),),
    },
    _CONTEXT: {
        **_same(_STATES, *(column.name for column in STATE_COLUMNS)),
        "incident_type": (("intake.incidents", "incident_type"),),
    },
    "decision.decisions": {
        **_same(_STATES, "incident_id", "moment", "severity", "confidence", "impact"),
        **_same(_STATES, "has_minimum_context", "missing_context"),
        "decided_at": ((_STATES, "known_at"),),
    },
    "decision.recommendations": _same(_STATES, "incident_id", "moment", "known_at"),
    "handoff.packages": _same("decision.decisions", "incident_id", "option", "action", "mode", "approvers"),
    "kpis.quality_review": {
        "incident_id": (("intake.incidents", "incident_id"),),
        "recommended_option": (("decision.decisions", "option"),),
    },
    "kpis.learning": {
        **_same(_CONTEXT, "incident_id", "first_signal_name", "first_signal_source"),
        "action_taken": (("intake.incidents", "action_taken"),),
        "recommended_action": (("decision.decisions", "action"),),
    },
}
