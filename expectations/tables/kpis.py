"""Contracts of the KPI tables: weekly figures with their spread, and the reviews behind them."""

from __future__ import annotations

from expectations.contracts import Column, TableContract, bigint, boolean, integer, text, texts

SUFFICIENCY = ("sufficient", "too_few")
ACTION_VERDICTS = (
    "denied_by_policy",
    "other_option",  # an action of an option that is not recommended
    "recommended",
    "same_option",  # another action of the recommended option
    "undecided",  # there is no decision to compare with
    "unknown_action",  # no action of the active playbook
    "unrecorded",  # nobody recorded an action
)


# What leads from an incident to its evidence, as columns of one incident; a row that is about several has a
# list of each, with the plural's name.
LINK_COLUMNS: dict[str, str] = {
    "incident_url": "the incident in the incident system",
    "handoff_path": "the handoff page with the evidence behind every claim, below the output folder",
    "logs_url": "its logs (Loki)",
    "traces_url": "its traces (Tempo)",
    "changes_url": "its changes (Argo CD)",
    "audit_url": "what its identity did in the cloud (CloudTrail)",
}


def _links() -> tuple[Column, ...]:
    """Links of the one incident that the row is about."""
    return tuple(
        text(name, f"Link to {what}; NULL where not known.", is_nullable=True)
        for name, what in LINK_COLUMNS.items()
    )


def _links_of_each() -> tuple[Column, ...]:
    """Links of each incident of the row, in the order of `incident_ids` and not sorted by themselves."""
    return tuple(
        texts(f"{name}s", f"Per entry of incident_ids, in that order: link to {what}; NULL where not known.")
        for name, what in LINK_COLUMNS.items()
    )


def _figures(what: str) -> tuple[Column, ...]:
    """n, median, p90, mean and a distribution-free interval, all in whole seconds."""
    return (
        integer("n", f"Incidents with a {what}."),
        integer("open_count", "Incidents of the group whose end is not recorded; in no figure."),
        integer("excluded_count", "Incidents whose begin is unknown or lies after the end; in no figure."),
        bigint("median_seconds", f"Median {what}.", is_nullable=True),
        bigint("p90_seconds", f"90th percentile of {what} (nearest rank).", is_nullable=True),
        bigint("mean_seconds", f"Mean {what}, rounded half up.", is_nullable=True),
        bigint(
            "interval_low_seconds",
            "Lower bound of the 95 % interval of the median (order statistics).",
            is_nullable=True,
        ),
        bigint("interval_high_seconds", "Upper bound of it.", is_nullable=True),
        text("sufficiency", "Whether n is enough for an interval.", allowed=SUFFICIENCY),
    )


def _spread(what: str) -> tuple[Column, ...]:
    """The figures, and the incidents behind them."""
    return (
        *_figures(what),
        texts("incident_ids", "Incidents of the group: measured, open and excluded."),
        *_links_of_each(),
    )


WEEKLY_MTTD = TableContract(
    "kpis.weekly_mttd",
    "One row per ISO week of detection, service, severity and environment: time to detect. Rolled up to each "
    "dimension alone and to the whole week; other combinations with 'all' do not exist.",
    (
        text("week", "ISO week, e.g. 2026-W07."),
        text("service", "Service, 'unknown' or 'all'."),
        text("severity", "Severity in words (OCSF), 'unknown' or 'all'."),
        text("environment", "Environment, 'unknown' or 'all'."),
        *_spread("time from start to detection"),
    ),
    key=("week", "service", "severity", "environment"),
)

WEEKLY_MTTR = TableContract(
    "kpis.weekly_mttr",
    "One row per ISO week of resolution and incident type: time to resolve.",
    (
        text("week", "ISO week."),
        text("incident_type", "Type, or 'all'."),
        *_spread("time from detection to resolution"),
    ),
    key=("week", "incident_type"),
)

WEEKLY_DWELL = TableContract(
    "kpis.weekly_dwell_time",
    "One row per ISO week of mitigation and incident type: time from start to mitigation.",
    (
        text("week", "ISO week."),
        text("incident_type", "Type, or 'all'."),
        *_spread("time from start to mitigation"),
    ),
    key=("week", "incident_type"),
)

OVERALL = TableContract(
    "kpis.overall",
    "One row per time and kind of record: the figures over the whole history. The incidents behind them are "
    "named week by week in the tables of that time.",
    (
        text(
            "measure",
            "time_to_detect (start to detection), time_to_resolve (detection to resolution), dwell_time "
            "(start to mitigation).",
            allowed=("dwell_time", "time_to_detect", "time_to_resolve"),
        ),
        text(
            "basis",
            "What the incidents are known from: exports, a table's rows (evidence ingest --mapping), or all.",
            allowed=("all", "exports", "table"),
        ),
        *_figures("time"),
    ),
    key=("measure", "basis"),
)

WEEKLY_COVERAGE = TableContract(
    "kpis.weekly_coverage",
    "One row per ISO week of detection: what the playbook could have triaged or proposed by itself.",
    (
        text("week", "ISO week."),
        integer("incident_count", "Incidents detected in the week."),
        integer("automated_triage_count", "Minimum context complete without a person."),
        integer("automated_action_count", "Active action recommended as automatic."),
        integer("policy_gated_count", "Active action recommended as policy-gated."),
        integer("approval_required_count", "Active action recommended with approval."),
        integer("passive_count", "No active action recommended."),
        texts("incident_ids", "Incidents behind the row."),
        *_links_of_each(),
    ),
    key=("week",),
)

WEEKLY_OUTCOMES = TableContract(
    "kpis.weekly_outcomes",
    "One row per ISO week of detection and recorded outcome.",
    (
        text("week", "ISO week."),
        text("outcome", "succeeded, escalated, aborted_by_policy, rolled_back, or unrecorded."),
        integer("incident_count", "Incidents."),
        texts("incident_ids", "Incidents behind the row."),
        *_links_of_each(),
    ),
    key=("week", "outcome"),
)

QUALITY_REVIEW = TableContract(
    "kpis.quality_review",
    "One row per incident: the reviewers' four questions; 'unlabelled' where nobody answered.",
    (
        text("incident_id", "Incident."),
        text("week", "ISO week of detection; of the begin when no detection is recorded."),
        text("was_signal_high_confidence", "yes, no or unlabelled.", allowed=("no", "unlabelled", "yes")),
        text("did_enrichment_narrow", "yes, no or unlabelled.", allowed=("no", "unlabelled", "yes")),
        text("was_least_risky_effective", "yes, no or unlabelled.", allowed=("no", "unlabelled", "yes")),
        text("did_responder_understand", "yes, no or unlabelled.", allowed=("no", "unlabelled", "yes")),
        text("expected_option", "Option a reviewer holds right, or unlabelled."),
        text("recommended_option", "Option recommended; none without any evidence."),
        text("agreement", "Whether they agree.", allowed=("agrees", "differs", "unlabelled")),
        text("labelled_by", "Last reviewer.", is_nullable=True),
        bigint("labelled_at", "When; ns UTC.", is_nullable=True),
        integer("review_count", "Reviews, all kept in intake.reviews; each question's latest answer counts."),
        texts("reviewers", "Who reviewed it, each once."),
        boolean("is_disputed", "Two reviewers' latest answers to one question differ."),
        *_links(),
    ),
    key=("incident_id",),
    row_count_min=1,
    once="intake.incidents",
)

LEARNING = TableContract(
    "kpis.learning",
    "One row per incident: what fired first, whether the action was right, and where the playbook stalled.",
    (
        text("incident_id", "Incident."),
        text("week", "ISO week of detection; of the begin when no detection is recorded."),
        text("first_signal_name", "Signal that arrived first.", is_nullable=True),
        text("first_signal_source", "Its tool.", is_nullable=True),
        text("action_taken", "What responders did, as recorded.", is_nullable=True),
        text("recommended_action", "What the active playbook recommends; none without any evidence."),
        text(
            "action_verdict",
            "What the active playbook says of the action taken; denied_by_policy means even with approval.",
            allowed=ACTION_VERDICTS,
        ),
        boolean(
            "is_action_correct",
            "The action taken is the one that the reviewer holds right; NULL when nobody said.",
            is_nullable=True,
        ),
        boolean(
            "is_recommendation_correct",
            "The action recommended is the one that the reviewer holds right; NULL when nobody said.",
            is_nullable=True,
        ),
        text(
            "stalled_at",
            "First gate that no active action passed: context, effect, policy, confidence, precondition.",
            allowed=("confidence", "context", "effect", "not_stalled", "policy", "precondition"),
        ),
        text("stalled_because", "One sentence; empty when it did not stall."),
        texts("deciding_sources", "Sources without which the decision would have been another one."),
        texts("hastening_sources", "Sources without which the same decision would have come later."),
        *_links(),
    ),
    key=("incident_id",),
    row_count_min=1,
    once="intake.incidents",
)

TABLES = (
    WEEKLY_MTTD,
    WEEKLY_MTTR,
    WEEKLY_DWELL,
    OVERALL,
    WEEKLY_COVERAGE,
    WEEKLY_OUTCOMES,
    QUALITY_REVIEW,
    LEARNING,
)
