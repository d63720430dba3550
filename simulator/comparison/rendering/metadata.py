"""Writes what Dagster shows of a comparison with a run: the head of the Markdown, and the charts."""

from __future__ import annotations

import base64

from simulator.comparison.model import Comparison
from simulator.comparison.rendering.charts import chart_svg
from simulator.comparison.rendering.cleaning import cleaned
from simulator.comparison.rendering.markdown import metadata_head


def metadata_markdown(comparison: Comparison) -> str:
    """Headline, weakenings, classes and figures, then the charts; the changes themselves are in the files."""
    picture = base64.b64encode(chart_svg(comparison).encode()).decode()
    return (
        f"{metadata_head(cleaned(comparison))}\n\n![Changes by class](data:image/svg+xml;base64,{picture})\n"
    )
