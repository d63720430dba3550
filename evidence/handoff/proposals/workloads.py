"""Patches for a workload in a cluster: restart it, run a failed job again, give it more replicas."""

from __future__ import annotations

from evidence.handoff.proposals.quoting import command_line, comment_lines, kubernetes_name, yaml_text
from evidence.handoff.proposals.subject import Blanks, Draft, Subject

RESTART_ANNOTATION = "kubectl.kubernetes.io/restartedAt"


def restart(subject: Subject) -> Draft:
    """The annotation that `kubectl rollout restart` sets; its value is the decision's time."""
    blanks = Blanks()
    lines = [
        *_head(subject, blanks),
        "spec:",
        "  template:",
        "    metadata:",
        "      annotations:",
        f"        {RESTART_ANNOTATION}: {yaml_text(subject.as_of)}",
    ]
    return Draft(
        "kubectl merge patch (rollout restart)",
        "application/yaml",
        "\n".join(lines),
        (
            "The workload keeps no state in its pods.",
            "Logs and a description of the failing pod are saved: a restart takes them away.",
            "The rollout strategy keeps enough pods ready while it replaces them.",
        ),
        "None needed: pods of the same template run again.",
        tuple(blanks.missing),
    )


def scale(subject: Subject) -> Draft:
    """One replica more than the pods that the evidence names; the true number is to be read first."""
    blanks = Blanks()
    count = str(len(subject.pods) + 1) if subject.pods else blanks.fill(None, "current replicas + 1")
    lines = [
        *_head(subject, blanks),
        "spec:",
        f"  replicas: {count if count.isdigit() else yaml_text(count)}",
    ]
    return Draft(
        "kubectl merge patch (scale)",
        "application/yaml",
        "\n".join(lines),
        (
            "spec.replicas is below the proposed number: the evidence names affected pods, maybe not all.",
            "No HorizontalPodAutoscaler owns the number; else raise its bounds to the same effect.",
            "What the workload calls (databases, quotas) bears one more client.",
        ),
        "Set spec.replicas back to the number that was there.",
        tuple(blanks.missing),
    )


def rerun_job(subject: Subject) -> Draft:
    """A new Job from the CronJob's template, as a dry run."""
    blanks = Blanks()
    workload = subject.workload
    name = blanks.fill(workload.name if workload else subject.target, "job")
    namespace = blanks.fill(workload.namespace if workload else None, "namespace")
    again = kubernetes_name(f"{name[:40]}-again")
    words = [
        "kubectl",
        "create",
        "job",
        again,
        f"--from=cronjob/{name}",
        f"--namespace={namespace}",
        "--dry-run=server",
    ]
    lines = [
        *comment_lines(
            ["Proposal, not run. The dry run checks it; without --dry-run=server it would start the job."]
        ),
        command_line(words),
    ]
    return Draft(
        "kubectl command (dry run)",
        "text/x-shellscript",
        "\n".join(lines),
        (
            "The job may run twice over the same input.",
            "What made it fail is gone or will not recur at once.",
        ),
        "Delete the new Job; what it wrote stays.",
        tuple(blanks.missing),
    )


def _head(subject: Subject, blanks: Blanks) -> list[str]:
    workload = subject.workload
    kind = subject.workload_kind or "Deployment"
    version = "v1" if kind == "Pod" else "batch/v1" if kind in ("Job", "CronJob") else "apps/v1"
    return [
        *comment_lines(["Proposal, not applied.", f"Incident {subject.incident_id}: {subject.title}"]),
        f"apiVersion: {version}",
        f"kind: {yaml_text(kind)}",
        "metadata:",
        f"  name: {yaml_text(blanks.fill(workload.name if workload else subject.target, 'workload'))}",
        f"  namespace: {yaml_text(blanks.fill(workload.namespace if workload else None, 'namespace'))}",
    ]
