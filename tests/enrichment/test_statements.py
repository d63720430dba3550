"""The statements of the stage, read as text."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from evidence.enrichment import stage
from evidence.enrichment.parameters import Parameters

FOLDER = Path(stage.__file__).parent
TEXTS = {str(path.relative_to(FOLDER)): path.read_text() for path in sorted(FOLDER.rglob("*.sql"))}


def test_every_flag_in_use_is_declared_and_every_declared_one_is_used() -> None:
    """A misspelt flag would be no bit at all."""
    declared = set(
        re.findall(r"'(\w+)'", TEXTS["macros.sql"].partition("list_position([")[2].partition("]")[0])
    )
    used = set()
    for name, text in TEXTS.items():
        if name != "macros.sql":
            used |= set(re.findall(r"flag\('(\w+)'\)", text))
            used |= set(re.findall(r"flag_if\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*?,\s*'(\w+)'\s*\)", text))
            used |= set(re.findall(r"has_flag\(flags, '(\w+)'\)", text))
            for pair in re.findall(r"yes_no\(flags, '(\w+)', '(\w+)'\)", text):
                used |= set(pair)
    assert used == declared


def test_every_parameter_is_bound_by_name() -> None:
    """Statements name only parameters that exist, and each parameter is named somewhere."""
    named = {name for text in TEXTS.values() for name in re.findall(r"\$([a-z_]+)", text)}
    assert named == {field.name for field in fields(Parameters)}


def test_every_statement_is_run() -> None:
    """No statement lies beside the stage without being part of it."""
    supports = {"layer_witnesses", "event_supports", "catalogue_supports", "seen_places"}
    run = {*stage.STATEMENTS, *stage.PUBLISHED, *supports, "macros"}
    assert {name.removesuffix(".sql") for name in TEXTS} == run


def test_every_statement_says_what_a_row_is() -> None:
    """Each file begins with a comment."""
    assert [name for name, text in TEXTS.items() if not text.startswith("-- ")] == []
