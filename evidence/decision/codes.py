"""Owns the code of a recommendation: action, mode and the also clauses that apply, in one small integer."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.decision.bundle import Bundle
from evidence.decision.matrix import MODES, Mode, Option, required_approvers

CODE_SIZE = 4096  # every code is smaller: (60 actions * 4 + mode) * 8 + also mask


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What a code stands for; `approvers` are roles, sorted, none when automatic."""

    action: str
    option: Option
    mode: Mode
    approvers: tuple[str, ...]
    is_active: bool
    rung: int


def encode(bundle: Bundle, action: str, mode: Mode, also_mask: int = 0) -> int:
    """The code of a recommendation of `bundle`."""
    return (list(bundle.actions).index(action) * 4 + MODES.index(mode)) * 8 + also_mask


def decode(bundle: Bundle, code: int) -> Recommendation:
    """What `code` stands for in `bundle`."""
    name, mode = list(bundle.actions)[code // 32], MODES[code // 8 % 4]
    action = bundle.actions[name]
    approvers = () if mode is Mode.AUTOMATIC else required_approvers(action, code % 8)
    return Recommendation(name, action.option, mode, approvers, action.is_active, bundle.rung(name))


def is_active_sql(bundle: Bundle, code: str) -> str:
    """SQL: the action of the column `code` changes a running system."""
    listed = ", ".join(str(index) for index, name in enumerate(bundle.actions) if name in bundle.ladder)
    return f"{code} // 32 in ({listed})" if listed else "false"


def is_automatic_sql(code: str) -> str:
    """SQL: the mode of the column `code` is automatic."""
    return f"{code} // 8 % 4 = 0"
