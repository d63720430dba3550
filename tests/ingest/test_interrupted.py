"""An ingest that is stopped while it puts things in place is finished by the next one."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterable
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.errors import InputError
from evidence.ingest.journal import is_interrupted
from evidence.intake.discovery import INCIDENT_FILE, PLACING
from pipelines.cli import app

from .ended_ingest import end_at
from .ingesting import cloudtrail, falco, ingest, intake_of, lines, put

SIGNALLED = [falco(0), falco(3000), cloudtrail(0), cloudtrail(9000, name="ListUsers", account="1" * 12)]
SIGNALLED.append({**cloudtrail(60, name="DeleteTrail"), "eventID": "one"})
# One between two incidents, one for another, one that makes one of its own, one that takes up a look, and one
# that displaces what was evidence.
LATE = [falco(1500), cloudtrail(120), falco(9000, "search", "search-api")]
LATE += [cloudtrail(9060, name="CreateUser", account="1" * 12), b'{"half": ']
LATE.append({**cloudtrail(59, name="ListTrails"), "eventID": "one"})


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both exports, what an ingest of the first makes (`early`), and of both (`done`)."""
    folder = tmp_path_factory.mktemp("interrupted")
    ingest(put(folder / "a", {"x": lines(SIGNALLED)}), into=folder / "early")
    shutil.copytree(folder / "early", folder / "done")
    ingest(put(folder / "b", {"y": lines(LATE)}), into=folder / "done")
    return folder


def everything(into: Path) -> dict[str, bytes]:
    """All files but the account of the calls, which tells how often something was given."""
    return {
        str(path.relative_to(into)): path.read_bytes()
        for path in sorted(into.rglob("*"))
        if path.is_file() and path.name != "ingest.json" and path.parent.name != ".ingest"
    }


def assert_finished(prepared: Path, into: Path) -> None:
    """The next ingest leaves what an uninterrupted one leaves, and nothing aside."""
    ingest(prepared / "b", into=into)
    assert everything(prepared / "done") == everything(into)
    assert [] == [path.name for path in into.glob(".*") if path.name != ".ingest"]
    assert not is_interrupted(into)


def end_each(prepared: Path, tmp_path: Path, number: int, steps: Iterable[int]) -> int:
    """End an ingest before each of the steps until it has no more, and make it good; how many there were."""
    done = 0
    for step in steps:
        into = tmp_path / f"in-{step}"
        shutil.copytree(prepared / "early", into)
        if end_at(step, number, prepared / "b", into) == 0:
            break
        done += 1
        if is_interrupted(into):
            with pytest.raises(InputError, match=r"interrupted.*Run evidence ingest again"):
                intake_of(into)
            (into / "catalog").unlink()
        assert_finished(prepared, into)
    return done


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_end_before_any_step_of_placing_is_made_good(prepared: Path, tmp_path: Path, number: int) -> None:
    """Whatever is in place by then; no run publishes it before."""
    assert end_each(prepared, tmp_path, number, count(1)) > 20


@pytest.mark.parametrize(
    ("number", "step"),
    [
        (signal.SIGINT, 5),
        pytest.param(signal.SIGKILL, 1, marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, 12, marks=pytest.mark.slow),
    ],
)
def test_an_end_before_a_step_of_placing_is_made_good(
    prepared: Path, tmp_path: Path, number: int, step: int
) -> None:
    """Before the journal, in the middle of a folder, and among the files after them."""
    assert 1 == end_each(prepared, tmp_path, number, [step])


@pytest.fixture
def half_placed(prepared: Path, tmp_path: Path) -> Path:
    """A folder in which an ingest was killed after the first folders."""
    into = tmp_path / "in"
    shutil.copytree(prepared / "early", into)
    assert -signal.SIGKILL == end_at(4, signal.SIGKILL, prepared / "b", into)
    assert is_interrupted(into)
    return into


def test_whatever_is_ingested_next_finishes_it(prepared: Path, half_placed: Path) -> None:
    """What was begun does not need its exports again."""
    report = ingest(prepared / "a", into=half_placed)
    assert {"unchanged"} == {each.state for each in report.incidents}
    assert everything(prepared / "done") == everything(half_placed)


def test_a_dry_run_changes_nothing_and_says_what_to_do(prepared: Path, half_placed: Path) -> None:
    """What it would say of half an ingest would not be true."""
    before = everything(half_placed)
    call = ["ingest", str(prepared / "b"), "--into", str(half_placed), "--dry-run"]
    done = CliRunner().invoke(app, call)
    assert (2, True) == (done.exit_code, "without --dry-run" in done.stderr)
    assert before == everything(half_placed)


def test_what_people_wrote_meanwhile_is_kept(prepared: Path, half_placed: Path) -> None:
    """In .merged of the incident whose folder the interrupted ingest replaces."""
    folders = [path.name.removeprefix(".").removesuffix(".aside") for path in half_placed.glob(".*.aside")]
    [name, *_] = [name for name in sorted(folders) if (half_placed / name / INCIDENT_FILE).exists()]
    with (half_placed / name / INCIDENT_FILE).open("a") as handle:
        handle.write("# ours\n")
    ingest(prepared / "b", into=half_placed)
    assert (half_placed / name / ".merged" / name / f"{name}.yaml").read_text().endswith("# ours\n")


def test_a_journal_that_does_not_read_is_an_error(prepared: Path, half_placed: Path) -> None:
    """It names the file and what to do."""
    (half_placed / PLACING).write_text("{")
    with pytest.raises(InputError, match=r"placing\.json: is no journal.*new folder"):
        ingest(prepared / "b", into=half_placed)


def test_a_folder_of_people_in_the_way_leaves_all_as_it_was(tmp_path: Path) -> None:
    """Nothing is placed, and nothing is left aside."""
    source = put(tmp_path / "a", {"x": lines([falco(0), falco(9000, "search", "search-api")])})
    into = tmp_path / "in"
    name = ingest(source, into=into, is_dry=True).incidents[-1].id
    put(into / name, {"own": b"1"})
    with pytest.raises(InputError, match="not from an ingest"):
        ingest(source, into=into)
    assert [f"{name}/own"] == list(everything(into))
