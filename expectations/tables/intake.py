"""Contracts of the intake tables: what was read, what was refused, and what the records say."""

from __future__ import annotations

from expectations.contracts import TableContract, bigint, boolean, integer, text, texts
from expectations.tables.catalogue import DEPENDENCIES, SERVICES
from expectations.tables.quality import GAP_KINDS
from expectations.tables.reviews import REVIEWS

SOURCES = (
    "alertmanager",
    "argo_events",
    "argocd",
    "aws_cloudtrail",
    "event_envelope",
    "falco",
    "flux",
    "github",
    "kubernetes_audit",
    "kubernetes_events",
    "loki",
    "ocsf",
    "opa",
    "opentelemetry",
    "pagerduty",
    "prometheus",
    "slack",
    "stackstorm",
    "tempo",
    "terraform",
)
RECORD_STATUSES = ("evidence", "duplicate", "quarantined")
QUARANTINE_REASONS = (
    "conflicting_identity",  # the same identity as another record, but not the same content
    "field_invalid",  # a field is there but is not what the format says
    "field_missing",  # a field that the format requires is absent
    "json_invalid",  # not strict JSON (also duplicate keys, NaN, too deep)
    "not_regular_file",  # a link, pipe, socket or device: never followed, never opened
    "not_utf8",
    "size_exceeded",
    "time_invalid",  # a timestamp that no calendar knows
    "time_outside_range",  # before 1970 or after 2261: 64-bit nanoseconds end soon after
    "truncated",  # the file ends within the record
    "unknown_format",  # no reader recognises the file
    "unsupported",  # a record that its format allows, of a kind that is not read here (an OCSF class)
    "unreadable",  # the system refuses to open the file, or to list the folder
)
FILE_KINDS = (
    "file",
    "folder_unreadable",  # a folder that the system refuses to list: what lies in it is not known
    "link",
    "special",  # a pipe, socket or device
)
EVENT_KINDS = (
    "alert",  # a threshold or symptom alert
    "api_call",  # a control-plane or cloud API call
    "change",  # a deployment, sync or rollout
    "detection",  # a finding of a detection tool
    "lifecycle",  # pods, nodes and jobs coming and going
    "log",
    "metric",
    "policy",  # a policy verdict
    "response",  # what responders did: never visible to a rule
    "trace",
)
INCIDENT_TYPES = ("dependency", "infrastructure", "rollout", "security")
SEVERITY_WORDS = ("critical", "fatal", "high", "informational", "low", "medium")
OUTCOMES = ("aborted_by_policy", "escalated", "rolled_back", "succeeded")

FILES = TableContract(
    "intake.files",
    "One row per file of an incident: what it was recognised as and how its records were counted. What has "
    "no bytes to read (a link, a pipe, a file that the system keeps shut) is one refused record.",
    (
        text("incident_id", "Incident whose folder holds the file."),
        text(
            "path",
            r"Path below the incidents folder; `\xNN` for a byte that is no text, and for a backslash.",
            is_location=True,
        ),
        text(
            "file_sha256",
            "SHA-256 of the file's bytes as they lie on disk; of the words for what has none (link to x).",
        ),
        text(
            "format", "Format recognised by content, of several the first; NULL for none.", is_nullable=True
        ),
        bigint("byte_count", "Size on disk in bytes."),
        bigint("record_count", "Records read = evidence + duplicate + quarantined."),
        bigint("evidence_count", "Records that became evidence."),
        bigint("duplicate_count", "Records that repeat another record."),
        bigint("quarantined_count", "Records refused, each with its reason in intake.quarantine."),
    ),
    key=("incident_id", "path"),
    is_location=True,
)

UNCLAIMED_FILES = TableContract(
    "intake.unclaimed_files",
    "One row per file below the incidents folder that no incident claims: its folder has no incident.yaml, "
    "and nobody reads it. Catalogue, settings, Markdown and names that begin with a dot are not meant.",
    (
        text("path", r"Path below the incidents folder; `\xNN` as in intake.files.", is_location=True),
        text("kind", "What lies there; nothing is followed or opened.", allowed=FILE_KINDS),
        bigint("byte_count", "Size on disk in bytes; NULL for what is no regular file.", is_nullable=True),
    ),
    key=("path",),
    is_location=True,
)

RAW_RECORDS = TableContract(
    "intake.raw_records",
    "One row per raw record read, copies included: where its bytes lie and what became of it.",
    (
        text("incident_id", "Incident whose folder holds the file."),
        text("path", "Path below the incidents folder.", is_location=True),
        bigint("ordinal", "Position of the record in its file, from 0.", is_location=True),
        text("file_sha256", "SHA-256 of the file's bytes.", is_location=True),
        bigint("byte_offset", "Offset of the record in the (decompressed) bytes.", is_location=True),
        bigint("byte_length", "Length of the record in bytes."),
        text("record_sha256", "SHA-256 of the record's raw bytes."),
        text("format", "Format recognised; NULL when none was.", is_nullable=True),
        text("status", "What became of the record.", allowed=RECORD_STATUSES),
        text(
            "raw",
            "The record's bytes as text; NULL when they are not UTF-8, or when the format may hold secrets.",
            is_nullable=True,
        ),
    ),
    key=("incident_id", "path", "ordinal"),
    is_location=True,
)

QUARANTINE = TableContract(
    "intake.quarantine",
    "One row per distinct refused record, with the reason; its bytes stay readable.",
    (
        text("incident_id", "Incident whose folder holds the file."),
        text("record_sha256", "SHA-256 of the refused bytes."),
        text("reason", "Why, from a closed list.", allowed=QUARANTINE_REASONS),
        text("field", "JSON Pointer of the field at fault; empty when it is the whole record."),
        text("detail", "What was found and what was expected, in one sentence."),
        text("path", "Path below the incidents folder.", is_location=True),
        bigint("ordinal", "Position of the record in its file, from 0.", is_location=True),
        bigint("byte_offset", "Offset in the (decompressed) bytes.", is_location=True),
        bigint("byte_length", "Length in bytes."),
        bigint("line", "Line in the file, from 1, on which the record begins.", is_location=True),
        text("file_sha256", "SHA-256 of the file's bytes.", is_location=True),
    ),
    key=("incident_id", "record_sha256"),
)

EVIDENCE_EVENTS = TableContract(
    "intake.evidence_events",
    "One row per normalised event; a record may state several (a metric series, an application's history). "
    "Names and class uids are OCSF's where OCSF has them.",
    (
        text("incident_id", "Incident."),
        text("event_id", "SHA-256 (first 32 hex digits) over record digest, pointer and order there."),
        text("source", "The tool that wrote the record.", allowed=SOURCES),
        text("kind", "What sort of statement it is.", allowed=EVENT_KINDS),
        integer("class_uid", "OCSF class, e.g. 6003 API Activity, 2004 Detection Finding."),
        text("name", "Rule, alert, API operation, measure or change that the event is about."),
        text(
            "activity",
            "What happened to it, in the source's word (firing, create, Synced …).",
            is_nullable=True,
        ),
        text(
            "message",
            "Free text of the source. Written by whoever writes logs: never trusted.",
            is_nullable=True,
        ),
        boolean(
            "is_response",
            "True for what responders did (acknowledge, resolve, remedial action): no hindsight.",
        ),
        bigint("event_time", "When it happened by the source's clock; ns UTC."),
        text("event_time_text", "That time as the source wrote it."),
        bigint(
            "known_at",
            "When it had arrived; ns UTC. Never before event_time unless the export records it so.",
        ),
        text(
            "known_at_basis",
            "Recorded by the export, or event_time plus the source's delay.",
            allowed=("delay", "recorded"),
        ),
        text("severity_text", "Severity as the source wrote it.", is_nullable=True),
        integer(
            "severity_id",
            "OCSF severity 1 informational … 5 critical, 6 fatal, by the reader's table.",
            is_nullable=True,
        ),
        text("cluster", "Kubernetes cluster.", is_nullable=True),
        text("namespace", "Kubernetes namespace.", is_nullable=True),
        text("workload", "Workload (Deployment, StatefulSet, Job …) by name.", is_nullable=True),
        text("workload_kind", "Its kind.", is_nullable=True),
        text("pod", "Pod.", is_nullable=True),
        text("node", "Node.", is_nullable=True),
        text(
            "service_name",
            "Service as the source names it; resolved against the catalogue in enrichment.",
            is_nullable=True,
        ),
        text("environment", "Environment where the source itself states it.", is_nullable=True),
        text("account_uid", "Cloud account.", is_nullable=True),
        text("region", "Cloud region.", is_nullable=True),
        text("application", "GitOps application.", is_nullable=True),
        text("repository", "Source repository, owner/name.", is_nullable=True),
        text("actor", "Who acted: user name, principal or service account.", is_nullable=True),
        text(
            "actor_kind",
            "What kind of identity.",
            is_nullable=True,
            allowed=("human", "service", "system", "workload"),
        ),
        text("credential_uid", "Credential used, e.g. the access key id.", is_nullable=True),
        text(
            "credential_kind",
            "How long it lives.",
            is_nullable=True,
            allowed=("long_lived", "session", "temporary"),
        ),
        text("src_ip", "Source address as recorded; only the last hop is trustworthy.", is_nullable=True),
        boolean("is_mfa", "Whether the session was authenticated with a second factor.", is_nullable=True),
        text("user_agent", "Client string; forgeable.", is_nullable=True),
        text("resource_kind", "Kind of the object acted on.", is_nullable=True),
        text("resource", "The object acted on.", is_nullable=True),
        text(
            "status",
            "Result in the source's word (success, failure code, Synced, firing …).",
            is_nullable=True,
        ),
        boolean("is_public_exposure", "The call opens something to everyone.", is_nullable=True),
        boolean("is_image_flagged", "An image policy or scanner flags the image.", is_nullable=True),
        boolean(
            "has_approval_artifact",
            "The object carries an approval label or the request an approval.",
            is_nullable=True,
        ),
        text("revision", "Revision deployed by a change.", is_nullable=True),
        text("previous_revision", "Revision before it.", is_nullable=True),
        text("branch", "Branch or target revision.", is_nullable=True),
        text("commit_sha", "Commit.", is_nullable=True),
        text("sync_status", "Sync status of the application.", is_nullable=True),
        text("initiator", "Who or what began the change.", is_nullable=True),
        boolean("is_auto_sync", "The change came by automated sync.", is_nullable=True),
        text(
            "measure",
            "What a metric measures, by the settings' mapping: error_rate, latency, cpu, memory, saturation.",
            is_nullable=True,
        ),
        bigint("measure_value", "Its value as an integer in measure_unit.", is_nullable=True),
        text("measure_unit", "ppm (parts per million) or ms or count.", is_nullable=True),
        text("route", "HTTP route or operation of a span or log line.", is_nullable=True),
        text("upstream", "Service that a span called.", is_nullable=True),
        bigint("duration_ms", "Duration of a span.", is_nullable=True),
        boolean("is_error", "Span or log line tells of an error.", is_nullable=True),
        text(
            "source_url",
            "Link to the event in the source's own UI, when the record carries one.",
            is_nullable=True,
        ),
        text("record_sha256", "SHA-256 of the raw record."),
        text("pointer", "JSON Pointer, within the record, of what the event states; empty for all of it."),
        text("file_sha256", "File that holds the record.", is_location=True),
        text("path", "Its path below the incidents folder.", is_location=True),
        bigint("ordinal", "Position of the record in the file.", is_location=True),
        bigint("byte_offset", "Offset of the record.", is_location=True),
        bigint("byte_length", "Length of the record."),
    ),
    key=("incident_id", "event_id"),
    row_count_min=1,
    once="intake.raw_records",
)

INCIDENTS = TableContract(
    "intake.incidents",
    "One row per recorded incident as its folder declares it. Outcome and labels are hindsight to rules.",
    (
        text("incident_id", "Incident, the folder's declared id."),
        text("title", "One line."),
        text("incident_type", "What it turned out to be.", allowed=INCIDENT_TYPES),
        bigint("window_start", "Begin of the recorded window; ns UTC."),
        bigint("window_end", "End of the recorded window; ns UTC."),
        bigint("started_at", "When it began, as established afterwards.", is_nullable=True),
        bigint("detected_at", "When it was detected.", is_nullable=True),
        bigint("acknowledged_at", "When a responder took it.", is_nullable=True),
        bigint("mitigated_at", "When the harm stopped.", is_nullable=True),
        bigint("resolved_at", "When it was closed; NULL while open.", is_nullable=True),
        text(
            "action_taken", "Action that responders took, by its name in the action matrix.", is_nullable=True
        ),
        bigint("action_taken_at", "When they took it.", is_nullable=True),
        text("outcome", "How the playbook ended.", allowed=OUTCOMES, is_nullable=True),
        text("detected_by", "Signal that fired first as recorded by people.", is_nullable=True),
        boolean(
            "label_signal_high_confidence", "Reviewer: was the signal high-confidence?", is_nullable=True
        ),
        boolean(
            "label_enrichment_narrowed",
            "Reviewer: did the enrichment narrow the decision correctly?",
            is_nullable=True,
        ),
        boolean(
            "label_least_risky_effective",
            "Reviewer: was the least risky effective action chosen?",
            is_nullable=True,
        ),
        boolean(
            "label_responder_understood", "Reviewer: could the responder understand why?", is_nullable=True
        ),
        text("label_expected_option", "Reviewer: the option that would have been right.", is_nullable=True),
        text(
            "label_expected_action",
            "Reviewer: the very action that would have been right.",
            is_nullable=True,
        ),
        text("label_by", "Who labelled.", is_nullable=True),
        bigint("label_at", "When; ns UTC.", is_nullable=True),
    ),
    key=("incident_id",),
)

INCIDENT_RECORDS = TableContract(
    "intake.incident_records",
    "One row per incident of which only a table's row is known (evidence ingest --mapping): times without "
    "evidence. Counted by the times of the KPI tables; nothing is decided of it.",
    (
        text("record_id", "Day of its first time and a digest over the distinct columns."),
        text("title", "One line, as written.", is_nullable=True),
        text("service", "Service as written.", is_nullable=True),
        text("environment", "Environment as written.", is_nullable=True),
        text("severity", "Severity by the mapping's words.", allowed=SEVERITY_WORDS, is_nullable=True),
        text("incident_type", "What it was.", allowed=INCIDENT_TYPES, is_nullable=True),
        bigint("started_at", "When it began; ns UTC.", is_nullable=True),
        bigint("detected_at", "When it was detected or first notified.", is_nullable=True),
        bigint("acknowledged_at", "When a responder took it.", is_nullable=True),
        bigint("mitigated_at", "When the harm stopped.", is_nullable=True),
        bigint("resolved_at", "When it was closed.", is_nullable=True),
        texts("flags", "What is odd about it: a time that is missing or out of order, rows that differ."),
    ),
    key=("record_id",),
)

DECLARED_GAPS = TableContract(
    "intake.declared_gaps",
    "One row per thing that a record, the object around records, or an ingest says is lacking.",
    (
        text("incident_id", "Incident."),
        text(
            "source",
            "Tool that declares it, or whose record is missing; empty where nothing tells which.",
            allowed=("", *SOURCES),
        ),
        text("gap", "Kind of gap.", allowed=GAP_KINDS),
        text("subject", "What it is about: a field or an object."),
        text("detail", "One sentence for the responder."),
        bigint("known_at", "When the declaring evidence had arrived; ns UTC."),
        integer("gap_count", "How many records or fields it concerns."),
        text(
            "record_sha256", "SHA-256 of the record, or of the document around the records, that declares it."
        ),
        text("pointer", "JSON Pointer within it."),
        boolean(
            "is_envelope",
            "Declared by what is no raw record itself: the object around records, or an ingest.",
        ),
    ),
    key=("incident_id", "source", "gap", "subject", "record_sha256", "pointer"),
)

TABLES = (
    FILES,
    UNCLAIMED_FILES,
    RAW_RECORDS,
    QUARANTINE,
    EVIDENCE_EVENTS,
    INCIDENTS,
    REVIEWS,
    INCIDENT_RECORDS,
    SERVICES,
    DEPENDENCIES,
    DECLARED_GAPS,
)
