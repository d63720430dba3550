"""Owns what answers of query APIs (Prometheus, Loki) have in common: they carry warnings."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.readers.contract import Gap, Json


def declared_warnings(envelope: Json, tool: str) -> Iterator[Gap]:
    """One gap per warning of the answer; the pointer tells them apart."""
    warnings = envelope.get("warnings")
    for index, warning in enumerate(warnings if isinstance(warnings, list) else []):
        yield Gap("source_warning", "warnings", f"{tool} warns: {str(warning)[:200]}", f"/warnings/{index}")
