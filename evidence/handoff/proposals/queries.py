"""Queries and read-only commands that gather what is missing, in the query languages of the tools."""

from __future__ import annotations

from evidence.handoff.proposals import names
from evidence.handoff.proposals.blanks import in_query, in_shell
from evidence.handoff.proposals.quoting import command_line, comment_lines, query_text, shell_word
from evidence.handoff.proposals.subject import Draft, Subject

PODS_MAX = 5
_READ_ONLY = (
    "They read only. Results may hold personal data or secrets: keep them where the incident is kept.",
)
_NAMES = "Names of metrics and labels are the common ones (kube-state-metrics, cAdvisor): they are yours too."


def gather(subject: Subject) -> Draft:
    """LogQL, PromQL and TraceQL about the service in the incident's window."""
    blanks = in_query()
    service = query_text(blanks.fill(subject.service or subject.target, "service"))
    namespace = query_text(blanks.fill(subject.workload.namespace if subject.workload else None, "namespace"))
    lines = [
        *comment_lines([f"Proposal, not run. Window: {subject.window[0]} to {subject.window[1]}"]),
        *comment_lines(["LogQL: error lines of the service"]),
        f'{{namespace={namespace}, app={service}}} |~ "(?i)error|exception|panic|timeout"',
        *comment_lines(["PromQL: share of failing requests"]),
        f'sum(rate(http_server_requests_total{{service={service},status=~"5.."}}[5m]))'
        f" / sum(rate(http_server_requests_total{{service={service}}}[5m]))",
        *comment_lines(["PromQL: use of the CPU limit, per pod"]),
        f'sum by (pod) (rate(container_cpu_usage_seconds_total{{namespace={namespace},container!=""}}[5m]))'
        f' / sum by (pod) (kube_pod_container_resource_limits{{namespace={namespace},resource="cpu"}})',
        *comment_lines(["TraceQL: failing or slow spans"]),
        f"{{ resource.service.name = {service} && (status = error || duration > 1s) }}",
    ]
    return Draft(
        "LogQL, PromQL and TraceQL queries",
        "text/x-query",
        "\n".join(lines),
        (*_READ_ONLY, _NAMES),
        "Nothing to undo.",
        blanks.to_fill_in,
    )


def diagnose(subject: Subject) -> Draft:
    """Read-only kubectl commands about the workload and its pods, the failing ones first."""
    blanks = in_shell()
    workload = subject.workload
    in_namespace = shell_word(
        "--namespace=", blanks.fill(workload.namespace if workload else None, "namespace", names.dns_label)
    )
    selector = []
    if workload is not None:
        pod_label = blanks.fill(workload.label_value, "pod label", names.label_value)
        selector = [shell_word("--selector=", workload.label, "=", pod_label)]
    pods = [pod for pod in dict.fromkeys((*subject.failing_pods, *subject.pods)) if names.dns_subdomain(pod)]
    node = subject.node if subject.node and names.dns_subdomain(subject.node) else None
    commands = [
        ["kubectl", "get", "events", in_namespace, "--sort-by=.lastTimestamp"],
        ["kubectl", "get", "pods", in_namespace, *selector, "--output=wide"],
        ["kubectl", "describe", "pods", in_namespace, *selector],
        *(_log(pod, in_namespace) for pod in pods[:PODS_MAX]),
        *([["kubectl", "describe", "node", node]] if node else []),
    ]
    lines = comment_lines(["Proposal, not run. Reading only."])
    lines += [command_line(command) for command in commands]
    return Draft(
        "kubectl commands (read-only)",
        "text/x-shellscript",
        "\n".join(lines),
        _READ_ONLY,
        "Nothing to undo.",
        blanks.to_fill_in,
    )


def _log(pod: str, in_namespace: str) -> list[str]:
    return ["kubectl", "logs", pod, in_namespace, "--all-containers", "--tail=500"]
