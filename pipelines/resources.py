"""The folders that `dagster dev` works in: below the current folder, or where EVIDENCE_* variables say."""

from __future__ import annotations

import os

from assets.folders import Folders
from pipelines.default_folders import incidents_folder


def folders_of_environment() -> Folders:
    """The defaults of the command line, each replaced by its variable when that is set."""
    defaults = Folders()
    return Folders(
        incidents=os.environ.get("EVIDENCE_INCIDENTS") or str(incidents_folder()),
        warehouse=os.environ.get("EVIDENCE_WAREHOUSE", defaults.warehouse),
        out=os.environ.get("EVIDENCE_OUT", defaults.out),
        playbooks=os.environ.get("EVIDENCE_PLAYBOOKS", defaults.playbooks),
        threads=int(os.environ.get("EVIDENCE_THREADS", str(defaults.threads))),
    )
