"""What goes from the books of an ingest with an incident whose folder was deleted, and what stays."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from evidence.errors import InputError
from evidence.ingest.account import load_account
from evidence.ingest.forgetting import Forgotten, forget
from evidence.intake.discovery import PLACING

from .ingesting import cloudtrail, falco, ingest, lines, put, written

STAYS = [cloudtrail(60 * n) for n in range(4)]
GOES = [cloudtrail(20_000 + 60 * n, account="444455556666", actor="ada.lovelace") for n in range(3)]
LOSER = {**GOES[1], "eventTime": "2026-01-06T17:40:00Z", "userAgent": "lost-by-ada"}
CONFLICT = "conflicting_identity"


def _everything(folder: Path) -> str:
    """All bytes below the folder, Parquet as its rows with digests in hex."""
    texts = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        texts.append(str(path.relative_to(folder)))
        if path.suffix == ".parquet":
            with duckdb.connect() as connection:
                texts.append(str(connection.execute("from read_parquet(?)", [str(path)]).fetchall()))
        else:
            texts.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(texts)


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """Two incidents; a record in an export of its own lost against one of the second."""
    put(tmp_path / "a", {"a.jsonl": lines(STAYS)})
    put(tmp_path / "b", {"of-ada.jsonl": lines(GOES)})
    put(tmp_path / "c", {"again-of-ada.jsonl": lines([LOSER])})
    for name in ("a", "b", "c"):
        ingest(tmp_path / name, into=tmp_path / "in")
    return tmp_path / "in"


def _going(into: Path) -> str:
    """The later of the two incidents."""
    held = load_account(into).incidents
    return max(held, key=lambda name: held[name].start)


def test_of_an_incident_whose_folder_is_gone_the_books_tell_nothing(into: Path, tmp_path: Path) -> None:
    """Neither its name nor a path, digest, identity or text of its records, nor what lost against them."""
    name = _going(into)
    digests = _digests(into, name)
    told = _everything(into)
    marks = [name, "of-ada.jsonl", "ada.lovelace", "lost-by-ada", CONFLICT, *digests]
    assert [] == [mark for mark in marks if mark not in told]
    shutil.rmtree(into / name)
    before = _everything(into)
    assert Forgotten((name,), 1) == forget(into, is_dry_run=True)
    assert before == _everything(into)
    assert Forgotten((name,), 1) == forget(into)
    told = _everything(into)
    assert [] == [mark for mark in marks if mark in told]
    assert Forgotten() == forget(into)


def _digests(into: Path, name: str) -> list[str]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select distinct record_sha256 from read_parquet(?) where incident_ids = ? order by 1",
            [str(into / ".ingest" / "records-*.parquet"), name],
        ).fetchall()
    return [digest for (digest,) in rows]


def test_what_was_forgotten_is_new_when_it_comes_again(into: Path, tmp_path: Path) -> None:
    """Ingest itself forgets, says so, and writes the same folder and account as before the deletion."""
    name = _going(into)
    files, account = written(into), load_account(into)
    shutil.rmtree(into / name)
    said = ingest(tmp_path / "b", tmp_path / "c", into=into, is_dry=True)
    assert ([name], ["new"]) == (said.forgotten, [each.state for each in said.incidents])
    said = ingest(tmp_path / "b", tmp_path / "c", into=into)
    assert ([name], ["new"]) == (said.forgotten, [each.state for each in said.incidents])
    assert (files, account.incidents) == (written(into), load_account(into).incidents)
    assert account.files == load_account(into).files


def test_what_stays_is_known_as_before(into: Path, tmp_path: Path) -> None:
    """Its records given again are copies; its share of a file that both had is still told."""
    put(tmp_path / "d", {"both.jsonl": lines([*STAYS, *GOES])})
    ingest(tmp_path / "d", into=into)
    name = _going(into)
    shutil.rmtree(into / name)
    forget(into)
    files = {each.path.rsplit("/", 1)[1]: each.shares for each in load_account(into).files}
    assert {"a.jsonl", "both.jsonl"} == set(files)  # the latter is named by its bytes, with others' in it
    (share,) = files["both.jsonl"]
    assert (4, True) == (share.records, share.to in load_account(into).incidents)
    before = written(into)
    report = ingest(tmp_path / "a", into=into)
    assert (len(STAYS), 0, ["unchanged"]) == (
        report.duplicate,
        report.evidence,
        [each.state for each in report.incidents],
    )
    assert before == written(into)


def test_an_incident_that_people_moved_is_not_forgotten(into: Path) -> None:
    """Its declaration is below the folder, under another name."""
    (into / "archive").mkdir()
    (into / _going(into)).rename(into / "archive" / "ada")
    assert Forgotten() == forget(into)


def test_a_name_that_was_taken_in_goes_with_its_incident(tmp_path: Path) -> None:
    """Two incidents that a later record joins are one; where records came from is told under the old name."""
    first, second, bridge = [falco(0)], [falco(4000)], [falco(n) for n in (1500, 2500)]
    for name, records in (("a", first), ("b", second), ("c", bridge)):
        ingest(put(tmp_path / name, {f"{name}.jsonl": lines(records)}), into=tmp_path / "in")
    ((name, held),) = load_account(tmp_path / "in").incidents.items()
    (merged,) = held.merged
    assert merged in _everything(tmp_path / "in")
    shutil.rmtree(tmp_path / "in" / name)
    forget(tmp_path / "in")
    told = _everything(tmp_path / "in")
    assert [] == [each for each in (name, merged, "a.jsonl", "b.jsonl", "c.jsonl") if each in told]


def test_an_interrupted_ingest_is_finished_before_anything_is_forgotten(into: Path) -> None:
    """What it has begun names incidents that are not there yet."""
    shutil.rmtree(into / _going(into))
    (into / PLACING).write_text(json.dumps({"version": 1}))
    with pytest.raises(InputError, match="interrupted"):
        forget(into)
