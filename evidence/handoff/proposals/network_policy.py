"""NetworkPolicy manifests: isolate a workload, restrict its egress to what it declares, block egress."""

from __future__ import annotations

import ipaddress

from evidence.handoff.inert import quote
from evidence.handoff.proposals import names
from evidence.handoff.proposals.blanks import Blanks, in_manifest
from evidence.handoff.proposals.quoting import comment_lines, heading, kubernetes_name, yaml_text
from evidence.handoff.proposals.subject import Draft, Subject, Workload
from evidence.handoff.words import listed

FORMAT = "Kubernetes manifest (networking.k8s.io/v1 NetworkPolicy)"
APPROVAL_LABEL = "approved-by"
_NAME_MAX = 40  # characters of the incident's name in the policy's

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
    checks: tuple[str, ...] = (
        "Nothing else depends on the workload's answers at this moment, or its dependants can do without.",
        "Diagnostics that need the network (profiles, dumps) have their own way out.",
    )
    if subject.failing_pods:
        named = listed([quote(pod) for pod in subject.failing_pods])
        checks = (f"It cuts off every pod of the workload, while signals name {named} only.", *checks)
    return _policy(subject, "isolate", body, checks, in_manifest())


def restrict_egress(subject: Subject) -> Draft:
    """Egress only to name resolution and to the dependencies that the catalogue declares."""
    blanks = in_manifest()
    body = ["  policyTypes: [Egress]", "  egress:", *_DNS]
    for dependency in subject.dependencies:
        body += _to_pods(dependency, blanks)
    for number, name in enumerate(subject.unplaced_dependencies, start=1):
        body += _to_address(number, name, blanks)
    checks = (
        "The catalogue's dependsOn names all that the workload calls, databases and providers included.",
        "The change passes the admission policy for NetworkPolicy, which asks for the approval label.",
    )
    return _policy(subject, "egress", body, checks, blanks)


def _to_pods(dependency: Workload, blanks: Blanks[str]) -> list[str]:
    namespace = blanks.fill(dependency.namespace, f"namespace of {dependency.name}", names.dns_label)
    pods = blanks.fill(dependency.label_value, f"pod label of {dependency.name}", names.label_value)
    return [
        "    - to:",
        "        - namespaceSelector:",
        "            matchLabels:",
        f"              kubernetes.io/metadata.name: {yaml_text(namespace)}",
        "          podSelector:",
        "            matchLabels:",
        f"              {dependency.label}: {yaml_text(pods)}",
    ]


def _to_address(number: int, name: str, blanks: Blanks[str]) -> list[str]:
    """A database or a provider has no pods to select: its address is filled in, or the workload loses it."""
    what = f"address of {quote(name)}"
    address = f"192.0.2.{number % 256}/32"  # nothing has it (RFC 5737), so that the manifest stays valid
    blanks.mark(what, stands_as=address)
    return [
        *comment_lines([f"to fill in: {what}"], mark="    #"),
        "    - to:",
        "        - ipBlock:",
        f"            cidr: {yaml_text(address)}",
    ]


def block_egress(subject: Subject) -> Draft:
    """No egress to the remote address seen; none at all, but for name resolution, when none was seen."""
    body = ["  policyTypes: [Egress]", "  egress:", *_DNS]
    address = _address(subject.remote_ip)
    if address is not None:
        body += [
            "    - to:",
            "        - ipBlock:",
            f"            cidr: {yaml_text('::/0' if address.version == 6 else '0.0.0.0/0')}",
            "            except:",
            f"              - {yaml_text(f'{address}/{address.max_prefixlen}')}",
        ]
    checks = ("The address is not one that other traffic of the workload shares, such as a proxy.",)
    return _policy(subject, "block-egress", body, checks, in_manifest())


def _address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text) if text else None
    except ValueError:
        return None


def _policy(
    subject: Subject, suffix: str, body: list[str], checks: tuple[str, ...], blanks: Blanks[str]
) -> Draft:
    workload = subject.workload or Workload("", "", "app.kubernetes.io/name", "")
    namespace = blanks.fill(workload.namespace, "namespace", names.dns_label)
    pods = blanks.fill(workload.label_value, "pod label", names.label_value)
    head = [
        "apiVersion: networking.k8s.io/v1",
        "kind: NetworkPolicy",
        "metadata:",
        f"  name: {yaml_text(f'{kubernetes_name(subject.incident_id, _NAME_MAX)}-{suffix}')}",
        f"  namespace: {yaml_text(namespace)}",
        "  labels:",
        f"    incident-evidence/incident: {yaml_text(kubernetes_name(subject.incident_id))}",
        "spec:",
        "  podSelector:",
        "    matchLabels:",
        f"      {workload.label}: {yaml_text(pods)}",
        *body,
    ]
    lines = [
        *heading("applied", subject.incident_id, subject.title),
        *comment_lines(
            [f"Add the label {APPROVAL_LABEL} with the approver's name once the approval is given."]
        ),
        *head,
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
        to_fill_in=blanks.to_fill_in,
    )
