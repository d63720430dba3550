"""Writes a comparison as JSON, and publishes the schema that it keeps."""

from __future__ import annotations

from evidence.published_schemas import schema_text
from simulator.comparison.model import SCHEMA_VERSION, Comparison


def render_json(comparison: Comparison) -> str:
    """Every field of the model in the model's order; changed incidents stand under `changed`."""
    return comparison.model_dump_json(indent=2) + "\n"


def published_schema() -> str:
    """The text of docs/schemas/comparison.schema.json."""
    return schema_text("comparison", SCHEMA_VERSION, Comparison)
