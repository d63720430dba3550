"""Verification proves every claim and file with the standard library alone, and names what does not prove."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence.anchors import canonical_json, manifest_bytes, sha256_of
from evidence.export_files import Kind, path_text, read, walk
from evidence.findings import Finding
from evidence.run_manifests import sealed
from evidence.verify import HANDOFF_INPUTS, HANDOFF_MANIFEST, INPUT_MANIFEST, known_incidents, notes, verify
from evidence.warehouse import Warehouse
from tests.handoff.made import ORPHAN, ROOT, SHELL, handed_over, made

FALCO = f"incidents/{SHELL}/falco.json"


@dataclass(frozen=True)
class Run:
    """The folders of a finished run."""

    root: Path
    warehouse: Path
    out: Path

    def findings(self, incident_id: str | None = None) -> list[Finding]:
        """What does not prove."""
        return verify(self.root, self.warehouse, self.out, incident_id)

    def paths(self, incident_id: str | None = None) -> set[str]:
        """The files that are named."""
        return {finding.path for finding in self.findings(incident_id)}

    def edit(self, path: Path, change: Callable[[bytes], bytes]) -> None:
        """Replace a file's content."""
        path.write_bytes(change(path.read_bytes()))


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Run:
    """A finished run of one's own, to damage."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    return Run(tmp_path / "root", tmp_path / "warehouse", tmp_path / "out")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two incidents as a run leaves them: inputs, kept bytes, packages, published tables, both manifests."""
    folder = tmp_path_factory.mktemp("finished")
    found = Run(folder / "root", folder / "warehouse", folder / "out")
    world = made(found.root)
    for incident_id in (SHELL, ORPHAN):
        (found.root / "incidents" / incident_id / "incident.yaml").write_text(f"id: {incident_id}\n")
    handoffs = handed_over(world)
    warehouse = Warehouse(found.warehouse)
    files = {}
    with warehouse.keeping() as keep_bytes:
        for path in sorted(path for path in found.root.rglob("*") if path.is_file()):
            name = path.relative_to(found.root).as_posix()
            owner = name.split("/")[1] if name.startswith("incidents/") else ""
            files[name] = (owner, keep_bytes(path.read_bytes()))
    (found.warehouse / INPUT_MANIFEST).write_bytes(manifest_bytes(files))
    written = {}
    for name, content in handoffs.files.items():
        (found.out / name).parent.mkdir(parents=True, exist_ok=True)
        (found.out / name).write_bytes(content)
        written[name] = (Path(name).stem, sha256_of(content))
    (found.warehouse / HANDOFF_MANIFEST).write_bytes(manifest_bytes(written))
    (found.warehouse / HANDOFF_INPUTS).write_text("{}")
    (found.warehouse / "runs").mkdir()
    (found.warehouse / "runs" / "000001.json").write_bytes(sealed({"outcome": "succeeded", "threads": 2}))
    warehouse.publish(handoffs.tables)
    return folder


def test_what_a_run_leaves_proves(run: Run) -> None:
    """Nothing is found, for all incidents and for one."""
    assert [] == run.findings()
    assert [] == run.findings(SHELL)


def test_a_flipped_byte_anywhere_in_an_input_names_the_file(run: Run) -> None:
    """Every byte of every input file, claimed or not."""
    for path in sorted(path for path in run.root.rglob("*") if path.is_file()):
        name, content = path.relative_to(run.root).as_posix(), path.read_bytes()
        for at in sorted({0, len(content) // 2, len(content) - 1}):
            flipped = bytearray(content)
            flipped[at] ^= 1
            path.write_bytes(bytes(flipped))
            assert {name} == run.paths(), (name, at)
        path.write_bytes(content)


def test_a_changed_record_names_the_claims_that_rest_on_it(run: Run) -> None:
    """With the claim's number and its incident."""
    run.edit(run.root / FALCO, lambda content: content.replace(b"Critical", b"Critixal"))
    claims = json.loads((run.out / f"handoffs/{SHELL}.json").read_bytes())["claims"]
    expected = [(SHELL, claim["claim"]) for claim in claims if claim["anchor"]["path"] == FALCO]
    [found] = run.findings()
    assert (FALCO, SHELL, len(expected)) == (found.path, found.incident_id, found.claim_count)
    assert expected == [(each.incident_id, each.claim) for each in found.unproven]


def test_a_damaged_kept_copy_is_found_beside_a_good_original(run: Run) -> None:
    """The copy in the warehouse is proved for itself."""
    digest = sha256_of((run.root / FALCO).read_bytes())
    run.edit(run.warehouse / "raw" / digest[:2] / digest, lambda content: content[:-1] + b" ")
    assert {f"raw/{digest[:2]}/{digest}"} == run.paths()


def test_a_missing_kept_copy_is_found(run: Run) -> None:
    """An anchor must resolve in the warehouse."""
    digest = sha256_of((run.root / FALCO).read_bytes())
    (run.warehouse / "raw" / digest[:2] / digest).unlink()
    assert {f"raw/{digest[:2]}/{digest}"} == run.paths()


def test_a_missing_input_is_found(run: Run) -> None:
    """By its path, as missing."""
    (run.root / FALCO).unlink()
    assert [(FALCO, "the file is missing")] == [(each.path, each.what) for each in run.findings()]


def test_an_additional_input_is_found(run: Run) -> None:
    """A file beside the evidence that no table covers, and a whole incident; a README is no evidence."""
    (run.root / "incidents" / SHELL / "more.json").write_text("{}")
    (run.root / "incidents" / SHELL / "README.md").write_text("About this incident")
    (run.root / "incidents" / "inc-3").mkdir()
    (run.root / "incidents" / "inc-3" / "incident.yaml").write_text("id: inc-3\n")
    assert {f"incidents/{SHELL}/more.json", "incidents/inc-3/incident.yaml"} == run.paths()
    assert {f"incidents/{SHELL}/more.json"} == run.paths(SHELL)
    assert set() == run.paths(ORPHAN)


def test_one_incident_is_judged_by_its_own_files(run: Run) -> None:
    """Another's damage does not concern it, the catalogue's does."""
    run.edit(run.root / FALCO, lambda content: content + b" ")
    assert (set(), {FALCO}) == (run.paths(ORPHAN), run.paths(SHELL))
    run.edit(run.root / "catalog" / "report-job.yaml", lambda content: content + b" ")
    assert {"catalog/report-job.yaml"} == run.paths(ORPHAN)


def test_an_incident_without_a_package_is_found(run: Run) -> None:
    """A name that escapes the folder finds nothing either."""
    for name in ("inc-9", "../handoffs/inc-1-shell"):
        assert [Finding(f"handoffs/{name}.json", name, "there is no package")] == run.findings(name)


@pytest.mark.parametrize("end", ["json", "md", "html"])
def test_a_changed_handoff_file_is_found(run: Run, end: str) -> None:
    """Against the digests of the run that wrote it."""
    run.edit(run.out / f"handoffs/{SHELL}.{end}", lambda content: content + b" ")
    assert f"handoffs/{SHELL}.{end}" in run.paths()


def test_missing_and_additional_handoff_files_are_found(run: Run) -> None:
    """Both by name."""
    (run.out / f"handoffs/{ORPHAN}.md").unlink()
    (run.out / "handoffs/inc-9.md").write_text("forged")
    assert {f"handoffs/{ORPHAN}.md", "handoffs/inc-9.md"} == run.paths()


def test_a_changed_sentence_does_not_prove_even_with_a_new_file_digest(run: Run) -> None:
    """The package's own digest covers its claims."""
    path = run.out / f"handoffs/{SHELL}.json"
    run.edit(path, lambda content: content.replace(b"The first signal", b"The last signal!"))
    manifest = json.loads((run.warehouse / HANDOFF_MANIFEST).read_bytes())
    manifest["files"][f"handoffs/{SHELL}.json"]["sha256"] = sha256_of(path.read_bytes())
    (run.warehouse / HANDOFF_MANIFEST).write_text(json.dumps(manifest))
    assert ["the claims are not those that claims_sha256 names"] == [
        finding.what for finding in run.findings()
    ]


def _with_first_anchor(content: bytes, **changes: object) -> bytes:
    package = json.loads(content)
    package["claims"][0]["anchor"].update(changes)
    return json.dumps(package).encode()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"value_sha256": "0" * 64}, "is not what the claim says"),
        ({"record_sha256": "0" * 64}, "are not the record that the claim names"),
        ({"byte_offset": 3}, "are not the record that the claim names"),
        ({"byte_length": 10**9}, "are not the record that the claim names"),
        ({"pointer": "/nowhere"}, "has nothing at the JSON Pointer"),
        ({"path": "incidents/nowhere.json"}, "the file is missing"),
    ],
)
def test_a_forged_anchor_does_not_prove(run: Run, changes: dict[str, object], what: str) -> None:
    """Whichever part of it is forged."""
    run.edit(run.out / f"handoffs/{SHELL}.json", lambda content: _with_first_anchor(content, **changes))
    assert [line for line in map(str, run.findings(SHELL)) if what in line]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"claims": 3, "claims_sha256": ""}', b"\xff"]
)
def test_a_package_that_is_none_is_found_and_does_not_stop_the_rest(run: Run, content: bytes) -> None:
    """One finding about the file; the other package is still proved."""
    run.edit(run.out / f"handoffs/{SHELL}.json", lambda _: content)
    run.edit(
        run.root / "incidents" / ORPHAN / "alert.json", lambda before: before.replace(b"firing", b"fading")
    )
    assert {f"handoffs/{SHELL}.json", f"incidents/{ORPHAN}/alert.json"} == run.paths()


def test_a_changed_table_file_is_found(run: Run) -> None:
    """Its name says what its bytes must be."""
    path = next((run.warehouse / "tables").rglob("*.parquet"))
    run.edit(path, lambda content: content[:-1])
    assert {path.relative_to(run.warehouse).as_posix()} == run.paths()


def test_a_missing_table_file_is_found(run: Run) -> None:
    """published.json names files that must be there."""
    path = next((run.warehouse / "tables").rglob("*.parquet"))
    path.unlink()
    assert [Finding(path.relative_to(run.warehouse).as_posix(), "", "the file is missing")] == run.findings()


@pytest.mark.parametrize("name", [INPUT_MANIFEST, HANDOFF_MANIFEST, "published.json"])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"\xff"])
def test_a_manifest_that_is_missing_or_damaged_is_found(run: Run, name: str, content: bytes | None) -> None:
    """Without it nothing is proved, so that it is a finding and not a pass."""
    if content is None:
        (run.warehouse / name).unlink()
    else:
        (run.warehouse / name).write_bytes(content)
    assert name in run.paths()


@pytest.mark.parametrize("name", [INPUT_MANIFEST, HANDOFF_MANIFEST])
def test_a_manifest_of_another_format_is_found(run: Run, name: str) -> None:
    """It is not read as if it were ours."""
    (run.warehouse / name).write_bytes(b'{"format": 99, "files": {}}')
    found = [finding for finding in run.findings() if finding.path == name]
    assert [Finding(name, "", "is not a manifest of format 1")] == found


def _zipped(run: Run, content: bytes) -> None:
    """Put the first incident's Falco export into a gzip file, in all that names it."""
    zipped = gzip.compress(content, mtime=0)
    old = sha256_of((run.root / FALCO).read_bytes())
    with Warehouse(run.warehouse).keeping() as keep_bytes:
        new = keep_bytes(zipped)
    (run.root / FALCO).write_bytes(zipped)
    for path in (run.warehouse / INPUT_MANIFEST, run.out / f"handoffs/{SHELL}.json"):
        text = json.loads(path.read_bytes())
        if "claims" in text:
            for claim in text["claims"]:
                if claim["anchor"]["path"] == FALCO:
                    claim["anchor"]["file_sha256"] = new
            text["claims_sha256"] = sha256_of(canonical_json(text["claims"]))
        else:
            assert old == text["files"][FALCO]["sha256"]
            text["files"][FALCO]["sha256"] = new
        path.write_text(json.dumps(text))


def test_offsets_in_a_gzip_file_count_in_its_content(run: Run) -> None:
    """The file's digest is of the compressed bytes, the record's of what they hold."""
    _zipped(run, (run.root / FALCO).read_bytes())
    assert {f"handoffs/{SHELL}.json"} == run.paths()  # the package was rewritten here; no claim of it fails
    assert not [finding for finding in run.findings() if finding.unproven]


def test_a_damaged_gzip_file_is_found(run: Run) -> None:
    """Not a crash."""
    _zipped(run, (run.root / FALCO).read_bytes())
    run.edit(run.root / FALCO, lambda content: content[: len(content) // 2])
    assert [
        finding for finding in run.findings() if finding.path == FALCO and "not a whole gzip" in finding.what
    ]


# --- what is no regular file


def _with_odd_files(run: Run) -> Path:
    """The run with a link and a pipe in an incident's folder, recorded as intake records them."""
    folder = run.root / "incidents" / SHELL
    (folder / "link.json").symlink_to("falco.json")
    os.mkfifo(folder / os.fsdecode(b"pipe\xff"))
    manifest = json.loads((run.warehouse / INPUT_MANIFEST).read_bytes())["files"]
    files = {path: (entry["incident_id"], entry["sha256"]) for path, entry in manifest.items()}
    for entry in walk(folder):
        if entry.kind is not Kind.FILE:
            files[path_text(entry.path.relative_to(run.root))] = (SHELL, read(entry.path).sha256)
    (run.warehouse / INPUT_MANIFEST).write_bytes(manifest_bytes(files))
    return folder


def test_links_and_pipes_verify_as_what_they_are(run: Run) -> None:
    """Neither followed nor opened; one that leads elsewhere now, or is gone, is named."""
    folder = _with_odd_files(run)
    assert [] == run.findings()
    (folder / "link.json").unlink()
    (folder / "link.json").symlink_to("other.json")
    (folder / os.fsdecode(b"pipe\xff")).unlink()
    assert {f"incidents/{SHELL}/link.json", rf"incidents/{SHELL}/pipe\xff"} == run.paths()


def test_an_export_in_whose_place_a_pipe_or_link_stands_is_named(run: Run) -> None:
    """At once, without waiting for a writer, and even if the link leads to the same bytes."""
    export = run.root / FALCO
    export.rename(run.root / "moved")
    export.symlink_to(run.root / "moved")
    assert {FALCO} == run.paths()
    export.unlink()
    os.mkfifo(export)
    assert {FALCO} == run.paths()


def test_an_additional_link_is_named_and_a_hidden_file_is_not(run: Run) -> None:
    """Names that begin with a dot are no input: intake does not look at them either."""
    folder = run.root / "incidents" / SHELL
    (folder / ".DS_Store").write_bytes(b"x")
    assert [] == run.findings()
    (folder / "additional.json").symlink_to("nowhere")
    assert {f"incidents/{SHELL}/additional.json"} == run.paths()


# --- the standard library alone


def test_the_verifier_runs_without_any_package_installed(run: Run) -> None:
    """`python -I -S` sees no site-packages; exit code 0, then 1 with the file named, 2 for a wrong call."""
    program = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); "
        "from evidence.verify import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        program,
        str(ROOT),
        str(run.root),
        str(run.warehouse),
        str(run.out),
    ]
    assert 0 == subprocess.run(command, check=False).returncode
    run.edit(run.root / FALCO, lambda content: content + b" ")
    done = subprocess.run([*command, SHELL], check=False, capture_output=True, text=True)
    assert (1, True) == (done.returncode, FALCO in done.stderr)
    assert 2 == subprocess.run(command[:-2], check=False, capture_output=True).returncode
    assert 2 == subprocess.run([*command, "inc-nowhere"], check=False, capture_output=True).returncode


def test_an_edited_list_of_tables_is_found(run: Run) -> None:
    """`published.json` is what `evidence digest` reads, and is held to its own digest."""
    run.edit(
        run.warehouse / "published.json",
        lambda content: content.replace(b'"row_count": ', b'"row_count": 1', 1),
    )
    assert "published.json" in run.paths()


def test_packages_of_other_tables_are_found(run: Run) -> None:
    """A run that was killed while it put its version in place leaves packages that tell of other tables."""
    published = json.loads((run.warehouse / "published.json").read_bytes())
    name, entry = next((name, entry) for name, entry in published.items() if set(entry) == {""})
    (run.warehouse / HANDOFF_INPUTS).write_text(json.dumps({name: entry[""]["digest"]}))
    assert [] == run.findings()
    (run.warehouse / HANDOFF_INPUTS).write_text(json.dumps({name: "0" * 64}))
    [finding] = run.findings()
    assert f"another version of {name}" in finding.what
    (run.warehouse / HANDOFF_INPUTS).write_text("[]")
    assert {HANDOFF_INPUTS} == run.paths()


def test_run_manifests_are_held_to_their_digests(run: Run) -> None:
    """One of an earlier version, which carries none, is a note and no finding."""
    path = run.warehouse / "runs" / "000001.json"
    (run.warehouse / "runs" / "000002.json").write_text('{"code_sha256": "", "outcome": "succeeded"}')
    assert ([], 1) == (run.findings(), len(notes(run.warehouse)))
    run.edit(path, lambda content: content.replace(b"succeeded", b"successes"))
    assert {"runs/000001.json"} == run.paths()


def test_incidents_are_known_by_what_was_read_and_handed_over(run: Run) -> None:
    """So that one whose package is gone is not taken for a slip; a damaged warehouse knows nothing."""
    (run.out / f"handoffs/{SHELL}.json").unlink()
    assert sorted([ORPHAN, SHELL]) == known_incidents(run.warehouse)
    (run.warehouse / HANDOFF_MANIFEST).unlink()
    assert known_incidents(run.warehouse) is None
