"""Writes a comparison as JSON, and publishes the schema that it keeps."""

from __future__ import annotations

import json

from evidence.handoff.schema import DIALECT
from simulator.comparison.model import SCHEMA_VERSION, Comparison


def render_json(comparison: Comparison) -> str:
    """Every field of the model in the model's order; changed incidents stand under `changed`."""
    return comparison.model_dump_json(indent=2) + "\n"


def published_schema() -> str:
    """The text of docs/schemas/comparison.schema.json, generated so that the two cannot part."""
    schema = {
        "$schema": DIALECT,
        "$id": f"urn:incident-evidence:comparison:{SCHEMA_VERSION}",
        **Comparison.model_json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
