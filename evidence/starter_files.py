"""Owns what `evidence run` needs beside incidents, and a newcomer has not: settings and an empty catalogue.

They are written once, where there are none yet, and never touched again: people fill them in.
"""

from __future__ import annotations

from pathlib import Path

from evidence.errors import InputError
from evidence.intake.discovery import find_beside
from evidence.placing import place
from evidence.settings import Settings, load_settings

_FOLDER = Path(__file__).parent / "starter"
SETTINGS = "settings.yaml"
CATALOGUE = "catalog"
STARTER_FILES = {SETTINGS: SETTINGS, CATALOGUE: f"{CATALOGUE}/services.yaml"}
"""What is looked for in the incidents folder or beside it: the file that stands for it where it is not."""


def default_settings() -> Settings:
    """What counts where nobody has written settings: those that `write_starters` would write."""
    return load_settings(_FOLDER / SETTINGS)


def settings_near(folder: Path) -> Settings:
    """The settings in the folder or beside it, else those that `write_starters` would write.

    Raises InputError for settings that are there and do not read.
    """
    try:
        return load_settings(find_beside(folder, SETTINGS))
    except InputError:
        if any((place / SETTINGS).exists() for place in (folder, folder.absolute().parent)):
            raise
        return default_settings()


def write_starters(into: Path) -> list[Path]:
    """Write what is neither in the folder nor beside it, and say what that was."""
    missing = [
        into / file
        for name, file in STARTER_FILES.items()
        if not any(_is_there(root / name) for root in (into, into.absolute().parent))
    ]
    place((path, (_FOLDER / path.name).read_bytes()) for path in missing)
    return missing


def _is_there(path: Path) -> bool:
    """A link that leads nowhere is somebody's, too; a catalogue without a file is none."""
    if path.is_dir():
        return any(path.rglob("*.yaml")) or any(path.rglob("*.yml"))
    return path.exists() or path.is_symlink()
