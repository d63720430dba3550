"""Owns the Spark engine: Spark reads and spreads a history, and every task decides by the same kernel.

Nothing is translated to Spark's SQL. Each bucket of incidents goes to a Python worker as Arrow tables,
where DuckDB runs the very statements that it runs elsewhere. Spark is optional and imported only here.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from evidence.decision import Bundle
from evidence.errors import EvidenceError, InputError
from evidence.tables import arrow_schema
from expectations.tables import TABLES
from simulator.histories.history import INCIDENTS, History, folder_files
from simulator.histories.sights import are_as_stored
from simulator.replays.buckets import BucketReplay, bucket_count_of, buckets_of, put_together
from simulator.replays.runs import Run, runs_of

PARTS_DDL = "bundle int not null, name string not null, content binary not null"
GLOB_LETTERS = "\\{}[]*?"
# Spark tells of failures in exceptions as well, which become errors of ours; its log repeats them at length.
QUIET = """
rootLogger.level = fatal
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n
"""
CAUSES = (": org.apache.spark", "Caused by: org.apache.spark")
SUBMITTED = "PYSPARK_GATEWAY_PORT"  # set by spark-submit, whose configuration then holds


def replay_runs_on_spark(
    history: History,
    folder: Path,
    bundles: Sequence[Bundle],
    incidents: Sequence[str] | None = None,
    *,
    master: str = "local[*]",
    bucket_count: int | None = None,
) -> list[Run]:
    """As `replay_runs` on the history that `open_folder(folder)` gave: the same runs, to the last byte.

    `master` counts where spark-submit has not said one. Raises InputError where pyspark or Java is
    missing, and EvidenceError when Spark breaks off.
    """
    _refuse_unseen(history, folder, bundles)
    count = bucket_count or bucket_count_of(history.incident_count)
    task = BucketReplay(tuple(bundles), history.as_of)
    with _without_pandas_warning(), spark_session(master) as session:
        parts = _parts(session, folder, task, incidents, count)
    runs = runs_of(history, bundles, put_together([parts], len(bundles)), incidents)
    refuse_undecided(runs, history.incident_count if incidents is None else len(set(incidents)))
    return runs


def _refuse_unseen(history: History, folder: Path, bundles: Sequence[Bundle]) -> None:
    """Tasks read the files of the states, and build none."""
    if not are_as_stored(history, bundles):
        raise InputError(
            f"{folder} holds raw records, from which states are built anew; Spark reads them as stored",
            remedy="Leave out --engine spark, or name a folder that `evidence history` wrote",
        )


def refuse_undecided(runs: Sequence[Run], incident_count: int) -> None:
    """Raises EvidenceError when a run lacks incidents: Spark passes over files that it takes for hidden."""
    for run in runs:
        if run.decisions.num_rows != incident_count:
            raise EvidenceError(
                f"Spark decided {run.decisions.num_rows} of {incident_count} incidents",
                remedy="Let no Parquet file of the history begin with '_' or '.', nor change in the meantime",
            )


def _parts(
    session: Any, folder: Path, task: BucketReplay, incidents: Sequence[str] | None, count: int
) -> pa.Table:
    files = folder_files(folder)
    # One shuffle partition to a bucket, more or less; merging them would leave processors idle.
    session.conf.set("spark.sql.shuffle.partitions", str(count))
    session.conf.set("spark.sql.adaptive.coalescePartitions.enabled", "false")
    sides = [
        _bucketed(session, name, paths, incidents, count).groupBy("bucket") for name, paths in files.items()
    ]
    if INCIDENTS in files:
        decided = sides[0].cogroup(sides[1]).applyInArrow(_of_both(task), PARTS_DDL)
    else:
        decided = sides[0].applyInArrow(_of_states(task), PARTS_DDL)
    with _told():
        return decided.toArrow()


def _of_both(task: BucketReplay) -> Any:
    def decide(states: pa.Table, incidents: pa.Table) -> pa.Table:
        return task.parts(states, incidents)

    return decide


def _of_states(task: BucketReplay) -> Any:
    def decide(states: pa.Table) -> pa.Table:
        return task.parts(states, None)

    return decide


def _bucketed(
    session: Any, name: str, paths: Sequence[Path], incidents: Sequence[str] | None, count: int
) -> Any:
    """The rows of a table as Spark reads them, with the bucket of each incident by our own hash."""
    from pyspark.sql.functions import arrow_udf

    def buckets(incident_ids: pa.Array) -> pa.Array:
        return buckets_of(incident_ids, count)

    names = arrow_schema(TABLES[name]).names
    with _told():
        frame = session.read.parquet(*(_location(path) for path in paths)).select(*names)
    if incidents is not None:
        frame = frame.where(frame.incident_id.isin(list(incidents)))
    return frame.withColumn("bucket", arrow_udf(buckets, "int")(frame.incident_id))


def _location(path: Path) -> str:
    """The file as Spark names it; a letter of its name that is special in a pattern means itself."""
    escaped = "".join(f"\\{letter}" if letter in GLOB_LETTERS else letter for letter in str(path.absolute()))
    return f"file://{escaped}"


@contextlib.contextmanager
def spark_session(master: str) -> Iterator[Any]:
    """A Spark session in UTC; a local one writes below a temporary folder, and listens on loopback only.

    Under spark-submit the session is configured by spark-submit, and only what changes results is set.
    """
    builder = _session_builder()
    if SUBMITTED in os.environ:
        with _session(builder) as session:
            yield session
        return
    _refuse_missing_java()
    with (
        tempfile.TemporaryDirectory(prefix="evidence-spark-") as scratch,
        _environment({"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}),
    ):
        log = Path(scratch, "log4j2.properties")
        log.write_text(QUIET, encoding="utf-8")
        for key, value in _local_settings(master, scratch, log).items():
            builder = builder.config(key, value)
        with _session(builder) as session:
            yield session


@contextlib.contextmanager
def _session(builder: Any) -> Iterator[Any]:
    from py4j.protocol import Py4JError

    with _told():
        session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    try:
        yield session
    finally:
        # Where Java has died there is nothing to stop, and what it died of is the error to tell.
        with contextlib.suppress(Py4JError, ConnectionError):
            session.stop()


def _local_settings(master: str, scratch: str, log: Path) -> dict[str, str]:
    return {
        "spark.master": master,
        "spark.app.name": "evidence replay",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",  # the rows are decided in Python workers, not in Java
        "spark.driver.maxResultSize": "0",
        "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={scratch} -Dlog4j2.configurationFile={log}",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": scratch,
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": f"{scratch}/warehouse",
    }


def _session_builder() -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise InputError(
            "--engine spark needs pyspark, which is not installed",
            remedy="Install the extra: pip install 'incident-evidence[spark]'; or use --engine embedded",
        ) from error
    return SparkSession.builder


def _refuse_missing_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if java is None:
        where = f"below JAVA_HOME ({home})" if home else "on the PATH"
        raise InputError(
            f"--engine spark needs Java, and there is none {where}",
            remedy="Install Java 17 or newer, or point JAVA_HOME at it; or use --engine embedded",
        )


@contextlib.contextmanager
def _without_pandas_warning() -> Iterator[None]:
    """Spark warns of a newer pandas than it knows, of which nothing is used here: tables stay Arrow's."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """The variables, while the session lives: Spark reads from nowhere else which Python its workers are."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Turns what Spark raises into an error of ours: its last line, without Java's stack."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise EvidenceError(f"Spark broke the replay off: {reason_of(str(error))}") from error


def reason_of(text: str) -> str:
    """The line that names the error: a task's traceback ends with it, Java's causes begin with it."""
    _, is_traceback, traceback = text.partition("Traceback (most recent call last):")
    if is_traceback:
        # Below the name there may be more, such as the place in a statement.
        named = re.findall(r"^[\w.]+(?:: .*)?$", traceback.partition("\n\tat ")[0], re.MULTILINE)
        return named[-1] if named else "a task failed"
    causes = [line for line in text.splitlines() if line.startswith(CAUSES)]
    return (causes or [*text.splitlines(), "it gives no reason"])[-1 if causes else 0].lstrip(": ")
