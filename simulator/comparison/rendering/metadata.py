"""Writes what Dagster shows of a comparison with a run: plain Markdown, and the charts."""

from __future__ import annotations

import base64

from simulator.comparison.model import Comparison
from simulator.comparison.rendering.charts import chart_svg
from simulator.comparison.rendering.cleaning import cleaned
from simulator.comparison.rendering.markdown import metadata_text


def metadata_markdown(comparison: Comparison) -> str:
    """Headline, weakenings, classes, figures and changed incidents, then the charts."""
    picture = base64.b64encode(chart_svg(comparison).encode()).decode()
    return (
        f"{metadata_text(cleaned(comparison))}\n\n![Changes by class](data:image/svg+xml;base64,{picture})\n"
    )
