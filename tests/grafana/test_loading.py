"""The load script: whatever texts hold, they stay texts, and the same tables give the same bytes."""

from __future__ import annotations

import re

import pytest
import sqlglot

from evidence.errors import WarehouseError
from evidence.grafana import grafana_files
from evidence.grafana.literals import literal, text_literal
from tests.grafana.hostile import HOSTILE, hostile_tables

_STATEMENTS = ("BEGIN", "SET", "CREATE", "DROP", "INSERT", "COMMENT", "COMMIT")


@pytest.fixture(scope="module")
def script(opened_tables) -> str:  # type: ignore[no-untyped-def]
    return grafana_files(opened_tables(hostile_tables()))["kpis.sql"].decode()


def test_a_script_is_printable_ascii_on_lines_of_ours(script: str) -> None:
    """No byte that a terminal or an encoding could take otherwise, no line that begins a command of psql."""
    assert re.fullmatch(r"[ -~\n]*", script)
    begins = {re.match(r"[^ (]*", line)[0] for line in script.splitlines()}  # type: ignore[index]
    assert begins <= {
        "",
        "--",
        "begin;",
        "set",
        "create",
        "drop",
        "insert",
        ");",
        "comment",
        "commit;",
        "language",
        "as",
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_ends_where_its_literal_ends(text: str) -> None:
    """Read back by PostgreSQL's rules for quotes and escapes, it is the text."""
    written = text_literal(text)
    body = written.removeprefix("E").removeprefix("'").removesuffix("'")
    assert "'" not in body.replace("''", "")
    assert ("\\" in body) == written.startswith("E'")
    unescaped = re.sub(
        r"\\\\|''|\\u([0-9a-f]{4})|\\U([0-9a-f]{8})",
        lambda found: chr(int(found[1] or found[2], 16)) if found[1] or found[2] else found[0][0],
        body,
    )
    assert text == unescaped


def test_what_postgresql_cannot_keep_is_shown() -> None:
    """It has no NUL in a text."""
    assert "E'a\\u27e8U+0000\\u27e9b'" == text_literal("a\0b")


@pytest.mark.parametrize(
    ("value", "type_name", "expected"),
    [
        (None, "text[]", "null"),
        ([], "text[]", "array[]::text[]"),
        (["a", None, "b'c"], "text[]", "array['a', null, 'b''c']::text[]"),
        (-(2**63), "bigint", "-9223372036854775808"),
        (True, "boolean", "true"),
        (False, "boolean", "false"),
        (1_767_225_600_123_456_789, "timestamptz", "'2026-01-01T00:00:00.123456Z'"),
        (-1, "timestamptz", "'1969-12-31T23:59:59.999999Z'"),
    ],
)
def test_every_type_has_its_literal(value: object, type_name: str, expected: str) -> None:
    """Integers stay whole, times are cut to microseconds, lists keep what is not known."""
    assert expected == literal(value, type_name)


def test_only_tables_of_the_schema_are_touched(script: str) -> None:
    """Every statement is one of ours, and names nothing outside."""
    # A check of shape: hostile texts would show as further statements.
    kinds = {re.match(r"[a-z]+", each.strip())[0] for each in _split(script)}  # type: ignore[index]
    assert kinds <= {each.lower() for each in _STATEMENTS}
    named = set(re.findall(r"^(?:create|drop) (?:table|schema)(?: if (?:not )?exists)? (\S+)", script, re.M))
    assert {each.rstrip(";").partition(".")[0] for each in named} == {"evidence_kpis"}


def _split(script: str) -> list[str]:
    bare = re.sub(r"^--.*$", "", script, flags=re.M)
    tokens = sqlglot.tokenize(bare, read="postgres")
    ends = [token.end for token in tokens if token.text == ";" and token.token_type.name == "SEMICOLON"]
    starts = [0, *(end + 1 for end in ends[:-1])]
    return [bare[start:end] for start, end in zip(starts, ends, strict=True)]


def test_the_same_tables_give_the_same_bytes(opened_tables) -> None:  # type: ignore[no-untyped-def]
    """No clock, no chance, whatever the number of threads."""
    first, second = opened_tables(hostile_tables()), opened_tables(hostile_tables())
    second.execute("set threads = 4").fetchall()
    assert grafana_files(first) == grafana_files(second)


def test_secrets_in_titles_are_taken_out(opened_tables) -> None:  # type: ignore[no-untyped-def]
    """A title is what people paste things into."""
    tables = hostile_tables()
    tables["intake.incidents"][0]["title"] = "password=hunter2hunter2 leaked"
    script = grafana_files(opened_tables(tables))["kpis.sql"].decode()
    assert "hunter2" not in script


def test_tables_of_another_version_are_refused(opened_tables) -> None:  # type: ignore[no-untyped-def]
    """The message names table and column, and what to do."""
    connection = opened_tables({})
    connection.execute(
        "create or replace view kpis.learning as select * exclude (logs_url) from arrow_kpis_learning"
    ).fetchall()
    with pytest.raises(
        WarehouseError, match=r"kpis\.learning has no column logs_url.*Run `evidence run` again"
    ):
        grafana_files(connection)


def test_no_incident_makes_empty_tables(opened_tables) -> None:  # type: ignore[no-untyped-def]
    """The tables are there, with nothing in them."""
    script = grafana_files(opened_tables({}))["kpis.sql"].decode()
    assert "create table evidence_kpis.incidents (" in script
    assert "insert into" not in script
