"""`evidence replay --engine spark` says what it lacks, with or without Spark and Java."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evidence.errors import InputError
from pipelines.cli import app
from simulator.replays.spark import reason_of, spark_session


def told(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["replay", "--engine", "spark", *arguments])
    return result.exit_code, result.stderr


def test_spark_reads_folders_only() -> None:
    """Without --history the command says how to make one."""
    code, said = told()
    assert 2 == code
    assert "--engine spark reads a folder of Parquet files" in said
    assert "evidence history FOLDER" in said


def test_faults_are_injected_in_this_process() -> None:
    """--faults and --engine spark are refused together."""
    assert (
        2,
        "evidence: --faults alters evidence in this process. Leave out --engine or --faults\n",
    ) == told("--history", "copy", "--faults", "1")


def test_a_missing_pyspark_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what to install, and the engine that needs nothing."""
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with (
        pytest.raises(InputError, match=r"needs pyspark.*incident-evidence\[spark\].*--engine embedded"),
        spark_session("local[1]"),
    ):
        pass


@pytest.mark.parametrize("has_home", [True, False], ids=["JAVA_HOME", "PATH"])
def test_a_missing_java_is_told_before_spark_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_home: bool
) -> None:
    """Where Java was looked for is in the message, and nothing in the environment has changed."""
    pytest.importorskip("pyspark", reason="needs pyspark: pip install -e '.[spark]'")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path)) if has_home else monkeypatch.delenv(
        "JAVA_HOME", raising=False
    )
    before = dict(os.environ)
    where = "below JAVA_HOME" if has_home else "on the PATH"
    with pytest.raises(InputError, match=f"needs Java, and there is none {where}"), spark_session("local[1]"):
        pass
    assert before == dict(os.environ)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            'org.apache.spark.api.python.PythonException: Traceback (most recent call last):\n  File "a.py"\n'
            "    run()\nduckdb.BinderException: Binder Error: no column\n\nLINE 1: select a\n    ^\n"
            "\tat org.apache.spark.Runner\nCaused by: java.io.EOFException",
            "duckdb.BinderException: Binder Error: no column",
        ),
        (
            "An error occurred while calling o1.getResult.\n: org.apache.spark.SparkException: awaits\n\tat a"
            "\n"
            "Caused by: org.apache.spark.SparkException: Python worker exited\n\tat b\n"
            "Caused by: java.io.EOFException",
            "Caused by: org.apache.spark.SparkException: Python worker exited",
        ),
        ("[JAVA_GATEWAY_EXITED] Java exited.", "[JAVA_GATEWAY_EXITED] Java exited."),
        ("", "it gives no reason"),
    ],
    ids=["a task", "Java", "no session", "nothing"],
)
def test_what_spark_raises_is_told_by_the_line_that_names_it(text: str, reason: str) -> None:
    """The task's own error where there is one, else the last cause that is Spark's, else the first line."""
    assert reason == reason_of(text)
