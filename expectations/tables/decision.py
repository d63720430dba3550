"""Contracts of the decision tables: every option side by side, policy verdicts, the decision of record."""

from __future__ import annotations

from expectations.contracts import TableContract, bigint, boolean, integer, text, texts

OPTIONS = ("monitor", "enrich", "escalate", "contain", "revoke", "rotate", "isolate", "notify")
MODES = ("automatic", "policy_gated", "approval_required")
BASES = ("committed", "standing")

OPTION_SCORES = TableContract(
    "decision.option_scores",
    "One row per incident and candidate action at the decision of record; all eight options are there. "
    "Effect, rung and gates stay apart: no figure mixes impact and confidence.",
    (
        text("incident_id", "Incident."),
        text("option", "Response option.", allowed=OPTIONS),
        text("action", "Concrete action of the matrix."),
        text("target", "What it would act on; NULL when nothing names it.", is_nullable=True),
        boolean("is_active", "Changes a running system (scope other than none)."),
        integer("rung", "Place in the order of risk, from 1; 0 for a passive action."),
        integer("effect_points", "Sum of the points of the matching rules that support it."),
        integer("need_points", "Points that an active action needs."),
        texts("matched_rules", "Rules that matched and support it."),
        boolean("is_effective", "effect_points reach need_points."),
        boolean("is_context_complete", "Gate: minimum context."),
        boolean("is_confidence_sufficient", "Gate: confidence at or above the action's floor."),
        boolean("are_preconditions_met", "Gate: every precondition is known to be true."),
        texts("failed_preconditions", "Ids of the preconditions that are false or unknown."),
        boolean("is_allowed_by_policy", "Gate: not denied even with approval."),
        boolean("is_admissible", "All gates passed."),
        text("mode", "Mode it would have.", allowed=MODES),
        texts("mode_reasons", "What raised the mode above the matrix's default, in order of the matrix."),
        texts("approvers", "Roles that would have to approve; empty for automatic."),
        text(
            "execution_model",
            "Machinery that would carry it out.",
            allowed=("gitops_rollback", "iac_pipeline", "identity_workflow", "none", "operator"),
        ),
        boolean("is_best_of_option", "Its option's best candidate."),
        boolean("is_chosen", "It is the decision."),
        text("lost_because", "One sentence; empty for the chosen action."),
    ),
    key=("incident_id", "option", "action"),
    row_count_min=1,
    once="intake.incidents",
)

DECISIONS = TableContract(
    "decision.decisions",
    "One row per incident: the recommended option, its approval boundary and why. Nothing is executed.",
    (
        text("incident_id", "Incident."),
        text("option", "Recommended option.", allowed=OPTIONS),
        text("action", "Recommended action."),
        text("target", "What it would act on.", is_nullable=True),
        text("disposition", "'close' when closing is recommended.", is_nullable=True),
        text("mode", "Approval mode.", allowed=MODES),
        texts("approvers", "Roles that must approve, by the approver map; empty for automatic."),
        texts("approver_contacts", "Who holds these roles, in the same order.", is_nullable=False),
        texts("mode_reasons", "What raised the mode."),
        text(
            "basis", "committed: first active recommendation; standing: the last passive one.", allowed=BASES
        ),
        integer("moment", "Moment of the decision."),
        bigint("decided_at", "Its time; ns UTC."),
        bigint("time_to_decision_seconds", "From the first signal to the decision.", is_nullable=True),
        bigint("horizon_at", "Later moments feed hindsight only; ns UTC."),
        integer("severity", "At that moment, 1 to 6.", is_nullable=True),
        integer("confidence", "At that moment, 0 to 100."),
        integer("impact", "At that moment, 0 to 100."),
        integer("effect_points", "Points of the action."),
        integer("rung", "Rung of the action."),
        texts("matched_rules", "Rules that matched and support it."),
        texts("reasons", "Their 'because', in rule order."),
        boolean("has_minimum_context", "Minimum context was complete."),
        texts("missing_context", "Fields that were missing."),
        texts(
            "unknowns",
            "What was not known and mattered: features read by rules or preconditions that were NULL.",
        ),
        boolean("is_aborted_by_policy", "A preferred effective action was denied even with approval."),
        text("preferred_action", "The action that would have been chosen but for policy.", is_nullable=True),
        integer("revision_count", "Changes of recommendation up to the horizon."),
        boolean("is_withdrawn", "A later moment up to the horizon recommends otherwise."),
        bigint(
            "first_automatic_at",
            "First moment at which an active action could have been automatic; ns UTC.",
            is_nullable=True,
        ),
        text("hindsight_action", "Recommendation at the incident's very last moment."),
    ),
    key=("incident_id",),
    row_count_min=1,
    once="intake.incidents",
)

RECOMMENDATIONS = TableContract(
    "decision.recommendations",
    "One row per incident and change of the recommendation (action, mode, approvers) along its moments.",
    (
        text("incident_id", "Incident."),
        integer("moment", "Moment of the change."),
        bigint("known_at", "Its time; ns UTC."),
        text("option", "Option from then on.", allowed=OPTIONS),
        text("action", "Action from then on."),
        text("mode", "Mode from then on.", allowed=MODES),
        texts("approvers", "Approvers from then on."),
        boolean("is_hindsight", "Lies after the horizon."),
        boolean("is_decision_of_record", "This is the decision."),
    ),
    key=("incident_id", "moment"),
    row_count_min=1,
    once="intake.incidents",
)

POLICY_VERDICTS = TableContract(
    "decision.policy_verdicts",
    "One row per incident, candidate action and policy: its verdict without and with the required approval.",
    (
        text("incident_id", "Incident."),
        text("action", "Candidate action."),
        text("policy", "Policy module."),
        text(
            "verdict",
            "Strictest verdict over what is unknown.",
            allowed=("allow", "denied", "needs_approval"),
        ),
        texts("messages", "What the policy said."),
        texts("unknown_inputs", "Declared inputs that were unknown and so were tried in every way."),
    ),
    key=("incident_id", "action", "policy"),
)

TABLES = (OPTION_SCORES, POLICY_VERDICTS, RECOMMENDATIONS, DECISIONS)
