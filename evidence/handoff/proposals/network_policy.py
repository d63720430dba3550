"""NetworkPolicy manifests: isolate a workload, restrict its egress to what it declares, block egress."""

from __future__ import annotations

from evidence.handoff.proposals.quoting import comment_lines, kubernetes_name, yaml_text
from evidence.handoff.proposals.subject import Blanks, Draft, Subject, Workload

FORMAT = "Kubernetes manifest (networking.k8s.io/v1 NetworkPolicy)"
APPROVAL_LABEL = "approved-by"

_DNS = (
    "    - to:",
    "        - namespaceSelector:",
    "            matchLabels:",
    '              kubernetes.io/metadata.name: "kube-system"',
    "      ports:",
    "        - {protocol: UDP, port: 53}",
    "        - {protocol: TCP, port: 53}",
)


def isolate(subject: Subject) -> Draft:
    """No ingress and no egress for the workload's pods; they keep running, so that memory and disk stay."""
    body = ["  policyTypes: [Ingress, Egress]", "  ingress: []", "  egress: []"]
    checks = (
        "Nothing else depends on the workload's answers at this moment, or its dependants can do without.",
        "Diagnostics that need the network (profiles, dumps) have their own way out.",
    )
    return _policy(subject, "isolate", body, checks)


def restrict_egress(subject: Subject) -> Draft:
    """Egress only to name resolution and to the dependencies that the catalogue declares."""
    body = ["  policyTypes: [Egress]", "  egress:", *_DNS]
    for dependency in subject.dependencies:
        body += [
            "    - to:",
            "        - namespaceSelector:",
            "            matchLabels:",
            f"              kubernetes.io/metadata.name: {yaml_text(dependency.namespace)}",
            "          podSelector:",
            "            matchLabels:",
            f"              {dependency.label}: {yaml_text(dependency.label_value)}",
        ]
    # A database or a provider has no pods to select: its address must be filled in, or the workload loses it.
    blanks = Blanks()
    for name in subject.unplaced_dependencies:
        address = blanks.fill(None, f"address of {name}, as 192.0.2.1/32")
        body += ["    - to:", "        - ipBlock:", f"            cidr: {yaml_text(address)}"]
    checks = (
        "The catalogue's dependsOn names all that the workload calls, databases and providers included.",
        "The change passes the admission policy for NetworkPolicy, which asks for the approval label.",
    )
    return _policy(subject, "egress", body, checks, blanks)


def block_egress(subject: Subject) -> Draft:
    """No egress to the remote address seen; none at all, but for name resolution, when none was seen."""
    body = ["  policyTypes: [Egress]", "  egress:", *_DNS]
    if subject.remote_ip:
        width, everywhere = (128, "::/0") if ":" in subject.remote_ip else (32, "0.0.0.0/0")
        body += [
            "    - to:",
            "        - ipBlock:",
            f"            cidr: {yaml_text(everywhere)}",
            "            except:",
            f"              - {yaml_text(f'{subject.remote_ip}/{width}')}",
        ]
    checks = ("The address is not one that other traffic of the workload shares, such as a proxy.",)
    return _policy(subject, "block-egress", body, checks)


def _policy(
    subject: Subject, suffix: str, body: list[str], checks: tuple[str, ...], blanks: Blanks | None = None
) -> Draft:
    blanks = blanks or Blanks()
    workload = subject.workload or Workload("", "", "app.kubernetes.io/name", "")
    lines = [
        *comment_lines(["Proposal, not applied.", f"Incident {subject.incident_id}: {subject.title}"]),
        *comment_lines(
            [f"Add the label {APPROVAL_LABEL} with the approver's name once the approval is given."]
        ),
        "apiVersion: networking.k8s.io/v1",
        "kind: NetworkPolicy",
        "metadata:",
        f"  name: {yaml_text(kubernetes_name(f'{subject.incident_id[:40]}-{suffix}'))}",
        f"  namespace: {yaml_text(blanks.fill(workload.namespace, 'namespace'))}",
        "  labels:",
        f"    incident-evidence/incident: {yaml_text(kubernetes_name(subject.incident_id))}",
        "spec:",
        "  podSelector:",
        "    matchLabels:",
        f"      {workload.label}: {yaml_text(blanks.fill(workload.label_value, 'pod label'))}",
        *body,
    ]
    selects = (
        f"The selector {workload.label} finds exactly the workload's pods: an empty or wider selection would"
        " cut off others."
    )
    return Draft(
        format=FORMAT,
        media_type="application/yaml",
        text="\n".join(lines),
        checks=(
            selects,
            "The cluster's network plugin enforces NetworkPolicy; several do not.",
            "Other policies of the namespace do not allow what this one leaves out: policies add up.",
            *checks,
        ),
        undo="Delete the NetworkPolicy; traffic is as before at once.",
        missing=tuple(blanks.missing),
    )
