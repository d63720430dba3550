"""Owns `make dev` as started for real, on a free port, and what is asked of its GraphQL."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from projects import ROOT, Project, until

from evidence.warehouse import Warehouse

START_SECONDS_MAX = 90
STOP_SECONDS_MAX = 10

LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
RUNS = "{ runsOrError { ... on Runs { results { runId status jobName } } } }"
STALE = "{ assetNodes { assetKey { path } staleStatus } }"
SCHEDULES = """
{ repositoriesOrError { ... on RepositoryConnection { nodes {
  schedules { name cronSchedule executionTimezone } sensors { name sensorState { status } } jobs { name }
} } } }
"""


class Dev:
    """A running `dagster dev` and its GraphQL."""

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"

    def ask(self, query: str, **variables: Any) -> Any:
        """The data that the query gives."""
        request = urllib.request.Request(
            f"{self.address}/graphql",
            data=json.dumps({"query": query, "variables": variables}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def is_loaded(self) -> bool:
        """Whether it answers and has loaded our code."""
        try:
            nodes = self.ask(SCHEDULES)["repositoriesOrError"]["nodes"]
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return any(job["name"] == "materialise_everything" for node in nodes for job in node["jobs"])

    def status(self, run_id: str) -> str:
        """The status of one run."""
        runs = self.ask(RUNS)["runsOrError"]["results"]
        return next(str(run["status"]) for run in runs if run["runId"] == run_id)

    def stale(self) -> set[str]:
        """What the graph shows as made from something that has changed since."""
        nodes = self.ask(STALE)["assetNodes"]
        return {".".join(node["assetKey"]["path"]) for node in nodes if node["staleStatus"] == "STALE"}

    def launch(self) -> str:
        """Launch the job and return the run's id."""
        selector = {
            "repositoryLocationName": "evidence",
            "repositoryName": "__repository__",
            "jobName": "materialise_everything",
        }
        answer = self.ask(LAUNCH, params={"selector": selector, "runConfigData": {}, "mode": "default"})
        assert "LaunchRunSuccess" == answer["launchRun"]["__typename"], answer
        return str(answer["launchRun"]["run"]["runId"])


def workspace_of(built: Project, folder: Path) -> Project:
    """A folder of its own in which everything has been built once, with its history and its incidents."""
    shutil.copytree(built.folder, folder)
    shutil.copytree(ROOT / "fixtures", folder / "fixtures")
    shutil.copytree(ROOT / "playbooks", folder / "playbooks")
    Warehouse(folder / "warehouse").publish({})  # the catalogue names files by where they lie
    return Project(folder, folder / "fixtures", folder / "playbooks")


@contextlib.contextmanager
def running(workspace: Project) -> Iterator[Dev]:
    """`make dev` in that folder, without any environment variable, on a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DAGSTER", "EVIDENCE", "MAKE", "MFLAGS"))
    }
    # The set-up is there already; the rest is what a user gets.
    make = ["make", "-f", str(ROOT / "Makefile"), "-o", "setup", f"BIN={Path(sys.executable).parent}"]
    log = (workspace.folder / "dev.log").open("w")
    process = subprocess.Popen(
        [*make, "dev", f"PORT={port}"],
        cwd=workspace.folder,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    found = Dev(port)
    try:
        until(
            lambda: process.poll() is not None or found.is_loaded(),
            START_SECONDS_MAX,
            "dagster dev is up",
            every=0.5,
        )
        assert process.poll() is None, (workspace.folder / "dev.log").read_text()
        yield found
    finally:
        _stop(process)
        log.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End it and its services as Ctrl-C does; whatever of its session is left after that is killed."""
    os.killpg(process.pid, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS_MAX)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
