"""The command `evidence compare`: what another playbook would have decided, and what fails a pull request."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.compared_sides import Compared
from pipelines.cli.histories import HistoryChoice, open_chosen
from pipelines.cli.out_files import prepare_out, put_out

if TYPE_CHECKING:
    from simulator.comparison.model import Change, Comparison, StaticWeakening
    from simulator.comparison.rendering import Layout

# What --fail-on may name beside the classes of change.
REGRESSION, DECISION, PATH, COSMETIC = "regression", "decision", "path", "cosmetic"
SAFETY, WEAKENING = "safety-weakening", "approval-weakening"
LOST = "detection-lost"
NAMED_MAX = 5  # incidents named per reason to fail


def print_comparison(
    compared: Compared,
    choice: HistoryChoice,
    *,
    output_format: str,
    out: Path | None,
    fail_on: str | None,
    allowed: Sequence[str],
    is_attributed: bool,
    listed_max: int,
    is_all: bool,
) -> bool:
    """Print or write the comparison; true when it must fail: by what was named, or for an approval."""
    from contextlib import closing

    from simulator.comparison.compare import compare
    from simulator.comparison.rendering import render

    wanted = () if fail_on is None else parse_fail_on(fail_on)
    if out is not None:
        read = (*compared.read(), choice.incidents, choice.history, choice.warehouse)
        prepare_out(out, [folder for folder in read if folder is not None])
    baseline, candidate = compared.sides()
    history = open_chosen(choice, baseline.bundle)
    with closing(history.connection):
        comparison = compare(
            history,
            baseline,
            candidate,
            allowed=allowed,
            is_attributed=is_attributed,
            listed_max=listed_max,
        )
    text = render(comparison, output_format, _layout(is_all=is_all, is_printed=out is None))
    put_out(text, out)
    return _report(list(failures(comparison, wanted)), allowed, comparison)


def _layout(*, is_all: bool, is_printed: bool) -> Layout:
    """As wide as the terminal, and coloured on one that may be; in a file neither."""
    from pipelines.cli.wrapping import WIDTH_MAX, line_width
    from simulator.comparison.rendering import Layout

    is_plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    told = {"told_max": None} if is_all else {}
    return Layout(
        width=line_width() if is_printed else WIDTH_MAX,
        is_coloured=is_printed and sys.stdout.isatty() and not is_plain,
        **told,
    )


def parse_fail_on(text: str) -> tuple[str, ...]:
    """The names in a list with commas. Raises InputError for one that names nothing, and for a list of none.

    An empty list is what an unset variable of a CI job leaves: it would switch the gate off unseen.
    """
    from evidence.errors import InputError
    from simulator.comparison.model import ChangeClass
    from simulator.policies.policy_model import ProposalEffect

    effects = tuple(each.value for each in ProposalEffect)
    known = (*(each.value for each in ChangeClass), REGRESSION, DECISION, PATH, LOST, *effects, SAFETY)
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in known:
            raise InputError(f"--fail-on {name}: there is no such change", remedy=f"Use {', '.join(known)}")
    if not names:
        raise InputError("--fail-on names nothing", remedy=f"Leave it out, or use {', '.join(known)}")
    return names


def failures(comparison: Comparison, wanted: Sequence[str]) -> list[str]:
    """Why the comparison fails, one sentence a reason.

    Approvals and approvers that are given up fail unless allowed by name, safeties where they are wanted. A
    change of class approval-weakening counts unless every clause that is responsible for it is allowed.
    """
    summary = comparison.summary
    let_pass = {each.incident_id for each in comparison.changed if _is_let_pass(each, comparison)}
    counts = {
        **summary.all_classes,
        REGRESSION: summary.labelled_right.lost_count,
        DECISION: summary.decision_count,
        PATH: summary.path_count,
        COSMETIC: summary.cosmetic_count or 0,
    }
    counts[WEAKENING] = counts.get(WEAKENING, 0) - len(let_pass)
    found = [
        _occurs(name, counts[name], comparison, let_pass if name == WEAKENING else ())
        for name in wanted
        if counts.get(name, 0)
    ]
    if COSMETIC in wanted and summary.cosmetic_count is None:
        found.append(f"{COSMETIC}: not looked for in a history of {summary.incident_count} incidents")
    return (
        found
        + _lost(comparison, wanted)
        + _judged(comparison, wanted)
        + [
            _given_up(each)
            for each in comparison.weakenings
            if (each.is_approval or SAFETY in wanted) and not each.is_allowed
        ]
    )


def _lost(comparison: Comparison, wanted: Sequence[str]) -> list[str]:
    """The incidents of type security that the candidate's rules catch no more."""
    from evidence.cut_lists import cut_list

    lost = comparison.detections.incidents_lost if comparison.detections else ()
    if LOST not in wanted or not lost:
        return []
    incidents = "incident" if len(lost) == 1 else "incidents"
    return [f"{LOST}: {len(lost)} {incidents} ({cut_list(lost, NAMED_MAX)})"]


def _judged(comparison: Comparison, wanted: Sequence[str]) -> list[str]:
    """Proposals that all policies together judge otherwise, by effect."""
    from evidence.cut_lists import cut_list
    from simulator.policies.comparing import effect_together

    found = []
    for effect, count in comparison.policies.effects.items() if comparison.policies else ():
        if effect.value in wanted:
            assert comparison.policies is not None
            changes = (each for each in comparison.policies.changes if effect_together(each) is effect)
            named = list(dict.fromkeys(f"{each.incident_id} {each.action}" for each in changes))
            proposals = "proposal" if count == 1 else "proposals"
            found.append(f"{effect.value}: {count} {proposals} ({cut_list(named, NAMED_MAX)})")
    return found


def _is_let_pass(change: Change, comparison: Comparison) -> bool:
    """Whether the change weakens an approval by nothing but clauses that are allowed by name."""
    from simulator.weakening.allowances import TOGETHER

    found = change.responsible
    if found is None or not found.is_exhaustive or not _is_meant(WEAKENING, change):
        return False
    allowed = {part for each in comparison.weakenings if each.is_allowed for part in each.id.split(TOGETHER)}
    return bool(found.minimal_sets) and all(allowed.issuperset(each) for each in found.minimal_sets)


def _occurs(name: str, count: int, comparison: Comparison, let_pass: Collection[str]) -> str:
    """How often, and the first incidents of those that are listed."""
    meant = (each.incident_id for each in comparison.changed if _is_meant(name, each))
    listed = [incident_id for incident_id in meant if incident_id not in let_pass][:NAMED_MAX]
    more = f" and {count - len(listed)} more" if listed and count > len(listed) else ""
    named = f" ({', '.join(listed)}{more})" if listed else ""
    return f"{name}: {count} {'incident' if count == 1 else 'incidents'}{named}"


def _is_meant(name: str, change: Change) -> bool:
    if name == REGRESSION:
        return change.label.value == "regresses"
    return name == change.kind.value or name in {each.value for each in change.classes}


def _given_up(weakening: StaticWeakening) -> str:
    what = weakening.finding.value.replace("-", " ")
    return f"{what}: {weakening.what} (let it pass with --allow {weakening.id})"


def _report(reasons: Sequence[str], allowed: Sequence[str], comparison: Comparison) -> bool:
    from evidence.redaction import make_visible
    from simulator.weakening.allowances import is_allowed

    for reason in reasons:
        sys.stderr.write(f"evidence: fails on {make_visible(reason)}\n")
    for name in sorted(set(allowed)):
        if any(is_allowed(each.id, [name]) for each in comparison.weakenings):
            continue
        sys.stderr.write(f"evidence: --allow {make_visible(name)} names no weakening of this comparison\n")
    return bool(reasons)
