"""Runs the handoff stage: cases in, packages as tables and files out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import orjson

from evidence.anchors import sha256_of
from evidence.decision.bundle import Bundle
from evidence.errors import HandoffRefused
from evidence.handoff.case import read_cases
from evidence.handoff.metadata import gravest
from evidence.handoff.model import Package
from evidence.handoff.package import content_sha256, package_of
from evidence.handoff.page import render_html
from evidence.handoff.ticket import render_markdown
from evidence.settings import Settings
from evidence.tables import Tables, table_from_rows

FOLDER = "handoffs"
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


@dataclass(frozen=True)
class Handoffs:
    """The stage's tables, its files by path below `out/`, and the one package to be shown for all."""

    tables: Tables
    files: dict[str, bytes]
    gravest: Package | None = None


def build(connection: duckdb.DuckDBPyConnection, bundle: Bundle, settings: Settings) -> Handoffs:
    """A package per incident as `handoff.packages`, `handoff.claims` and three files.

    Reads the `intake`, `quality`, `enrichment` and `decision` tables. Raises HandoffRefused with every
    incident whose package would be unsafe to hand over.
    """
    packages: list[Package] = []
    refusals: list[str] = []
    for case in read_cases(connection):
        try:
            packages.append(package_of(case, bundle, settings))
        except HandoffRefused as refusal:
            refusals.append(str(refusal))
    if refusals:
        raise HandoffRefused("\n".join(refusals))
    return hand_over(packages)


def hand_over(packages: list[Package]) -> Handoffs:
    """Tables and files of finished packages."""
    files = {name: content for package in packages for name, content in _files(package).items()}
    tables = {
        "handoff.packages": table_from_rows("handoff.packages", [_package_row(p, files) for p in packages]),
        "handoff.claims": table_from_rows(
            "handoff.claims", [row for p in packages for row in _claim_rows(p)]
        ),
    }
    return Handoffs(tables, files, gravest(packages))


def render_json(package: Package) -> bytes:
    """The package as indented JSON, keys in the model's order."""
    return orjson.dumps(package.model_dump(mode="json"), option=orjson.OPT_INDENT_2) + b"\n"


def _files(package: Package) -> dict[str, bytes]:
    if not _FILE_NAME.fullmatch(package.incident_id):
        raise HandoffRefused(
            f"{package.incident_id!r} cannot name a file", remedy="Rename it in incident.yaml"
        )
    stem = f"{FOLDER}/{package.incident_id}"
    return {
        f"{stem}.json": render_json(package),
        f"{stem}.md": render_markdown(package).encode(),
        f"{stem}.html": render_html(package).encode(),
    }


def _package_row(package: Package, files: dict[str, bytes]) -> dict[str, Any]:
    stem = f"{FOLDER}/{package.incident_id}"
    return {
        "incident_id": package.incident_id,
        "title": package.title,
        "addressee": package.owner.addressee,
        "option": package.recommendation.option,
        "action": package.recommendation.action,
        "mode": package.approval.mode,
        "approvers": [approver.role for approver in package.approval.approvers],
        "claim_count": len(package.claims),
        "unknown_count": len(package.unknowns),
        "states_sha256": package.inputs.states_sha256,
        "bundle_sha256": package.inputs.bundle_sha256,
        "schema_version": package.schema_version,
        "content_sha256": content_sha256(package),
        "json_sha256": sha256_of(files[f"{stem}.json"]),
        "markdown_sha256": sha256_of(files[f"{stem}.md"]),
        "html_sha256": sha256_of(files[f"{stem}.html"]),
    }


def _claim_rows(package: Package) -> Iterator[dict[str, Any]]:
    for claim in package.claims:
        row = claim.model_dump(exclude={"anchor", "source", "known_at", "is_after_decision"})
        anchor = claim.anchor.model_dump(exclude={"encoding"})
        yield {"incident_id": package.incident_id, **row, **anchor}
