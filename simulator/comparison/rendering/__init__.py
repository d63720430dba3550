"""Writes a comparison as text, Markdown, JSON or HTML; what is not ours stays inert in all of them."""

from evidence.errors import InputError
from simulator.comparison.model import Comparison
from simulator.comparison.rendering.charts import chart_svg
from simulator.comparison.rendering.cleaning import cleaned
from simulator.comparison.rendering.json_document import render_json
from simulator.comparison.rendering.markdown import render_markdown
from simulator.comparison.rendering.metadata import metadata_markdown
from simulator.comparison.rendering.page import render_html
from simulator.comparison.rendering.text import Layout, render_text

__all__ = ["FORMATS", "Layout", "chart_svg", "metadata_markdown", "render"]

FORMATS = {"text": render_text, "markdown": render_markdown, "json": render_json, "html": render_html}


def render(comparison: Comparison, output_format: str, layout: Layout | None = None) -> str:
    """The comparison in one of FORMATS, as text in the layout. Raises InputError for another format."""
    if output_format not in FORMATS:
        raise InputError(f"no format {output_format}", remedy=f"Use {', '.join(FORMATS)}")
    made = cleaned(comparison)
    return render_text(made, layout) if output_format == "text" else FORMATS[output_format](made)
