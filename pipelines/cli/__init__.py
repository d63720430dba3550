"""The command line `evidence`."""

from pipelines.cli.app import app

__all__ = ["app"]
