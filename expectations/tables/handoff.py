"""Contracts of the handoff tables: the packages written and every claim in them with its anchor."""

from __future__ import annotations

from expectations.contracts import TableContract, bigint, integer, text, texts

CLAIM_SECTIONS = ("affected_scope", "guardrails", "known_facts", "recommendation", "timeline", "unknowns")

PACKAGES = TableContract(
    "handoff.packages",
    "One row per incident: the handoff package's files, inputs and addressee.",
    (
        text("incident_id", "Incident."),
        text("title", "Title of the package."),
        text("addressee", "Owner, or the escalation policy's fallback when there is none."),
        text("option", "Recommended option."),
        text("action", "Recommended action."),
        text("mode", "Approval mode."),
        texts("approvers", "Roles that must approve."),
        integer("claim_count", "Claims in the package."),
        integer("unknown_count", "Unknowns in the package."),
        text("states_sha256", "Digest of the incident's states."),
        text("bundle_sha256", "Digest of the playbook bundle."),
        text("schema_version", "Version of the published JSON Schema."),
        text("content_sha256", "Digest of the package without file locations."),
        text("json_sha256", "SHA-256 of <incident_id>.json.", is_location=True),
        text("markdown_sha256", "SHA-256 of <incident_id>.md.", is_location=True),
        text("html_sha256", "SHA-256 of <incident_id>.html.", is_location=True),
    ),
    key=("incident_id",),
    row_count_min=1,
    once="intake.incidents",
)

CLAIMS = TableContract(
    "handoff.claims",
    "One row per claim in a handoff: its sentence and the evidence anchor that proves it.",
    (
        text("incident_id", "Incident."),
        integer("claim", "Number of the claim in the package, from 1."),
        text("section", "Section of the package.", allowed=CLAIM_SECTIONS),
        text("sentence", "The sentence, with secrets redacted."),
        text("event_id", "Event that supports it; NULL for a catalogue entry.", is_nullable=True),
        text("entity_ref", "Catalogue entry that supports it.", is_nullable=True),
        text("record_sha256", "SHA-256 of the raw record."),
        text("pointer", "JSON Pointer of the field within the record."),
        text(
            "value_sha256",
            "SHA-256 of the field's canonical JSON (sorted keys, no spaces); of the raw record for YAML.",
        ),
        text("file_sha256", "File that holds the record.", is_location=True),
        text("path", "Its path below the incidents folder.", is_location=True),
        bigint("ordinal", "Position of the record in the file.", is_location=True),
        bigint("byte_offset", "Offset of the record.", is_location=True),
        bigint("byte_length", "Length of the record."),
    ),
    key=("incident_id", "claim"),
)

TABLES = (PACKAGES, CLAIMS)
