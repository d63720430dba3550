"""Commands for a workload in a cluster: replace a failing pod, run a failed job again, add a replica.

Each asks for a dry run, which the API server checks with its admission policies and which changes nothing.
"""

from __future__ import annotations

from evidence.handoff.proposals import names
from evidence.handoff.proposals.blanks import Blanks, in_shell
from evidence.handoff.proposals.quoting import (
    ShellWord,
    command_line,
    comment_lines,
    heading,
    kubernetes_name,
    shell_word,
)
from evidence.handoff.proposals.subject import Draft, Subject

FORMAT = "kubectl command (dry run)"
DRY_RUN = "--dry-run=server"
PODS_MAX = 5
_NAME_MAX = 40  # characters of the job's name in that of the one that runs it again
_SCALABLE = ("Deployment", "ReplicaSet", "StatefulSet")
# What the API server sets on a Job and refuses in a new one.
_OF_THE_OLD_JOB = (
    "del(.metadata.uid, .metadata.resourceVersion, .metadata.creationTimestamp, .spec.selector, .status,"
    ' .spec.template.metadata.labels["controller-uid", "batch.kubernetes.io/controller-uid"])'
)


def restart(subject: Subject) -> Draft:
    """Deletes the failing pods and no other; their controller puts new ones in their place."""
    blanks = in_shell()
    named = subject.failing_pods[:PODS_MAX] or (None,)
    pods = [blanks.fill(pod, "pod", names.dns_subdomain) for pod in dict.fromkeys(named)]
    return _dry_run(
        subject,
        blanks,
        [command_line(["kubectl", "delete", "pod", *pods, _namespace(subject, blanks), DRY_RUN])],
        checks=(
            "The workload keeps no state in its pods.",
            "Logs and a description of each pod are saved: deleting it takes them away.",
            "A controller owns each pod, and the other pods carry the load until the new one is ready.",
        ),
        undo="None needed: a pod of the same template takes the place of each.",
    )


def scale(subject: Subject) -> Draft:
    """One replica more than the pods that the evidence names; refused where the current number is another."""
    blanks = in_shell()
    now: str | ShellWord = str(len(subject.pods))
    more: str | ShellWord = str(len(subject.pods) + 1)
    if not subject.pods:
        now, more = blanks.mark("current replicas"), ShellWord('"$((CURRENT_REPLICAS + 1))"')
    return _dry_run(
        subject,
        blanks,
        [
            command_line(
                [
                    "kubectl",
                    "scale",
                    _workload(subject, blanks),
                    _namespace(subject, blanks),
                    shell_word("--current-replicas=", now),
                    shell_word("--replicas=", more),
                    DRY_RUN,
                ]
            )
        ],
        checks=(
            "The current number of replicas is the one that the command names; at another it is refused.",
            "No HorizontalPodAutoscaler owns the number; else raise its bounds to the same effect.",
            "No GitOps controller puts the number back; else change it in Git to the same effect.",
            "What the workload calls (databases, quotas) bears one more client.",
        ),
        undo="Scale back to the number that was there.",
    )


def rerun_job(subject: Subject) -> Draft:
    """A new Job from the CronJob's template, or from the failed Job."""
    blanks = in_shell()
    workload = subject.workload
    job = blanks.fill(workload.name if workload else subject.target, "job", names.dns_subdomain)
    again = f"{kubernetes_name(workload.name if workload else 'job', _NAME_MAX)}-again"
    namespace = _namespace(subject, blanks)
    create = ["kubectl", "create", "job", again, shell_word("--from=cronjob/", job), namespace, DRY_RUN]
    if subject.workload_kind == "Job":
        read = command_line(["kubectl", "get", "job", job, namespace, "--output=json"])
        anew = command_line(["jq", f'{_OF_THE_OLD_JOB} | .metadata.name = "{again}"'])
        lines = [f"{read} | {anew} | {command_line(['kubectl', 'create', DRY_RUN, '--filename=-'])}"]
    else:
        lines = [command_line(create)]
    return _dry_run(
        subject,
        blanks,
        lines,
        checks=(
            "The job may run twice over the same input.",
            "What made it fail is gone or will not recur at once.",
        ),
        undo="Delete the new Job; what it wrote stays.",
    )


def _dry_run(
    subject: Subject, blanks: Blanks[ShellWord], commands: list[str], *, checks: tuple[str, ...], undo: str
) -> Draft:
    lines = [
        *heading("run", subject.incident_id, subject.title),
        *comment_lines([f"As written it only checks; without {DRY_RUN} it would act."]),
        *commands,
    ]
    return Draft(FORMAT, "text/x-shellscript", "\n".join(lines), checks, undo, blanks.to_fill_in)


def _namespace(subject: Subject, blanks: Blanks[ShellWord]) -> ShellWord:
    workload = subject.workload
    return shell_word(
        "--namespace=", blanks.fill(workload.namespace if workload else None, "namespace", names.dns_label)
    )


def _workload(subject: Subject, blanks: Blanks[ShellWord]) -> ShellWord:
    """`deployment/cart`; the kind is never guessed."""
    workload = subject.workload
    kind = blanks.fill(subject.workload_kind, "kind of the workload", lambda text: text in _SCALABLE)
    name = blanks.fill(workload.name if workload else subject.target, "workload", names.dns_subdomain)
    return shell_word(kind if isinstance(kind, ShellWord) else kind.lower(), "/", name)
