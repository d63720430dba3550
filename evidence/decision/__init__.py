"""Owns playbook bundles and decisions: checking a bundle, the kernel, the decision of record, its reasons."""

from evidence.decision.bundle import Bundle, GuardrailOf, Playbook, Rule
from evidence.decision.decide import decide, decide_together
from evidence.decision.explain import explain, explain_sections
from evidence.decision.loading import load_active, load_bundle
from evidence.decision.versions import Versions, load_versions, version_names

__all__ = [
    "Bundle",
    "GuardrailOf",
    "Playbook",
    "Rule",
    "Versions",
    "decide",
    "decide_together",
    "explain",
    "explain_sections",
    "load_active",
    "load_bundle",
    "load_versions",
    "version_names",
]
