"""Takes secrets and invisible characters out of every text of a comparison, before any format sees it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from evidence.redaction import make_visible, redact
from simulator.comparison.model import Comparison

_DIGEST = re.compile(r"[0-9a-f]{64}")
# No control characters, but not allowed in XML either, so that a chart with one would not be drawn.
_NOT_IN_XML = {code: f"⟨U+{code:04X}⟩" for code in (0xFFFE, 0xFFFF)}


def cleaned(comparison: Comparison) -> Comparison:
    """The comparison with each text redacted, on one line, and nothing invisible in it; digests stay."""
    return Comparison.model_validate(_cleaned(comparison.model_dump(mode="json")))


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return _clean(value)
        case dict():
            return {_clean(key): _cleaned(item) for key, item in value.items()}
        case list():
            return [_cleaned(item) for item in value]
    return value


@cache
def _clean(text: str) -> str:
    if _DIGEST.fullmatch(text):
        return text
    return make_visible(redact(text)).translate(_NOT_IN_XML)
