"""The house style, where a linter does not know it."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("assets", "evidence", "expectations", "pipelines", "simulator")
LINE_COUNT_MAX = 400

# Vague names, each with what to write instead.
BANNED_MODULES = {
    "utils": "name the module for what it holds",
    "helpers": "name the module for what it holds",
    "common": "name the module for what it holds",
    "manager": "name the class for what it is",
    "misc": "name the module for what it holds",
}
# Not deterministic, and so not allowed where decisions are made.
BANNED_CALLS = {
    "now": "pass the time in",
    "utcnow": "pass the time in",
    "time.time": "pass the time in",
    "random": "pass a seeded order in",
    "uuid4": "derive the id from content",
    "uuid1": "derive the id from content",
}
NONDETERMINISTIC_SQL = re.compile(
    r"\b(any_value|now|current_timestamp|current_date|random|uuid|gen_random_uuid)\s*\(", re.IGNORECASE
)


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def test_every_test_states_its_fact() -> None:
    """Every test function has a docstring of one sentence."""
    bare = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in python_files("tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert bare == []


def test_no_module_has_a_vague_name() -> None:
    """No module is called utils, helpers, common or the like."""
    vague = [str(path) for path in python_files(*ROOMS) if path.stem in BANNED_MODULES]
    assert vague == []


def test_every_file_fits_on_a_few_screens() -> None:
    """No Python or SQL file of ours is longer than the limit."""
    files = [
        *python_files(*ROOMS, "tests"),
        *(path for room in ROOMS for path in (ROOT / room).rglob("*.sql")),
    ]
    long = {
        str(path.relative_to(ROOT)): count
        for path in files
        if (count := len(path.read_text().splitlines())) > LINE_COUNT_MAX
    }
    assert long == {}


@functools.cache
def calls(path: Path) -> tuple[tuple[int, str], ...]:
    """Line and name of every call in the file, read once for all that is banned."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return tuple((node.lineno, ast.unparse(node.func)) for node in nodes if isinstance(node, ast.Call))


@pytest.mark.parametrize("banned", sorted(BANNED_CALLS))
def test_deciding_code_is_deterministic(banned: str) -> None:
    """Neither clock nor randomness is called in evidence, expectations or simulator."""
    found = [
        f"{path.relative_to(ROOT)}:{line} calls {name}: {BANNED_CALLS[banned]}"
        for path in python_files("evidence", "expectations", "simulator")
        for line, name in calls(path)
        if name == banned or name.endswith(f".{banned}") or name.startswith(f"{banned}.")
    ]
    assert found == []


def test_deciding_sql_is_deterministic() -> None:
    """No SQL of ours calls a clock, a random function or an aggregate that depends on row order."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in sorted((ROOT / "evidence").rglob("*.sql"))
        for match in NONDETERMINISTIC_SQL.finditer(path.read_text())
    ]
    assert found == []
