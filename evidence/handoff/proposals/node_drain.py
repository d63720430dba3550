"""Cordon and drain of a node: the patch that makes it unschedulable, and what must hold before a drain."""

from __future__ import annotations

from evidence.handoff.proposals import names
from evidence.handoff.proposals.blanks import in_manifest
from evidence.handoff.proposals.quoting import comment_lines, heading, yaml_text
from evidence.handoff.proposals.subject import Draft, Subject

# From the drain loop of the source on response automation: force, daemon sets ignored, no emptyDir data
# deleted, 30 seconds of grace; "on stateful systems, draining can be worse than the original issue".
PRECONDITIONS = (
    "Every PodDisruptionBudget that selects a pod of the node allows at least one disruption.",
    "No pod of the node belongs to a StatefulSet or mounts a local or emptyDir volume whose data matters.",
    "No pod of the node runs without a controller: a drain would delete it for good.",
    "The other nodes of the pool have room for the node's requests.",
    "A maintenance window or an approval covers the node's environment.",
)


def cordon_and_drain(subject: Subject) -> Draft:
    """A merge patch for the Node, with the drain's conditions as comments."""
    blanks = in_manifest()
    node = blanks.fill(subject.node or subject.target, "node", names.dns_subdomain)
    lines = [
        *heading("applied", subject.incident_id, subject.title),
        *comment_lines(["Step 1: cordon, by this merge patch. Step 2: drain, only when all of these hold:"]),
        *comment_lines([f"  [ ] {condition}" for condition in PRECONDITIONS]),
        *comment_lines(["Drain settings: ignore DaemonSets, keep emptyDir data, 30 s grace, no force."]),
        "apiVersion: v1",
        "kind: Node",
        "metadata:",
        f"  name: {yaml_text(node)}",
        "spec:",
        "  unschedulable: true",
    ]
    return Draft(
        format="kubectl merge patch (v1 Node) with drain preconditions",
        media_type="application/yaml",
        text="\n".join(lines),
        checks=PRECONDITIONS,
        undo="Set spec.unschedulable to false. Pods that a drain moved stay where they are.",
        to_fill_in=blanks.to_fill_in,
    )
