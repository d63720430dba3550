"""Writes a comparison as one self-contained HTML page: no script, no request, for screen, phone and print."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from evidence.handoff.page import csp_hash, style_sheet
from evidence.handoff.words import counted, role_words, source_name
from evidence.redaction import shown
from simulator.comparison.model import ChangeClass, ChangeKind, ClauseEvidence, Comparison
from simulator.comparison.rendering import policy_words
from simulator.comparison.rendering.change_words import (
    by_gravity,
    label_words,
    marks,
    necessary_clauses,
    parting_sentence,
    regressions,
    responsible_sentence,
    verdict_sentence,
)
from simulator.comparison.rendering.charts import (
    TEMPLATES,
    WIDTH,
    bars_of,
    chart_style,
    environment,
    times_of,
)
from simulator.comparison.rendering.detection_words import (
    by_gravity as incidents_by_gravity,
)
from simulator.comparison.rendering.detection_words import (
    catch_sentence,
    catch_words,
    count_words,
    effect_words,
    gained_sentence,
    hits_words,
    is_attack,
    is_grave,
    level_sentence,
    lost_sentence,
    more_words,
    newest,
    noise_sentence,
    outcome_words,
    rule_level,
    rule_place,
    rules_by_effect,
    rules_sentence,
    signal_lines,
    time_words,
)
from simulator.comparison.rendering.identifiers import html
from simulator.comparison.rendering.rows import change_rows, figures, glance_rows, grade_row
from simulator.comparison.rendering.wording import (
    CLASS_MEANINGS,
    allowed_weakenings,
    clause_sentence,
    headline,
    history_words,
    is_same_bundle,
    label_sentence,
    listing_sentence,
    moved_loads,
    other_loads,
    responsible_counts,
    sides,
    silence_sentence,
    time_sentence,
    undecided_words,
    weakening_groups,
)


def render_html(comparison: Comparison) -> str:
    """The page. Every value is escaped; the policy in its head lets in its own style sheet alone."""
    style = style_sheet() + chart_style() + _own_style()
    template = _environment().get_template("comparison.html.j2")
    return template.render(**_values(comparison), style=Markup(style), style_hash=csp_hash(style)) + "\n"


@cache
def _own_style() -> str:
    return (TEMPLATES / "comparison.css").read_text(encoding="utf-8")


def _values(comparison: Comparison) -> dict[str, Any]:
    changed = comparison.changed
    return {
        "comparison": comparison,
        "sides": sides(comparison),
        "summary": comparison.summary,
        "detections": comparison.detections,
        "judged": comparison.policies,
        "bars": bars_of(comparison),
        "times": times_of(comparison),
        "width": WIDTH,
        "classes": _classes(comparison),
        "decisions": by_gravity(changed, ChangeKind.DECISION),
        "paths": by_gravity(changed, ChangeKind.PATH),
        "cosmetics": by_gravity(changed, ChangeKind.COSMETIC),
        "regressions": regressions(changed),
        "groups": weakening_groups(comparison),
        "allowed": allowed_weakenings(comparison),
        "figures": figures(comparison.summary),
        "clauses": {clause.id: clause for clause in comparison.clauses},
        "clause_counts": responsible_counts(changed),
        "is_same_bundle": is_same_bundle(comparison),
    }


def _classes(comparison: Comparison) -> list[tuple[str, int, str]]:
    """Classes that name a changed decision, gravest first: name, incidents, meaning."""
    counts = comparison.summary.classes
    return [
        (each.value, counts[each.value], CLASS_MEANINGS[each])
        for each in ChangeClass
        if counts.get(each.value) and each is not ChangeClass.COSMETIC
    ]


_DETECTION_WORDS = {
    "catch_sentence": catch_sentence,
    "catch_words": catch_words,
    "count_words": count_words,
    "effect_words": effect_words,
    "gained_sentence": gained_sentence,
    "hits_words": hits_words,
    "incidents_by_gravity": incidents_by_gravity,
    "is_attack": is_attack,
    "is_grave": is_grave,
    "level_sentence": level_sentence,
    "lost_sentence": lost_sentence,
    "more_words": more_words,
    "newest": newest,
    "noise_sentence": noise_sentence,
    "outcome_words": outcome_words,
    "rule_level": rule_level,
    "rule_place": rule_place,
    "rules_by_effect": rules_by_effect,
    "rules_sentence": rules_sentence,
    "signal_lines": signal_lines,
    "time_words": time_words,
}


@cache
def _environment() -> Environment:
    page = environment().overlay()
    page.filters = page.filters | {
        "told": _told,
        "cut": lambda text, length: shown(text, length),
        "words": role_words,
        "source": source_name,
        "percent": _percent,
        "clock": lambda moment: moment[11:19],
    }
    page.globals = page.globals | _DETECTION_WORDS
    page.globals = page.globals | {
        "change_rows": change_rows,
        "clause_sentence": clause_sentence,
        "counted": counted,
        "effects_sentence": policy_words.effects_sentence,
        "input_words": policy_words.input_words,
        "policy_verdict_words": policy_words.verdict_words,
        "policy_words": policy_words.policy_words,
        "proposals_by_weight": policy_words.by_weight,
        "record_words": policy_words.record_words,
        "recorded_lines": policy_words.recorded_lines,
        "recorded_sentence": policy_words.recorded_sentence,
        "said_words": policy_words.said_words,
        "together_words": policy_words.together_words,
        "unproposed_sentence": policy_words.unproposed_sentence,
        "when_words": policy_words.when_words,
        "glance_rows": glance_rows,
        "grade_row": grade_row,
        "headline": headline,
        "history_words": history_words,
        "label_sentence": label_sentence,
        "label_words": label_words,
        "listing_sentence": listing_sentence,
        "marks": marks,
        "moved_loads": moved_loads,
        "other_loads": other_loads,
        "necessary_clauses": necessary_clauses,
        "parting_sentence": parting_sentence,
        "records": _records,
        "responsible_sentence": responsible_sentence,
        "silence_sentence": silence_sentence,
        "time_sentence": time_sentence,
        "undecided_words": undecided_words,
        "verdict_sentence": verdict_sentence,
    }
    return page


def _told(sentence: str, length_max: int = 600) -> Markup:
    return html(shown(sentence, length_max))


def _percent(points: Decimal) -> str:
    """Percentage points from -100 to 100 as a place on a line from 0 to 200."""
    return f"{min(Decimal(200), max(Decimal(0), points + 100)):f}"


def _records(evidence: Iterable[ClauseEvidence]) -> list[tuple[ClauseEvidence, list[str]]]:
    """Each record and field once, with the clauses and columns that it stands behind."""
    found: dict[tuple[str, int, str], tuple[ClauseEvidence, list[str]]] = {}
    for each in evidence:
        key = (each.anchor.path, each.anchor.ordinal, each.anchor.pointer)
        found.setdefault(key, (each, []))[1].append(f"{each.clause} reads {each.column}")
    return list(found.values())
