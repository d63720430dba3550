"""Publishes the package's JSON Schema."""

from __future__ import annotations

from evidence.handoff.model import SCHEMA_VERSION, Package
from evidence.published_schemas import schema_text


def published_schema() -> str:
    """The schema of `<incident_id>.json` as the text of docs/schemas/handoff.schema.json."""
    return schema_text("handoff", SCHEMA_VERSION, Package)
