"""The handoff stage: a ticket-ready package per incident, with an evidence anchor on every claim."""

from evidence.handoff.metadata import metadata_markdown
from evidence.handoff.stage import Handoffs, build

__all__ = ["Handoffs", "build", "metadata_markdown"]
