"""Queries and read-only commands that gather what is missing, in the query languages of the tools."""

from __future__ import annotations

from evidence.handoff.proposals.quoting import command_line, comment_lines, query_text
from evidence.handoff.proposals.subject import Blanks, Draft, Subject

_READ_ONLY = (
    "They read only. Results may hold personal data or secrets: keep them where the incident is kept.",
)


def gather(subject: Subject) -> Draft:
    """LogQL, PromQL and TraceQL about the service in the incident's window."""
    blanks = Blanks()
    service = query_text(blanks.fill(subject.service or subject.target, "service"))
    namespace = query_text(blanks.fill(subject.workload.namespace if subject.workload else None, "namespace"))
    lines = [
        *comment_lines([f"Proposal, not run. Window: {subject.window[0]} to {subject.window[1]}"]),
        *comment_lines(["LogQL: error lines of the service"]),
        f'{{namespace={namespace}, app={service}}} |~ "(?i)error|exception|panic|timeout"',
        *comment_lines(["PromQL: share of failing requests"]),
        f'sum(rate(http_server_requests_total{{service={service},status=~"5.."}}[5m]))'
        f" / sum(rate(http_server_requests_total{{service={service}}}[5m]))",
        *comment_lines(["PromQL: use of the CPU limit"]),
        f"max(rate(container_cpu_usage_seconds_total{{namespace={namespace}}}[5m]))",
        *comment_lines(["TraceQL: failing or slow spans"]),
        f"{{ resource.service.name = {service} && (status = error || duration > 1s) }}",
    ]
    return Draft(
        "LogQL, PromQL and TraceQL queries",
        "text/x-query",
        "\n".join(lines),
        _READ_ONLY,
        "Nothing to undo.",
        tuple(blanks.missing),
    )


def diagnose(subject: Subject) -> Draft:
    """Read-only kubectl commands about the workload and its pods."""
    blanks = Blanks()
    workload = subject.workload
    namespace = f"--namespace={blanks.fill(workload.namespace if workload else None, 'namespace')}"
    selector = f"--selector={workload.label}={workload.label_value}" if workload else "--all-namespaces=false"
    commands = [
        ["kubectl", "get", "events", namespace, "--sort-by=.lastTimestamp"],
        ["kubectl", "get", "pods", namespace, selector, "--output=wide"],
        ["kubectl", "describe", "pods", namespace, selector],
        *(["kubectl", "logs", pod, namespace, "--previous", "--tail=500"] for pod in subject.pods[:5]),
        *([["kubectl", "describe", "node", subject.node]] if subject.node else []),
    ]
    lines = comment_lines(["Proposal, not run. Reading only."])
    lines += [command_line(command) for command in commands]
    return Draft(
        "kubectl commands (read-only)",
        "text/x-shellscript",
        "\n".join(lines),
        _READ_ONLY,
        "Nothing to undo.",
        tuple(blanks.missing),
    )
