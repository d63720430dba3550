"""Writes docs/reference/rego.md: built-ins allowed and refused, and what is known to differ from OPA."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evidence.decision.rego.builtins import ALIKE, ASCII_ALONE, OPERATORS, why_refused
from evidence.decision.rego.source import LENGTH_MAX, NESTING_MAX, OPERATORS_MAX
from tests.decision.opa_builtins import OPA_BUILTINS

HERE = Path(__file__).parent
ANSWERS = HERE.parent / "decision" / "opa_answers.json"


def rego_page() -> str:
    """The page, with the tables and limits of the load check."""
    answers = json.loads(ANSWERS.read_text(encoding="utf-8"))
    refused = sorted(name for name in OPA_BUILTINS - OPERATORS if why_refused(name))
    return (
        (HERE / "rego_page.md")
        .read_text(encoding="utf-8")
        .format(
            alike=", ".join(f"`{name}`" for name in sorted(ALIKE)),
            ascii=" and ".join(f"`{name}`" for name in sorted(ASCII_ALONE)),
            nesting=NESTING_MAX,
            operators=OPERATORS_MAX,
            length=f"{LENGTH_MAX:,}",
            refused="\n".join(f"| `{name}` | {why_refused(name)} |" for name in refused),
            count=len(answers["same"]) + len(answers["gaps"]),
            same=len(answers["same"]),
            made_with=answers["made_with"],
            gaps="\n".join(map(_gap, answers["gaps"])),
        )
    )


def _gap(gap: dict[str, Any]) -> str:
    return f"| {_code(gap['module'])} | {_answer(gap['opa'])} | {_answer(gap['here'])} |"


def _answer(answer: dict[str, Any]) -> str:
    if "value" in answer:
        return _code(json.dumps(answer["value"], ensure_ascii=False))
    return "undefined" if "undefined" in answer else "error"


def _code(text: str) -> str:
    return f"`{text}`".replace("\n", " ⏎ ").replace("|", "\\|")
