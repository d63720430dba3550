"""Says what each field of a bundle's YAML means; the models say what it may be."""

from __future__ import annotations

INTRODUCTION = """\
# Playbook

A playbook version is a folder, a *bundle*, with one digest over all that can change a decision or what
is said about one. Which version is active stands in `playbooks/active.yaml`.

YAML is read strictly: unknown and repeated keys, anchors, aliases, tags, and plain words that two
readers would read differently (`NO`, `on`, `1.10`) are errors that name file, line and column. [Check a
playbook](../how-to/check-a-playbook.md) tells them all at once.

**Conditions** (`when`, `that`) are SQL boolean expressions over the [columns that rules may
read](rule-columns.md), and nothing else. They may use `and`, `or`, `not`, comparisons of a column with a
constant, `in`, `between … and …`, `like`, `known(column)` and `has_signal('name')`; a regular expression
is RE2. A condition is true, false or unknown. A rule and a precondition hold only when true; a reason to
demand more approval holds unless it is known to be false. A condition that no state can satisfy is an error.
Brackets and `not` stand at most 16 deep within one another, lists and mappings of YAML 32 deep, brackets of a
policy 32 deep. A file is a regular one (links are followed) of at most 4 MiB.

Below, an *id* is lower-case letters and digits with `-` between, a *name* the same with `_`; both have at
most 60 characters. A field that is not required may be left out.

How to change one: [edit a playbook](../how-to/edit-a-playbook.md); how to add a Sigma rule to one: [add a
rule](../how-to/add-a-rule.md).
"""

MEANINGS = {
    # --- playbook.yaml
    "Playbook.title": "One line for people.",
    "Playbook.need": "Points that an active action must reach to be effective.",
    "Playbook.policies": "Folder of the Rego policies, relative to this file.",
    "Playbook.detections": "Sigma rules whose hits are signals. Left out, no rule is looked at.",
    "Playbook.grading": "How facts become severity, confidence and impact, and which ticks there are.",
    "Playbook.last_resorts": "Passive actions for when no rule speaks for any.",
    "Playbook.escalations": "Reasons to demand more approval, whatever the action.",
    "Playbook.actions": "The action matrix, by name. Order decides between actions of equal scope and undo.",
    "Playbook.rules": "What speaks for which action. Order is the order in which reasons are listed.",
    "SignalRules.rules": "File or folder of Sigma rules (`*.yml`), relative to this file; `values.yaml` in "
    "it, or one folder up, says what placeholders stand for.",
    "SignalRules.from_level": "Hits of rules of this level or graver are signals: by the rule's title in "
    "`has_signal('…')`, by its level in `detection_level` and `severity_watch`.",
    "Rule.id": "Name, unique in the bundle; shown as the reason's source.",
    "Rule.when": "Condition.",
    "Rule.supports": "Points per action. Positive only: a counter-argument is a precondition.",
    "Rule.because": "Why, in one sentence that a responder reads.",
    "Rule.disposition": "`close` to suggest closing, with an action of *monitor*. Suggested, never done.",
    "Escalation.id": "Name, unique in the bundle.",
    "Escalation.when": "Condition; holds unless known to be false.",
    "Escalation.mode": "Least mode to demand then.",
    "Escalation.scopes": "Scopes of the actions concerned.",
    "Escalation.because": "Why; listed under the reasons of the mode.",
    "LastResorts.monitor": "Action when nothing speaks for anything.",
    "LastResorts.enrich": "Action when something speaks for an active action, but not enough.",
    "LastResorts.missing_context": "Action when minimum context is missing.",
    "LastResorts.escalate": "Action when an effective action was refused by policy or a precondition.",
    "Action.option": "Response option it belongs to.",
    "Action.scope": "What it changes itself. `none` makes it passive: no floor, precondition or policy.",
    "Action.undo": "How it is taken back.",
    "Action.mode": "Default mode; everything else can only demand more.",
    "Action.reason": "Why that mode.",
    "Action.approvers": "Roles that must approve when the mode is approval-required.",
    "Action.executes": "Machinery that would carry it out. Nothing here does.",
    "Action.floor": "Least confidence; below it the action is not admissible. Must not fall along the rungs.",
    "Action.auto_from": "Below this confidence approval is required.",
    "Action.auto_blast": "Above this blast radius approval is required.",
    "Action.request": "What policies see of the proposed change.",
    "Action.target": "Columns that name the target; the first known one counts.",
    "Action.needs": "Preconditions, each of which must be known to be true.",
    "Action.also": "Further approvers under a condition.",
    "Action.guardrails": "Promises about the action, each held by a precondition or declared not evaluable.",
    "Request.kind": "Kind of the object that would change, as in an admission request.",
    "Request.operation": "What would be done to it.",
    "Precondition.id": "Name, unique in the action; listed when it fails.",
    "Precondition.that": "Condition; an unknown one fails.",
    "AlsoApprovers.id": "Name, unique in the action.",
    "AlsoApprovers.when": "Condition; holds unless known to be false.",
    "AlsoApprovers.approvers": "Roles that must approve as well.",
    "Guardrail.id": "Name.",
    "Guardrail.text": "The promise, in one sentence.",
    "Guardrail.held_by": "Precondition of the same action that holds it.",
    "Guardrail.not_evaluable": "Why it cannot be evaluated from evidence; shown in the handoff.",
    # --- grading
    "Grading.tick_minutes": "Minutes after the first signal at which to decide again, rising.",
    "Grading.severity": "What each source's own scale is worth.",
    "Grading.thresholds": "What counts as over policy.",
    "Grading.confidence": "How far the signals can be trusted.",
    "Grading.impact": "What is hit, and how hard.",
    "SeverityTable.alertmanager": "Scale of alert severities.",
    "SeverityTable.falco": "Scale of Falco priorities.",
    "SeverityTable.pagerduty": "Scale of incident urgencies and priorities.",
    "SeverityTable.event_envelope": "Scale of envelope severities.",
    "SeverityTable.opa": "Scale of policy findings.",
    "SeverityTable.watch": "Scale of watched API calls, and of rules' hits.",
    "SeverityScale.informational": "Severity for level 1.",
    "SeverityScale.low": "Severity for level 2.",
    "SeverityScale.medium": "Severity for level 3.",
    "SeverityScale.high": "Severity for level 4.",
    "SeverityScale.critical": "Severity for level 5.",
    "SeverityScale.fatal": "Severity for level 6.",
    "Thresholds.error_rate_ppm": "Error rate in parts per million; over policy is strictly above.",
    "Thresholds.latency_ms": "Latency in milliseconds.",
    "Thresholds.resource_pressure_ppm": "Use of a limit in parts per million.",
    "ConfidenceWeights.source_trust": "Trust in each tool that signals; the most trusted counts.",
    "ConfidenceWeights.corroboration_points": "Points for each further independent tool.",
    "ConfidenceWeights.corroboration_sources_max": "Further tools that count at most.",
    "ConfidenceWeights.level": "Points for the highest level among detections.",
    "ConfidenceWeights.gap_points": "Points taken off for each declared gap in the evidence.",
    "ConfidenceWeights.gap_points_max": "Points that gaps take off at most.",
    "ConfidenceWeights.contradiction_points": "Points taken off for each contradiction between sources.",
    "SourceTrust.alertmanager": "Trust in alerts.",
    "SourceTrust.falco": "Trust in Falco's findings.",
    "SourceTrust.pagerduty": "Trust in PagerDuty incidents.",
    "SourceTrust.event_envelope": "Trust in event envelopes.",
    "SourceTrust.opa": "Trust in policy findings.",
    "SourceTrust.watch": "Trust in watched API calls, and in every tool that has none of its own.",
    "LevelPoints.high": "Points for level 4.",
    "LevelPoints.critical": "Points for level 5.",
    "LevelPoints.fatal": "Points for level 6.",
    "ImpactTable.criticality": "Points by criticality; an unknown one counts as the highest.",
    "ImpactTable.environment": "Points by environment; an unknown one counts as the highest.",
    "ImpactTable.customer_facing_points": "Points for each customer-facing service within reach.",
    "ImpactTable.customer_facing_count_max": "Such services that count at most; unknown counts as that many.",
    "ImpactTable.error_rate_over_policy": "Points for an error rate over policy.",
    "ImpactTable.latency_over_policy": "Points for a latency over policy.",
    "ImpactTable.resource_pressure_over_policy": "Points for a resource pressure over policy.",
    "ImpactTable.impacted_route_points": "Points for each route with errors.",
    "ImpactTable.impacted_route_count_max": "Routes that count at most.",
    "ImpactTable.dependency_hot": "Points for failures that concentrate on one dependency.",
    "CriticalityPoints.customer_facing": "Customers reach it.",
    "CriticalityPoints.internal": "Only our own people and services do.",
    "CriticalityPoints.batch": "Nobody waits for it.",
    "CriticalityPoints.best_effort": "It may fail.",
    "EnvironmentPoints.production": "Production.",
    "EnvironmentPoints.staging": "Staging.",
    "EnvironmentPoints.test": "Test.",
    "EnvironmentPoints.development": "Development.",
    # --- approvers.yaml
    "Approvers.roles": "Who holds each approving role. Owning a service does not make one an approver.",
    "Approvers.fallback": "Whom to address when the role has nobody for the owner, or there is no owner.",
    "Role.title": "The role in words.",
    "Role.contact": "One contact for all.",
    "Role.by_owner": "A contact per owning group, instead of one for all.",
    "Fallback.contact": "Contact.",
    "Fallback.because": "Why this one.",
    # --- policies
    "PolicyDeclaration.because": "What the policy is for.",
    "PolicyDeclaration.inputs": "Fields of `input.request` that the module reads, beside the common ones.",
    "PolicyDeclaration.cases": "Test cases that the policy carries.",
    "PolicyInput.column": "Column to hand over, true or false or one of few values.",
    "PolicyInput.values": "Values of an open text column that matter; any other arrives as `other`.",
    "PolicyInput.that": "Condition to hand over instead of a column.",
    "PolicyCase.id": "Name.",
    "PolicyCase.action": "Proposed action.",
    "PolicyCase.given": "Inputs that are known; the others are tried in every way.",
    "PolicyCase.verdict": "Verdict that must come out.",
}
