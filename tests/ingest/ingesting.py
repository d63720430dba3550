"""Owns how tests ingest: files by name and content into a folder, and what came of it."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from evidence import intake
from evidence.anchors import sha256_of
from evidence.ingest.manifest import Manifest
from evidence.ingest.pipeline import Request, read_and_group
from evidence.ingest.report import IngestReport
from evidence.ingest.writing import write
from evidence.intake.catalogue import Catalogue, read_catalogue
from evidence.tables import Tables

from ..readers.reading import SETTINGS

ROOT = Path(__file__).parents[2]
CATALOGUE = sorted((ROOT / "fixtures" / "catalog").glob("*.yaml"))


@cache
def catalogue() -> Catalogue:
    """The fixtures' catalogue."""
    return read_catalogue(CATALOGUE, ROOT / "fixtures", sha256_of)


def services() -> list[dict[str, Any]]:
    """The entries of the fixtures' catalogue."""
    return catalogue().services


def ingest(
    *paths: Path, into: Path, is_dry: bool = False, gap_seconds: int = 1800, manifest: Path | None = None
) -> IngestReport:
    """Ingest the paths with the fixtures' catalogue."""
    request = Request(
        paths,
        into,
        SETTINGS,
        services(),
        catalogue().dependencies,
        gap_seconds=gap_seconds,
        manifest=Manifest(manifest) if manifest else None,
        is_dry_run=is_dry,
    )
    with tempfile.TemporaryDirectory() as scratch:
        done = read_and_group(request, Path(scratch))
        try:
            report = done.report if is_dry else write(done)
        finally:
            done.index.close()
    assert report is not None
    return report


def put(folder: Path, files: Mapping[str, bytes]) -> Path:
    """The folder with these files in it."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    folder.mkdir(exist_ok=True)
    return folder


def lines(records: Sequence[Any]) -> bytes:
    """JSON lines of values or of bytes."""
    return b"".join(
        (each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in records
    )


def written(into: Path) -> dict[str, str]:
    """SHA-256 of every file of incidents below the folder, by path; the account is not meant."""
    return {
        str(path.relative_to(into)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(into.rglob("*"))
        if path.is_file()
        and path.parent != into
        and path.relative_to(into).parts[0] not in ("refused", ".ingest")
    }


def intake_of(folder: Path) -> Tables:
    """The intake tables of a folder of incidents."""
    catalogue = folder / "catalog"
    if not catalogue.exists():
        catalogue.symlink_to(ROOT / "fixtures" / "catalog")
    return intake.build(folder, SETTINGS, sha256_of)


def cloudtrail(
    second: int, account: str = "111122223333", actor: str = "ci", name: str = "GetObject"
) -> dict[str, Any]:
    """A CloudTrail record so many seconds after noon."""
    clock = f"{12 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "userName": actor, "accessKeyId": f"AKIA{account}"},
        "eventTime": f"2026-01-06T{clock}Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "192.0.2.10",
        "recipientAccountId": account,
        "eventID": f"{account}-{actor}-{second}-{name}",
    }


def falco(second: int, namespace: str = "payments", deployment: str = "checkout-api") -> dict[str, Any]:
    """A Falco alert so many seconds after noon, in a pod of that Deployment."""
    clock = f"{12 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return {
        "hostname": "node-7",
        "output": f"shell at {second}",
        "output_fields": {"k8s.ns.name": namespace, "k8s.pod.name": f"{deployment}-7d9b6f8f6d-xk2tw"},
        "priority": "Notice",
        "rule": "Terminal shell in container",
        "source": "syscall",
        "tags": [],
        "time": f"2026-01-06T{clock}.000000000Z",
    }
