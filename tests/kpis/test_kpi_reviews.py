"""Coverage, outcomes, the reviewers' questions and what each incident teaches."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

ACTIVE = {"option": "contain", "action": "roll_back_release", "rung": 4, "has_minimum_context": True}
PASSIVE = {"option": "enrich", "action": "gather_logs_and_traces", "rung": 0, "has_minimum_context": True}


def incident(number, ns, **more):
    """An incident found on Wednesday 2026-01-14."""
    found = ns("2026-01-14T09:00")
    return {
        "incident_id": f"inc-{number}",
        "incident_type": "rollout",
        "window_start": found,
        "window_end": found + 3_600_000_000_000,
        "detected_at": found,
        **more,
    }


def candidate(action, rung, **more):
    """An active candidate for inc-1 that passes every gate."""
    return {
        "incident_id": "inc-1",
        "option": "contain",
        "action": action,
        "is_active": True,
        "rung": rung,
        "effect_points": 60,
        "need_points": 50,
        "is_effective": True,
        "is_context_complete": True,
        "is_confidence_sufficient": True,
        "are_preconditions_met": True,
        "is_allowed_by_policy": True,
        "mode": "automatic",
        "execution_model": "operator",
        **more,
    }


def test_coverage_counts_each_recommendation_once(kpis_of, ns) -> None:
    """The four counts add up; an automatic passive step is no automated action."""
    modes = ("automatic", "policy_gated", "approval_required")
    decisions = [{"incident_id": f"inc-{i}", "mode": mode, **ACTIVE} for i, mode in enumerate(modes)]
    decisions += [
        {"incident_id": "inc-3", "mode": "automatic", **PASSIVE},
        {"incident_id": "inc-4", "mode": "automatic", **PASSIVE, "has_minimum_context": False},
    ]
    [row] = kpis_of([incident(i, ns) for i in range(5)], decisions=decisions)[
        "kpis.weekly_coverage"
    ].to_pylist()
    assert {
        "week": "2026-W03",
        "incident_count": 5,
        "automated_triage_count": 4,
        "automated_action_count": 1,
        "policy_gated_count": 1,
        "approval_required_count": 1,
        "passive_count": 2,
        "incident_ids": ["inc-0", "inc-1", "inc-2", "inc-3", "inc-4"],
    }.items() <= row.items()


def test_outcomes_count_what_was_recorded(kpis_of, ns) -> None:
    """An open incident has the outcome unrecorded."""
    incidents = [
        incident(1, ns, outcome="succeeded"),
        incident(2, ns, outcome="succeeded"),
        incident(3, ns, outcome="rolled_back"),
        incident(4, ns),
    ]
    rows = kpis_of(incidents)["kpis.weekly_outcomes"].to_pylist()
    assert [
        ("rolled_back", 1, ["inc-3"]),
        ("succeeded", 2, ["inc-1", "inc-2"]),
        ("unrecorded", 1, ["inc-4"]),
    ] == [(r["outcome"], r["incident_count"], r["incident_ids"]) for r in rows]


def test_unanswered_questions_are_unlabelled(kpis_of, ns) -> None:
    """Nobody labelled: four times unlabelled, no agreement claimed, correctness unknown."""
    tables = kpis_of([incident(1, ns)], decisions=[{"incident_id": "inc-1", "mode": "automatic", **ACTIVE}])
    [review] = tables["kpis.quality_review"].to_pylist()
    assert ["unlabelled"] * 6 == [
        review["was_signal_high_confidence"],
        review["did_enrichment_narrow"],
        review["was_least_risky_effective"],
        review["did_responder_understand"],
        review["expected_option"],
        review["agreement"],
    ]
    assert tables["kpis.learning"].column("is_action_correct").to_pylist() == [None]


@pytest.mark.parametrize(("expected", "agreement"), [("contain", "agrees"), ("isolate", "differs")])
def test_the_reviewers_option_is_compared_with_the_recommended_one(kpis_of, ns, expected, agreement) -> None:
    """Agreement follows from the label alone."""
    labelled = incident(
        1,
        ns,
        label_expected_option=expected,
        label_signal_high_confidence=True,
        label_responder_understood=False,
        label_by="r. reviewer",
    )
    tables = kpis_of([labelled], decisions=[{"incident_id": "inc-1", "mode": "automatic", **ACTIVE}])
    [review] = tables["kpis.quality_review"].to_pylist()
    assert ("yes", "no", agreement, "r. reviewer") == (
        review["was_signal_high_confidence"],
        review["did_responder_understand"],
        review["agreement"],
        review["labelled_by"],
    )


# The matrix as far as these tests need it; the recommendation is to hand to the commander.
MATRIX = [
    candidate("roll_back_release", 4),
    candidate("cordon_and_drain_node", 8, option="isolate", is_allowed_by_policy=False),
    candidate("hand_to_incident_commander", 0, option="escalate", is_active=False),
    candidate("open_incident_channel", 0, option="escalate", is_active=False),
]
HANDED = {
    "option": "escalate",
    "action": "hand_to_incident_commander",
    "rung": 0,
    "has_minimum_context": True,
}
COMMANDER = {"label_expected_option": "escalate", "label_expected_action": "hand_to_incident_commander"}
DRAIN = {"label_expected_option": "isolate", "label_expected_action": "cordon_and_drain_node"}


def learned(kpis_of, ns, taken, label, decided=True):
    """What is learned of inc-1, where `taken` was done and the recommendation was to hand it over."""
    tables = kpis_of(
        [incident(1, ns, action_taken=taken, **label)],
        decisions=[{"incident_id": "inc-1", "mode": "automatic", **HANDED}] if decided else [],
        option_scores=MATRIX if decided else [],
    )
    [row] = tables["kpis.learning"].to_pylist()
    return row


@pytest.mark.parametrize(
    ("taken", "verdict"),
    [
        (None, "unrecorded"),
        ("hand_to_incident_commander", "recommended"),
        ("open_incident_channel", "same_option"),
        ("roll_back_release", "other_option"),
        ("cordon_and_drain_node", "denied_by_policy"),
        ("pull_the_plug", "unknown_action"),
    ],
)
def test_the_action_taken_is_held_against_the_playbook(kpis_of, ns, taken, verdict) -> None:
    """Action by action, whatever the reviewers say; what policy denies is called denied."""
    for label in ({}, COMMANDER, DRAIN):
        assert verdict == learned(kpis_of, ns, taken, label)["action_verdict"]


def test_without_a_decision_there_is_nothing_to_hold_an_action_against(kpis_of, ns) -> None:
    """An incident without any evidence, whatever was done."""
    assert "undecided" == learned(kpis_of, ns, "roll_back_release", {}, decided=False)["action_verdict"]


@pytest.mark.parametrize(
    ("taken", "label", "taken_is_right", "recommended_is_right"),
    [
        # The reviewer names an action: that one is right and no other, also none of its own option.
        ("hand_to_incident_commander", COMMANDER, True, True),
        ("open_incident_channel", COMMANDER, False, True),
        ("cordon_and_drain_node", COMMANDER, False, True),
        ("cordon_and_drain_node", DRAIN, True, False),
        (None, COMMANDER, None, True),
        # The reviewer names an option: actions of others are wrong, of its own nobody said which is right.
        ("roll_back_release", {"label_expected_option": "escalate"}, False, None),
        ("hand_to_incident_commander", {"label_expected_option": "escalate"}, None, None),
        ("open_incident_channel", {"label_expected_option": "escalate"}, None, None),
        ("pull_the_plug", {"label_expected_option": "escalate"}, None, None),
        # What policy denies even with approval was not right because its option was.
        ("cordon_and_drain_node", {"label_expected_option": "isolate"}, False, False),
        # Nobody said anything.
        ("cordon_and_drain_node", {}, None, None),
    ],
)
def test_actions_are_right_by_the_reviewers_word_alone(
    kpis_of, ns, taken, label, taken_is_right, recommended_is_right
) -> None:
    """Taken and recommended action each for itself; NULL where the label does not decide it."""
    row = learned(kpis_of, ns, taken, label)
    assert (taken_is_right, recommended_is_right) == (
        row["is_action_correct"],
        row["is_recommendation_correct"],
    )


STALLS = [
    (
        "not_stalled",
        "",
        PASSIVE,
        [candidate("restart_stateless_pod", 1, effect_points=0, is_effective=False)],
    ),
    ("not_stalled", "", ACTIVE, [candidate("roll_back_release", 4)]),
    (
        "context",
        "Minimum context was missing: owner, severity.",
        {**PASSIVE, "has_minimum_context": False, "missing_context": ["owner", "severity"]},
        [candidate("roll_back_release", 4)],
    ),
    (
        "effect",
        "No active action reached 50 points; nearest was roll_back_release with 30.",
        PASSIVE,
        [
            candidate("restart_stateless_pod", 1, effect_points=20, is_effective=False),
            candidate("roll_back_release", 4, effect_points=30, is_effective=False),
        ],
    ),
    (
        "policy",
        "cordon_and_drain_node would have been effective, but policy denies it even with approval.",
        {**PASSIVE, "is_aborted_by_policy": True, "preferred_action": "cordon_and_drain_node"},
        [
            candidate(
                "isolate_workload", 5, are_preconditions_met=False, failed_preconditions=["quarantine"]
            ),
            candidate("cordon_and_drain_node", 8, is_allowed_by_policy=False),
        ],
    ),
    (
        "confidence",
        "isolate_workload would have been effective and policy allows it,"
        " but confidence 40 is below its floor.",
        {**PASSIVE, "confidence": 40},
        [
            candidate("scale_replica_set", 2, is_allowed_by_policy=False),
            candidate("isolate_workload", 5, is_confidence_sufficient=False, are_preconditions_met=False),
        ],
    ),
    (
        "precondition",
        "roll_back_release would have been effective and policy allows it,"
        " but it fails: has-previous, supported.",
        PASSIVE,
        [
            candidate(
                "roll_back_release",
                4,
                are_preconditions_met=False,
                failed_preconditions=["has-previous", "supported"],
            ),
            candidate("isolate_workload", 5, is_confidence_sufficient=False),
        ],
    ),
]


@pytest.mark.parametrize(("gate", "sentence", "decision", "candidates"), STALLS)
def test_the_gate_that_left_no_active_action_is_named(
    kpis_of, ns, gate, sentence, decision, candidates
) -> None:
    """Each gate in turn, with the candidate that stood nearest."""
    tables = kpis_of(
        [incident(1, ns)],
        decisions=[{"incident_id": "inc-1", "mode": "automatic", **decision}],
        option_scores=candidates,
    )
    [row] = tables["kpis.learning"].to_pylist()
    assert (gate, sentence) == (row["stalled_at"], row["stalled_because"])


def test_an_incident_without_any_evidence_is_not_lost(kpis_of, ns) -> None:
    """No state, hence no decision: it counts as passive and says why."""
    tables = kpis_of([incident(1, ns)])
    [coverage] = tables["kpis.weekly_coverage"].to_pylist()
    assert (1, 0, 1) == (
        coverage["incident_count"],
        coverage["automated_triage_count"],
        coverage["passive_count"],
    )
    [row] = tables["kpis.learning"].to_pylist()
    assert ("none", "context") == (row["recommended_action"], row["stalled_at"])


decided = st.lists(
    st.tuples(
        st.sampled_from([ACTIVE, PASSIVE]),
        st.sampled_from(["automatic", "policy_gated", "approval_required"]),
        st.integers(min_value=0, max_value=20),
    ),
    min_size=1,
    max_size=20,
)


@pytest.mark.slow
@settings(max_examples=30)
@given(decided)
def test_coverage_and_outcomes_lose_nobody(kpis_of, ns, history) -> None:
    """Over all weeks the four counts of coverage, and the outcomes, add up to the incidents."""
    incidents = [
        incident(i, ns, detected_at=ns("2025-12-20T09:00") + day * 86_400_000_000_000)
        for i, (_, _, day) in enumerate(history)
    ]
    decisions = [{"incident_id": f"inc-{i}", **row, "mode": mode} for i, (row, mode, _) in enumerate(history)]
    tables = kpis_of(incidents, decisions=decisions)
    coverage = tables["kpis.weekly_coverage"].to_pylist()
    for row in coverage:
        assert row["incident_count"] == (
            row["automated_action_count"]
            + row["policy_gated_count"]
            + row["approval_required_count"]
            + row["passive_count"]
        )
    assert len(history) == sum(row["incident_count"] for row in coverage)
    assert len(history) == sum(tables["kpis.weekly_outcomes"].column("incident_count").to_pylist())


def test_learning_names_the_sources_that_mattered(kpis_of, ns):
    """Without a deciding source the decision is another one, without a hastening one it comes later."""
    ablations = [
        {"incident_id": "inc-1", "source": "falco", "difference": "action", "later_seconds": 0},
        {"incident_id": "inc-1", "source": "argocd", "difference": "approval", "later_seconds": 9},
        {"incident_id": "inc-1", "source": "loki", "difference": "moment", "later_seconds": 30},
        {"incident_id": "inc-1", "source": "tempo", "difference": "moment", "later_seconds": -30},
        {"incident_id": "inc-1", "source": "opa", "difference": "none", "later_seconds": 0},
    ]
    incidents = [{"incident_id": name, "window_start": ns("2026-01-14T09:00")} for name in ("inc-1", "inc-2")]
    decided = [{"incident_id": name, "action": "keep_watching"} for name in ("inc-1", "inc-2")]
    rows = kpis_of(incidents, decisions=decided, ablations=ablations)["kpis.learning"].to_pylist()
    assert [(["argocd", "falco"], ["loki"]), ([], [])] == [
        (row["deciding_sources"], row["hastening_sources"]) for row in rows
    ]


def test_reviewers_are_at_odds_where_their_latest_answers_differ(kpis_of, ns) -> None:
    """Who thought better of it is at one with the others; of one who was silent nobody knows."""
    first, second = ns("2026-01-15T09:00"), ns("2026-01-16T09:00")
    reviews = [
        {"incident_id": "inc-1", "reviewed_by": "ann", "reviewed_at": first, "expected_option": "contain"},
        {"incident_id": "inc-1", "reviewed_by": "ben", "reviewed_at": first, "expected_option": "monitor"},
        {"incident_id": "inc-2", "reviewed_by": "ann", "reviewed_at": first, "expected_option": "contain"},
        {"incident_id": "inc-2", "reviewed_by": "ben", "reviewed_at": first, "expected_option": "monitor"},
        {"incident_id": "inc-2", "reviewed_by": "ben", "reviewed_at": second, "expected_option": "contain"},
        {"incident_id": "inc-2", "reviewed_by": "cem", "reviewed_at": first, "enrichment_narrowed": True},
    ]
    table = kpis_of([incident(number, ns) for number in range(3)], reviews=reviews)["kpis.quality_review"]
    found = {
        row["incident_id"]: (row["review_count"], row["reviewers"], row["is_disputed"])
        for row in table.to_pylist()
    }
    assert {
        "inc-0": (0, [], False),
        "inc-1": (2, ["ann", "ben"], True),
        "inc-2": (4, ["ann", "ben", "cem"], False),
    } == found
