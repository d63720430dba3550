"""An incident folder is handed on once, when it is complete."""

from __future__ import annotations

import os
from pathlib import Path

from assets.arrivals import Looks

DECLARED = "id: inc-1\n"


def write(root: Path, name: str, text: str = DECLARED, file: str = "incident.yaml") -> Path:
    """One file of an incident folder."""
    path = root / name / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def look(root: Path, cursor: str) -> tuple[tuple[str, ...], str]:
    """One tick: the folders that are ready, taken as handed on, and the next cursor."""
    ready, looks = Looks.from_cursor(cursor).look(root)
    return ready, looks.with_settled(ready).cursor()


def test_a_folder_is_ready_at_the_second_look(tmp_path: Path) -> None:
    """The first look cannot know whether the copy has ended."""
    write(tmp_path, "inc-1")
    first, cursor = look(tmp_path, "")
    second, cursor = look(tmp_path, cursor)
    third, _ = look(tmp_path, cursor)
    assert [(), ("inc-1",), ()] == [first, second, third]


def test_a_folder_that_grows_waits(tmp_path: Path) -> None:
    """As long as a file is added or grows between two looks, the folder is not ready."""
    write(tmp_path, "inc-1")
    _, cursor = look(tmp_path, "")
    export = write(tmp_path, "inc-1", "[", "export.json")
    added, cursor = look(tmp_path, cursor)
    export.write_text("[]")
    grown, cursor = look(tmp_path, cursor)
    still, _ = look(tmp_path, cursor)
    assert [(), (), ("inc-1",)] == [added, grown, still]


def test_no_folder_is_ready_while_another_grows(tmp_path: Path) -> None:
    """A run would read the half-written one as well; both are handed on together."""
    write(tmp_path, "inc-1")
    _, cursor = look(tmp_path, "")
    export = write(tmp_path, "inc-2").with_name("export.json")
    begun, cursor = look(tmp_path, cursor)
    export.write_text("[")
    grown, cursor = look(tmp_path, cursor)
    still, _ = look(tmp_path, cursor)
    assert [(), (), ("inc-1", "inc-2")] == [begun, grown, still]


def test_links_pipes_and_odd_names_do_not_stop_the_look(tmp_path: Path) -> None:
    """A link that leads nowhere, a pipe, a name that is no text, a folder called incident.yaml."""
    folder = write(tmp_path, "inc-1").parent
    (folder / "link.json").symlink_to("nowhere")
    os.mkfifo(folder / os.fsdecode(b"pipe\xff"))
    (tmp_path / "inc-2" / "incident.yaml").mkdir(parents=True)
    _, cursor = look(tmp_path, "")
    ready, cursor = look(tmp_path, cursor)
    (folder / "link.json").unlink()
    (folder / "link.json").symlink_to("elsewhere")
    changed, _ = look(tmp_path, cursor)
    assert [("inc-1",), ()] == [ready, changed]


def test_a_folder_without_declaration_is_no_incident(tmp_path: Path) -> None:
    """Exports that arrive before `incident.yaml` are not looked at yet."""
    write(tmp_path, "inc-1", "[]", "export.json")
    _, cursor = look(tmp_path, "")
    assert () == look(tmp_path, cursor)[0]


def test_a_folder_that_changes_again_is_handed_on_again(tmp_path: Path) -> None:
    """Late evidence in a known folder is noticed, even with the same size."""
    export = write(tmp_path, "inc-1")
    _, cursor = look(tmp_path, "")
    _, cursor = look(tmp_path, cursor)
    os.utime(export, ns=(1, 1))
    changed, cursor = look(tmp_path, cursor)
    settled, _ = look(tmp_path, cursor)
    assert [(), ("inc-1",)] == [changed, settled]


def test_a_folder_that_goes_is_forgotten(tmp_path: Path) -> None:
    """The cursor does not grow with incidents that are gone."""
    export = write(tmp_path, "deep/inc-1")
    _, cursor = look(tmp_path, "")
    _, cursor = look(tmp_path, cursor)
    export.unlink()
    assert ((), '{"seen": {}, "settled": {}}') == look(tmp_path, cursor)


def test_what_was_ready_but_not_handed_on_stays_ready(tmp_path: Path) -> None:
    """A declaration that does not read is asked about again at every look."""
    write(tmp_path, "inc-1")
    _, looks = Looks().look(tmp_path)
    first, looks = looks.look(tmp_path)
    second, _ = looks.look(tmp_path)
    assert [("inc-1",), ("inc-1",)] == [first, second]
