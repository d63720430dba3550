"""Owns the document that `evidence check --format json` prints."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evidence.decision.cases import Failure
    from evidence.errors import Place
    from simulator.checking.checkup import Checkup
    from simulator.checking.health import Health
    from simulator.checking.mutations import Mutations


def check_document(checkup: Checkup, source: str, named: Callable[[str], str]) -> Any:
    """The whole check; `source` is the history, `named` turns the bundle's folder into what was asked for."""
    return _renamed(_document(checkup, source), named)


def _document(checkup: Checkup, source: str) -> dict[str, Any]:
    return {
        "playbook": str(checkup.folder),
        "digest": checkup.bundle.digest if checkup.bundle else None,
        "is_sound": checkup.is_sound,
        "findings": [
            {
                **_place_json(each.place),
                "what": each.what,
                "remedy": each.remedy,
                "is_warning": each.is_warning,
                "compile_check": each.check or None,
            }
            for each in checkup.findings
        ],
        "cases": _cases_json(len(checkup.cases), checkup.failures),
        "policy_cases": _cases_json(checkup.policy_case_count, checkup.policy_failures),
        "proofs": dataclasses.asdict(checkup.proved) if checkup.proved else None,
        "history": source if checkup.health else None,
        "health": _health_json(checkup, checkup.health) if checkup.health else None,
        "mutations": _mutations_json(checkup, checkup.mutations) if checkup.mutations else None,
    }


def _renamed(value: Any, named: Callable[[str], str]) -> Any:
    """The document with every text in it renamed."""
    if isinstance(value, dict):
        return {key: _renamed(each, named) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(each, named) for each in value]
    return named(value) if isinstance(value, str) else value


def _place_json(place: Place) -> dict[str, Any]:
    return {"file": str(place.path), "line": place.line, "column": place.column, "field": place.field}


def _cases_json(count: int, failed: Sequence[Failure]) -> dict[str, Any]:
    listed = [
        {
            **_place_json(each.place),
            "id": each.case_id,
            "expected": each.expected,
            "found": each.found,
            "because": each.because,
        }
        for each in failed
    ]
    return {"count": count, "failures": listed}


def _health_json(checkup: Checkup, health: Health) -> dict[str, Any]:
    return {
        "incident_count": health.incident_count,
        "moment_count": health.moment_count,
        "rules": [
            {**dataclasses.asdict(each), "line": checkup.rule_place(each.rule).line} for each in health.rules
        ],
        "actions": [
            {**dataclasses.asdict(each), "line": checkup.action_place(each.action).line}
            for each in health.actions
        ],
        "unread_context": list(health.unread_context),
        "unspoken_incidents": list(health.unspoken_incidents),
    }


def _mutations_json(checkup: Checkup, mutations: Mutations) -> dict[str, Any]:
    score = mutations.score()
    return {
        "noticed": score.noticed,
        "decidable": score.decidable,
        "mutants": [
            {
                **_place_json(checkup.place_of(each.mutant.site)),
                "kind": each.mutant.site.kind,
                "clause": each.mutant.site.clause,
                "old": each.mutant.old,
                "new": each.mutant.new or None,
                "outcome": each.outcome,
                "incidents": list(each.noticed.incident_ids),
                "cases": [checkup.cases[place].case.id for place in each.noticed.cases],
            }
            for each in mutations.judged
        ],
    }
