"""Publishes the package's JSON Schema, generated from the model so that the two cannot part."""

from __future__ import annotations

import json

from evidence.handoff.model import SCHEMA_VERSION, Package

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def published_schema() -> str:
    """The schema of `<incident_id>.json` as the text of docs/schemas/handoff.schema.json."""
    schema = {
        "$schema": DIALECT,
        "$id": f"urn:incident-evidence:handoff:{SCHEMA_VERSION}",
        **Package.model_json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
