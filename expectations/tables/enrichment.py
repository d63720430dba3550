"""Contracts of the enrichment tables. `incident_states` is the one table that decisions read."""

from __future__ import annotations

from expectations.contracts import Role, TableContract, bigint, boolean, integer, text, texts
from expectations.tables.catalogue import CRITICALITIES

ENVIRONMENTS = ("production", "staging", "test", "development")
DEPLOYMENT_PATHS = ("batch", "canary", "primary")
LAYERS = ("app", "dependency", "infrastructure", "security")

F, G, K, A, D = Role.FEATURE, Role.GRADED, Role.KEY, Role.AGEING, Role.DESCRIPTIVE

STATE_COLUMNS = (
    # --- the row
    text("incident_id", "Incident.", role=K),
    integer("moment", "Rank of the moment within the incident, from 1.", role=K),
    bigint(
        "known_at", "The moment; ns UTC. The row holds what had arrived by then, and nothing else.", role=K
    ),
    boolean("is_tick", "True for a moment that the bundle declares rather than evidence makes.", role=D),
    integer("tick_count", "Declared ticks since the first signal that have passed.", role=A),
    # --- where
    text("service", "Catalogue component that the first resolvable signal names.", is_nullable=True, role=F),
    text("workload", "Workload that the first signal names.", is_nullable=True, role=F),
    text("workload_kind", "Deployment, StatefulSet, Job …", is_nullable=True, role=F),
    text("namespace", "Kubernetes namespace.", is_nullable=True, role=F),
    text("cluster", "Kubernetes cluster.", is_nullable=True, role=F),
    text("node", "Node of the first signal that names one.", is_nullable=True, role=F),
    boolean(
        "is_about_node",
        "A signal is about a node itself, not only about what runs on it; NULL until one names its subject.",
        is_nullable=True,
        role=F,
    ),
    text("principal", "Identity the incident is about, for identity incidents.", is_nullable=True, role=F),
    text(
        "environment", "Environment of the affected entity.", is_nullable=True, allowed=ENVIRONMENTS, role=F
    ),
    text("owner", "Owning team by the catalogue.", is_nullable=True, role=F),
    text("criticality", "Operational criticality.", is_nullable=True, allowed=CRITICALITIES, role=F),
    boolean("is_rollback_supported", "Recovery hint of the catalogue.", is_nullable=True, role=F),
    boolean("is_restart_safe", "Recovery hint of the catalogue.", is_nullable=True, role=F),
    boolean("is_quarantine_allowed", "Recovery hint of the catalogue.", is_nullable=True, role=F),
    boolean(
        "is_stateful",
        "The affected workload, or for a node any workload seen on it, keeps state; NULL if any is unknown, "
        "and for a node while its cluster's own events are missing.",
        is_nullable=True,
        role=F,
    ),
    text(
        "deployment_path",
        "Which way of running the service its signals name: primary once one does, else the canary or batch "
        "jobs beside it; NULL when they do not tell.",
        is_nullable=True,
        allowed=DEPLOYMENT_PATHS,
        role=F,
    ),
    boolean(
        "is_node_rotating",
        "A node that ran the service's pods was cordoned, drained or removed within the look-back before the "
        "first symptom; false only when the cluster's own events reach to the symptom.",
        is_nullable=True,
        role=F,
    ),
    text("layer", "Where the fault seems to lie.", is_nullable=True, allowed=LAYERS, role=F),
    text("layer_reason", "Which evidence says so.", is_nullable=True, role=D),
    # --- severity, in each source's own scale (OCSF severity ids 1 to 6), highest so far
    integer("severity_alertmanager", "Highest alert severity so far.", is_nullable=True, role=F),
    integer("severity_falco", "Highest Falco priority so far.", is_nullable=True, role=F),
    integer("severity_pagerduty", "Highest incident urgency or priority so far.", is_nullable=True, role=F),
    integer("severity_event_envelope", "Highest envelope severity so far.", is_nullable=True, role=F),
    integer("severity_opa", "Severity of policy findings so far.", is_nullable=True, role=F),
    integer(
        "severity_watch",
        "Highest level so far of watched API calls, and of findings of tools without a scale of their own.",
        is_nullable=True,
        role=F,
    ),
    integer(
        "severity",
        "Severity 1 to 6 by the bundle's table; NULL when no source stated one.",
        is_nullable=True,
        role=F,
    ),
    # --- signals
    integer("signal_count", "Distinct signals (rule or alert names) so far.", role=F),
    integer("signal_source_count", "Independent tools that signalled so far.", role=F),
    integer("source_count", "Tools with any evidence so far.", role=F),
    texts("signal_names", "Names of the signals so far; read by has_signal('…').", role=F),
    texts("signal_sources", "Tools that signalled so far.", role=D),
    texts("sources", "Tools with any evidence so far.", role=D),
    integer("detection_level", "Highest level among detections so far, 1 to 6.", is_nullable=True, role=F),
    text("first_signal_name", "Name of the first signal to arrive.", is_nullable=True, role=D),
    text("first_signal_source", "Tool that sent it.", is_nullable=True, role=D),
    bigint("first_signal_at", "When it arrived; ns UTC.", is_nullable=True, role=D),
    boolean(
        "is_signal_cleared",
        "Every alert so far has been reported resolved by its own source.",
        is_nullable=True,
        role=F,
    ),
    # --- change
    boolean(
        "is_change_seen",
        "A change to the affected service within the look-back before the first symptom. "
        "False only when a change source covers the window; NULL when none does.",
        is_nullable=True,
        role=F,
    ),
    text("change_revision", "Revision of the most recent change.", is_nullable=True, role=D),
    text("change_previous_revision", "Revision before it.", is_nullable=True, role=D),
    text("change_branch", "Branch or target revision.", is_nullable=True, role=D),
    text("change_commit", "Commit.", is_nullable=True, role=D),
    text("change_sync_status", "Sync status.", is_nullable=True, role=F),
    text("change_initiator", "Who or what began it.", is_nullable=True, role=D),
    text("change_source", "Tool that reported it.", is_nullable=True, role=D),
    bigint("change_at", "When it happened; ns UTC.", is_nullable=True, role=D),
    boolean("is_change_auto_sync", "It came by automated sync.", is_nullable=True, role=F),
    boolean(
        "has_previous_revision",
        "A known revision to go back to is in the change history.",
        is_nullable=True,
        role=F,
    ),
    bigint(
        "change_to_symptom_seconds",
        "First symptom minus change; fixed once both are known, NULL once the clock of either is in doubt.",
        is_nullable=True,
        role=F,
    ),
    integer("release_service_count", "Services that share the changed release.", is_nullable=True, role=F),
    bigint(
        "seconds_since_change",
        "The moment minus the change; grows, so no active action may read it.",
        is_nullable=True,
        role=A,
    ),
    # --- spread and reach
    integer("pod_count", "Distinct affected pods so far that something shows to be there.", role=F),
    integer(
        "claimed_pod_count",
        "Further pods that only tools name that pass on what others found; no other record shows them yet.",
        role=F,
    ),
    integer("node_count", "Distinct affected nodes so far.", role=F),
    integer("service_count", "Distinct affected services so far.", role=F),
    boolean(
        "is_spreading",
        "Signals on two or more services, or pods on two or more nodes.",
        is_nullable=True,
        role=F,
    ),
    integer(
        "blast_radius",
        "Other services that depend, directly or not, on an affected one; NULL when not in the catalogue.",
        is_nullable=True,
        role=G,
    ),
    integer(
        "customer_facing_count",
        "Customer-facing services among affected and dependants.",
        is_nullable=True,
        role=G,
    ),
    # --- identity
    text("actor", "Identity that acted.", is_nullable=True, role=D),
    text(
        "actor_kind",
        "Kind of identity.",
        is_nullable=True,
        allowed=("human", "service", "system", "workload"),
        role=F,
    ),
    text("credential_uid", "Credential concerned.", is_nullable=True, role=D),
    text(
        "credential_kind",
        "How long it lives.",
        is_nullable=True,
        allowed=("long_lived", "session", "temporary"),
        role=F,
    ),
    boolean(
        "is_source_network_new",
        "Used from outside its known networks; NULL when none are declared.",
        is_nullable=True,
        role=F,
    ),
    boolean("is_mfa", "The session had a second factor.", is_nullable=True, role=F),
    boolean("is_emergency_access", "The identity is tied to emergency access.", is_nullable=True, role=F),
    integer("consumer_count", "Known consumers of the credential.", is_nullable=True, role=F),
    boolean("are_consumers_tested", "Rotation is tested with all consumers.", is_nullable=True, role=F),
    # --- exposure, data and artifacts
    boolean(
        "is_public_exposure",
        "A call opened a resource to everyone and none closed it since.",
        is_nullable=True,
        role=F,
    ),
    boolean("is_image_flagged", "An image policy flags a workload concerned.", is_nullable=True, role=F),
    boolean(
        "is_policy_denied", "A recorded policy decision denied something concerned.", is_nullable=True, role=F
    ),
    boolean(
        "has_approval_artifact", "The concerned object carries an approval label.", is_nullable=True, role=F
    ),
    boolean("is_customer_data_touched", "An affected entry handles customer data.", is_nullable=True, role=F),
    # --- telemetry, highest so far, integers
    bigint(
        "error_rate_ppm",
        "Highest error rate of the affected service's primary path, parts per million.",
        is_nullable=True,
        role=F,
    ),
    bigint("latency_ms", "Highest latency (p99 as recorded), milliseconds.", is_nullable=True, role=F),
    bigint(
        "resource_pressure_ppm",
        "Highest use of a limit (CPU, memory, saturation), parts per million.",
        is_nullable=True,
        role=F,
    ),
    integer("impacted_route_count", "Distinct routes with errors so far.", is_nullable=True, role=F),
    text(
        "hot_dependency",
        "Downstream dependency on which failing or slow spans concentrate.",
        is_nullable=True,
        role=D,
    ),
    boolean("is_dependency_hot", "There is such a dependency.", is_nullable=True, role=F),
    boolean(
        "is_error_rate_over_policy", "error_rate_ppm above the bundle's threshold.", is_nullable=True, role=F
    ),
    boolean("is_latency_over_policy", "latency_ms above the bundle's threshold.", is_nullable=True, role=F),
    boolean(
        "is_resource_pressure_over_policy",
        "resource_pressure_ppm above the bundle's threshold.",
        is_nullable=True,
        role=F,
    ),
    # --- how far it can be trusted
    integer("gap_count", "Declared gaps in the evidence so far.", role=D),
    integer("contradiction_count", "Statements of two sources about one fact that disagree, so far.", role=D),
    integer(
        "confidence",
        "0 to 100 by the bundle's weights: source trust, corroboration, level, less gaps and contradictions.",
        role=G,
    ),
    integer(
        "impact",
        "0 to 100 by the bundle's table: criticality, environment, customer-facing reach, telemetry.",
        role=G,
    ),
    boolean("has_minimum_context", "All five fields of the minimum context set are known.", role=K),
    texts("missing_context", "Fields of the set that are not known.", role=D),
)

INCIDENT_STATES = TableContract(
    "enrichment.incident_states",
    "One row per incident and moment at which something became known: all that a decision then may see.",
    STATE_COLUMNS,
    key=("incident_id", "moment"),
    row_count_min=1,
    once="intake.incidents",
)

INCIDENT_CONTEXT = TableContract(
    "enrichment.incident_context",
    "One row per incident: its last state, with the type it turned out to be.",
    (*STATE_COLUMNS, text("incident_type", "What it turned out to be (hindsight).")),
    key=("incident_id",),
    row_count_min=1,
    once="intake.incidents",
)

STATE_EVIDENCE = TableContract(
    "enrichment.state_evidence",
    "One row per incident, state column and moment from which another event supports the column's value.",
    (
        text("incident_id", "Incident."),
        text("column_name", "Column of enrichment.incident_states."),
        integer("moment", "From this moment on, until the next row of the same column."),
        text(
            "event_id",
            "Event that supports the value; NULL when it comes from the catalogue.",
            is_nullable=True,
        ),
        text(
            "entity_ref",
            "Catalogue entry that supports the value; NULL when an event does.",
            is_nullable=True,
        ),
    ),
    key=("incident_id", "column_name", "moment"),
)

SIGNALS = TableContract(
    "enrichment.signals",
    "One row per detection hit: an alert, a finding, a denied policy decision, a watched API call or a hit "
    "of a rule of the playbook.",
    (
        text("incident_id", "Incident."),
        text(
            "event_id",
            "Event that is or triggers the signal; of a rule's hit on several, the last of them to arrive.",
        ),
        text("signal_name", "Rule, alert or watch name; of a rule of the playbook its title."),
        text("source", "Tool of the event."),
        text(
            "rule_origin",
            "The tool itself, our own watch list, or a Sigma rule of the playbook.",
            allowed=("rule", "source", "watch"),
        ),
        text("rule_id", "Id of the Sigma rule; NULL where none is behind it.", is_nullable=True),
        texts("attack_tags", "Tags of the Sigma rule that name ATT&CK tactics and techniques, sorted."),
        integer(
            "level",
            "1 to 6 (OCSF severity ids); a Sigma rule's informational to critical as 1 to 5.",
            is_nullable=True,
        ),
        boolean(
            "is_symptom", "Tells of an effect on users or resources rather than of a cause or an attack."
        ),
        boolean("is_clearing", "The source reports the signal as over."),
        text("service", "Catalogue component it concerns.", is_nullable=True),
        text("entity_ref", "Catalogue entry it concerns.", is_nullable=True),
        bigint("event_time", "When; ns UTC."),
        bigint("known_at", "When it had arrived; ns UTC."),
        texts("event_ids", "Every event that it rests on, sorted: `event_id` alone, but for correlations."),
    ),
    key=("incident_id", "event_id", "signal_name"),
)

RECENT_CHANGES = TableContract(
    "enrichment.recent_changes",
    "One row per change near an incident, with its distance from the first symptom.",
    (
        text("incident_id", "Incident."),
        text("event_id", "Event that states the change."),
        text("service", "Catalogue component changed.", is_nullable=True),
        text("source", "Tool that reported it."),
        text("revision", "Revision.", is_nullable=True),
        text("previous_revision", "Revision before it.", is_nullable=True),
        text("initiator", "Who or what began it.", is_nullable=True),
        bigint("change_at", "When; ns UTC."),
        bigint("known_at", "When it had arrived; ns UTC."),
        bigint("change_to_symptom_seconds", "First symptom minus change.", is_nullable=True),
        boolean("is_affected_service", "It changed a service that the incident affects."),
        boolean("is_most_recent", "It is the change that the last state names."),
    ),
    key=("incident_id", "event_id"),
)

BLAST_RADIUS = TableContract(
    "enrichment.blast_radius",
    "One row per incident and service that is affected or depends on an affected one, at the last state.",
    (
        text("incident_id", "Incident."),
        text("service", "Catalogue component."),
        integer("hops", "Edges from the nearest affected service; 0 for an affected one."),
        text("via", "The affected service it depends on.", is_nullable=True),
        text("criticality", "Operational criticality.", is_nullable=True, allowed=CRITICALITIES),
        boolean("is_customer_facing", "Whether customers reach it.", is_nullable=True),
        bigint("known_at", "From when it belonged to the blast radius; ns UTC."),
    ),
    key=("incident_id", "service"),
)

TABLES = (SIGNALS, RECENT_CHANGES, BLAST_RADIUS, INCIDENT_STATES, STATE_EVIDENCE, INCIDENT_CONTEXT)
