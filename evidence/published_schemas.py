"""Owns the form in which JSON Schemas are published: generated from models, so that the two cannot part."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter


def schema_text(name: str, version: int | str, model: Any) -> str:
    """The JSON Schema of what is written by the model (or union of models), as a file of docs/schemas."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:incident-evidence:{name}:{version}",
        **TypeAdapter[Any](model).json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
