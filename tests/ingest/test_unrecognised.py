"""What no reader recognises is refused for what is wrong with it, in an ingest and in a run alike."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from evidence.intake.records import read_file
from pipelines.cli import app

from ..readers.reading import SETTINGS
from .ingesting import ingest, put

CALL = json.dumps(
    {
        "eventVersion": "1.08",
        "eventID": "e-1",
        "eventTime": "2026-01-14T09:00:00Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateUser",
        "userIdentity": {"type": "IAMUser", "userName": "a"},
    }
)
REPEATED = CALL.replace('{"eventVersion"', '{"eventVersion": "1.08", "eventVersion"', 1).encode()


def parquet_of_incidents() -> bytes:
    """A table of incidents as Parquet."""
    sink = io.BytesIO()
    pq.write_table(pa.table({"begin": ["2026-01-06T12:00:00Z"], "service": ["search"]}), sink)
    return sink.getvalue()


CASES = [
    (REPEATED, "json_invalid", "the key 'eventVersion' is repeated"),
    (REPEATED + b"\n", "json_invalid", "the key 'eventVersion' is repeated"),
    (b"[" * 200_000, "json_invalid", "depth limit"),
    (b"[" * 200_000 + b"]" * 200_000, "json_invalid", "depth limit"),
    (CALL[:-40].encode(), "truncated", "the file ends within"),
    (b'{"of": "another tool', "truncated", "the file ends within"),
    (CALL.encode("utf-16"), "not_utf8", "the file is UTF-16"),
    (CALL.encode("utf-16-be"), "not_utf8", "the file is UTF-16"),
    (CALL.encode("utf-32-le"), "not_utf8", "the file is UTF-32"),
    (b"[]", "unknown_format", "an empty array"),
    (b"{}\n", "unknown_format", "an empty object"),
    (b'{"Events": [{"CloudTrailEvent": "{}"}]}', "unknown_format", "aws cloudtrail lookup-events"),
    (b"begin,end\n2026-01-06T12:00:00Z,2026-01-06T13:00:00Z\n", "unknown_format", "--mapping"),
    (b"[INFO] 2026-01-06 ready\n", "unknown_format", "no reader recognises the file"),
    (b'{"of": "another tool"}\n{"of": "another tool"}\n', "unknown_format", "no reader recognises the file"),
    (b"\x7fELF\x02\x01\x01\x00", "unknown_format", "no reader recognises the file"),
]


def refused_by_ingest(content: bytes, folder: Path) -> tuple[str, str]:
    """(reason, detail) of the one refusal of an ingest."""
    [refusal] = ingest(put(folder, {"a.json": content}), into=folder.parent / "in", is_dry=True).refusals
    return refusal.reason, refusal.detail


def refused_by_run(content: bytes, folder: Path) -> tuple[str, str]:
    """(reason, detail) of the one refused record of a run."""
    [record] = read_file(content, SETTINGS, None).records
    return record.reason, record.detail


@pytest.mark.parametrize("refused", [refused_by_ingest, refused_by_run])
@pytest.mark.parametrize(("content", "reason", "detail"), CASES)
def test_the_reason_is_what_is_wrong_with_it(
    content: bytes, reason: str, detail: str, refused: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    """A lone record that is broken, another encoding, nothing at all, another tool's table or answer."""
    found = refused(content, tmp_path / "exports")
    assert (reason, True) == (found[0], detail in found[1]), found


def test_a_table_in_parquet_is_told_how_to_come_in(tmp_path: Path) -> None:
    """Its rows are no records."""
    assert "--mapping" in refused_by_ingest(parquet_of_incidents(), tmp_path / "exports")[1]


def test_a_bomb_is_one_whatever_it_begins_with(tmp_path: Path) -> None:
    """300 MiB of zeros in 300 KB: unpacked to the limit, held nowhere."""
    content = gzip.compress(b"0" * (300 * 1024 * 1024), 9)
    reason, detail = refused_by_ingest(content, tmp_path / "exports")
    assert ("size_exceeded", "the file unpacks to more than 200 times its size") == (reason, detail)


def test_a_link_that_is_named_is_not_followed(tmp_path: Path) -> None:
    """To a file, a folder, nowhere: each is one refused entry, and nothing of it is copied."""
    put(tmp_path / "secret", {"a.json": CALL.encode()})
    targets = {"file": "secret/a.json", "folder": "secret", "root": "/", "nowhere": "gone"}
    for name, target in targets.items():
        (tmp_path / name).symlink_to(target)
    report = ingest(*(tmp_path / name for name in targets), into=tmp_path / "in")
    assert (4, 4, 0) == (report.files, report.refused, report.evidence)
    assert {"not_regular_file"} == {refusal.reason for refusal in report.refusals}
    assert {str(tmp_path / name) for name in targets} == {refusal.file for refusal in report.refusals}
    assert not (tmp_path / "in" / "refused").exists()


def test_what_the_system_does_not_let_be_read_is_refused(tmp_path: Path) -> None:
    """The memory of a process is a regular file that cannot be read from its beginning."""
    report = ingest(Path("/proc/self/mem"), into=tmp_path / "in")
    assert [("unreadable", "cannot be read (EIO)")] == [(r.reason, r.detail) for r in report.refusals]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--gap", "100000d"), "--gap '100000d' is too long"),
        (("--gap", "soon"), "--gap 'soon' is no duration"),
        (("--into", "a.json"), "--into a.json: a.json is no folder"),
        (("--into", "a.json/in"), "a.json is no folder"),
        (("--into", "/proc/nowhere/in"), "/proc/nowhere: No such file or directory (ENOENT)"),
        (("--into", "in", "nowhere"), "nowhere: is not there"),
    ],
)
def test_a_wrong_call_is_told_in_one_line(
    words: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, and no traceback."""
    put(tmp_path, {"a.json": CALL.encode()})
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["ingest", "a.json", *words])
    assert (2, 1, True) == (done.exit_code, done.stderr.count("\n"), message in done.stderr), done.stderr
