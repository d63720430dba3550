"""Words single changes: both decisions side by side, one sentence a class, and where the two parted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evidence.decision import Bundle
from evidence.decision.matrix import MODES
from evidence.times import NS_PER_SECOND, format_rfc3339
from simulator.comparison.demands import DENIED
from simulator.comparison.model import ChangeClass, Decided, Parting

Row = Mapping[str, Any]

# What else is said about a decision: a change in one of these alone is cosmetic.
COSMETIC_FIELDS = (
    "option",
    "basis",
    "target",
    "disposition",
    "approver_contacts",
    "severity",
    "confidence",
    "impact",
    "effect_points",
    "matched_rules",
    "reasons",
    "mode_reasons",
    "missing_context",
    "unknowns",
    "preferred_action",
)


def decided_of(row: Row) -> Decided:
    """A row of `decision.decisions` as one side of a change."""
    fields = {name: row[name] for name in Decided.model_fields if name in row}
    return Decided(**{**fields, "decided_at": format_rfc3339(row["decided_at"])})


def cosmetic_differences(baseline: Row, candidate: Row) -> tuple[str, ...]:
    """Fields of the two rows that differ although the decision is the same."""
    return tuple(name for name in COSMETIC_FIELDS if baseline[name] != candidate[name])


def reasons(
    classes: Sequence[ChangeClass],
    bundles: tuple[Bundle, Bundle],
    rows: tuple[Row, Row],
    demanded: Row,
    denying: Sequence[str] = (),
) -> tuple[str, ...]:
    """One sentence per class. `rows` are of `decision.decisions`, `demanded` of the classes' table.

    `denying` are the candidate's policies that deny what it would have chosen.
    """
    return tuple(_reason(each, bundles, rows, demanded, denying) for each in classes)


def _reason(
    each: ChangeClass,
    bundles: tuple[Bundle, Bundle],
    rows: tuple[Row, Row],
    demanded: Row,
    denying: Sequence[str],
) -> str:
    baseline, candidate = rows
    action = candidate["action"]
    match each:
        case ChangeClass.APPROVAL_WEAKENING | ChangeClass.APPROVAL_STRENGTHENING:
            asks = _approval(candidate["mode"], candidate["approvers"])
            return (
                f"For {action} in that state the baseline demands {_demand(demanded)};"
                f" the candidate demands {asks}."
            )
        case ChangeClass.RISKIER | ChangeClass.SAFER | ChangeClass.LATERAL:
            return f"{_reach(bundles[0], baseline['action'])} before, {_reach(bundles[1], action)} now."
        case ChangeClass.ABORTED_BY_POLICY:
            named = f"policy {denying[0]}" if len(denying) == 1 else f"policies {' and '.join(denying)}"
            denies = f"{named} {'denies' if len(denying) == 1 else 'deny'}" if denying else "policy denies"
            return f"{candidate['preferred_action']} would have been chosen, but {denies} it."
        case ChangeClass.TIMING:
            return f"Decided {_shift(candidate['decided_at'] - baseline['decided_at'])}."
        case ChangeClass.COSMETIC:
            other = _listed(cosmetic_differences(baseline, candidate))
            return f"The same decision; other {other}{_redirected(baseline, candidate)}."


def _redirected(baseline: Row, candidate: Row) -> str:
    """Whom each role is asked at, where that differs; the roles of the same decision are the same."""
    contacts = zip(
        candidate["approvers"], baseline["approver_contacts"], candidate["approver_contacts"], strict=True
    )
    moved = [f"{role}: {old} → {new}" for role, old, new in contacts if old != new]
    return f" ({'; '.join(moved)})" if moved else ""


def _demand(demanded: Row) -> str:
    if demanded["demanded_mode"] == DENIED:
        return "that it is not done at all: policy denies it even with approval"
    return _approval(MODES[demanded["demanded_mode"]], demanded["demanded_approvers"])


def _approval(mode: str, approvers: Sequence[str]) -> str:
    roles = ", ".join(approvers) or "nobody in particular"
    words = {
        "automatic": "nothing",
        "policy_gated": f"a policy check ({roles})",
        "approval_required": f"approval by {roles}",
    }
    return words[mode]


def _reach(bundle: Bundle, name: str) -> str:
    action = bundle.actions[name]
    if not action.is_active:
        return f"{name} (changes nothing)"
    return f"{name} (reaches {action.scope.value}, {action.undo.value})"


def _shift(nanoseconds: int) -> str:
    seconds = abs(nanoseconds) // NS_PER_SECOND
    how_long = f"{seconds} s" if seconds else "less than a second"
    return f"{how_long} {'earlier' if nanoseconds < 0 else 'later'}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


def parting_of(baseline: Sequence[Row], candidate: Sequence[Row]) -> Parting | None:
    """The first time at which two paths (rows of `decision.recommendations`, by moment) differ.

    A path is a step function of time: its moments are numbered by its own bundle's ticks, so that only
    the times of two paths can be compared.
    """
    for known_at, first, second in _steps(baseline, candidate):
        if first is None or second is None or _recommended(first) != _recommended(second):
            return _parting(known_at, first, second)
    return None


def is_path_changed(baseline: Sequence[Row], candidate: Sequence[Row]) -> bool:
    """Whether the two recommend otherwise at any time up to the horizon."""
    parting = parting_of(
        [row for row in baseline if not row["is_hindsight"]],
        [row for row in candidate if not row["is_hindsight"]],
    )
    return parting is not None


def _steps(baseline: Sequence[Row], candidate: Sequence[Row]) -> Iterator[tuple[int, Row | None, Row | None]]:
    """Both recommendations at every time at which either changes; None before the first."""
    for known_at in sorted({row["known_at"] for row in (*baseline, *candidate)}):
        yield known_at, _holding(baseline, known_at), _holding(candidate, known_at)


def _holding(path: Sequence[Row], known_at: int) -> Row | None:
    return next((row for row in reversed(path) if row["known_at"] <= known_at), None)


def _recommended(row: Row) -> tuple[str, str, tuple[str, ...]]:
    return row["action"], row["mode"], tuple(row["approvers"])


def _parting(known_at: int, first: Row | None, second: Row | None) -> Parting:
    rows = [row for row in (first, second) if row is not None]
    return Parting(
        known_at=format_rfc3339(known_at),
        baseline_action=first["action"] if first else None,
        baseline_mode=first["mode"] if first else None,
        baseline_approvers=tuple(first["approvers"]) if first else (),
        candidate_action=second["action"] if second else None,
        candidate_mode=second["mode"] if second else None,
        candidate_approvers=tuple(second["approvers"]) if second else (),
        is_hindsight=any(row["is_hindsight"] and row["known_at"] == known_at for row in rows),
    )
