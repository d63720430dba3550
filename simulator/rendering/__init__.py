"""Writes a comparison as text, Markdown, JSON or HTML; what is not ours stays inert in all of them."""

from evidence.errors import InputError
from simulator.comparison_model import Comparison
from simulator.rendering.cleaning import cleaned
from simulator.rendering.json_document import render_json
from simulator.rendering.markdown import render_markdown
from simulator.rendering.text import render_text

__all__ = ["FORMATS", "render"]

FORMATS = {"text": render_text, "markdown": render_markdown, "json": render_json}


def render(comparison: Comparison, output_format: str) -> str:
    """The comparison in one of FORMATS. Raises InputError for another."""
    if output_format not in FORMATS:
        raise InputError(f"no format {output_format}", remedy=f"Use {', '.join(FORMATS)}")
    return FORMATS[output_format](cleaned(comparison))
