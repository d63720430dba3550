"""Reads GitHub Actions: workflow runs (the REST list, `workflow_run` webhooks) and `workflow_job` webhooks.

Recognised by `head_sha` and `workflow_id`, or a job's `run_id`, of the record or of its `workflow_run` or
`workflow_job`. A run is a change when the name or file of its workflow says that it deploys (deploy, release,
rollout, promote, publish): it began at `run_started_at`, and what came of it is known at `updated_at`. Any
other run, and every job, is something that happened. A webhook that asks for a review says that a deployment
waits for people. Wrong can be: times, an unknown status. Identity: id, attempt and last update.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from evidence.readers import fields
from evidence.readers.contract import Around, Event, Gap, Json, Page, Reader, SourceFacts
from evidence.readers.github_deployments import repository_of
from evidence.readers.github_pages import pages_missing

APPLICATION_LIFECYCLE = 6002
STATUSES = frozenset({"completed", "in_progress", "pending", "queued", "requested", "waiting"})
FAILURES = frozenset({"failure", "startup_failure", "timed_out"})
# Conclusions of a run of which no step, or not every one, was carried out.
_NOT_RUN = frozenset({"action_required", "skipped", "stale"})
_DEPLOYS = re.compile(r"(?i)(?<![a-z])(?:deploy|promot|publish|releas|roll-?out)")


def is_record(record: Json) -> bool:
    """Whether it is a run, or a webhook body of a run or a job that tells of no deployment besides."""
    if "deployment" in record or "deployment_status" in record:
        return False
    if isinstance(record.get("workflow_job"), dict):
        return "run_id" in record["workflow_job"]
    # An entry of the audit log has a run's fields beside its action.
    run = record.get("workflow_run", {} if "action" in record else record)
    return isinstance(run, dict) and "head_sha" in run and "workflow_id" in run


def is_envelope(envelope: Json) -> bool:
    """Whether it is a page of runs."""
    return isinstance(envelope.get("workflow_runs"), list) and "total_count" in envelope


def page_gaps(pages: Sequence[Page]) -> Iterable[tuple[Page, Gap]]:
    """Runs that GitHub counts and that are on no page here."""
    return pages_missing(pages, "total_count", "workflow runs")


def read(record: Json, around: Around) -> Iterable[Event]:
    """The events of a run or a job."""
    if "workflow_job" in record:
        return list(_job(record, fields.mapping(record, "workflow_job")))
    run, at = _unwrap(record)
    shared = _shared(record, run, at)
    if "reviewers" in record:
        return list(_review(record, shared))
    return list(_run(run, at, shared))


def identity(record: Json) -> str | None:
    """The run at its last update, the job at its status; a request for review by its time."""
    if "workflow_job" in record:
        job = record["workflow_job"]
        uid, version = fields.loose_text(job, "id"), f"{job.get('status')} {job.get('conclusion')}"
    else:
        run, _ = _unwrap(record)
        uid = fields.loose_text(run, "id")
        version = (
            f"{run.get('run_attempt')} {record.get('since') or run.get('updated_at')} {run.get('status')}"
        )
        # What was given a title for its name is a deployment in a webhook's words, perhaps, and not in these.
        version += "" if "workflow" in record or run.get("name") != run.get("display_title") else " by title"
    return f"{uid} {version}" if uid else None


def _unwrap(record: Json) -> tuple[Json, str]:
    if "workflow_run" in record:
        return fields.mapping(record, "workflow_run"), "/workflow_run"
    return record, ""


def _shared(record: Json, run: Json, at: str) -> Event:
    actor = fields.optional_mapping(run, "triggering_actor", at) or fields.optional_mapping(run, "actor", at)
    sha = fields.text(run, "head_sha", at)
    inner = fields.loose_text(fields.loose_mapping(run, "repository"), "full_name")
    return {
        "class_uid": APPLICATION_LIFECYCLE,
        "name": f"workflow {_workflow(record, run, at)}",
        "repository": inner or repository_of(record, {}, at),
        "revision": sha,
        "commit_sha": sha,
        "branch": fields.optional_text(run, "head_branch", at),
        "initiator": fields.optional_text(actor, "login", f"{at}/actor"),
        "source_url": fields.optional_text(run, "html_url", at),
    }


def _workflow(record: Json, run: Json, at: str) -> str:
    """The workflow's name, else its file; a run's own name may be its commit's title."""
    named = fields.loose_text(fields.loose_mapping(record, "workflow"), "name")
    name = named or fields.optional_text(run, "name", at)
    path = fields.optional_text(run, "path", at) or fields.loose_text(
        fields.loose_mapping(record, "workflow"), "path"
    )
    return " ".join(part for part in (name, f"({path.partition('@')[0]})" if path else None) if part)


def _run(run: Json, at: str, shared: Event) -> Iterator[Event]:
    status = fields.text(run, "status", at)
    if status not in STATUSES:
        raise fields.invalid(f"{at}/status", status, f"one of {', '.join(sorted(STATUSES))}")
    conclusion = fields.optional_text(run, "conclusion", at)
    is_deploying = bool(_DEPLOYS.search(shared["name"])) and conclusion not in _NOT_RUN
    if is_deploying and status in ("in_progress", "completed"):
        key = "run_started_at" if run.get("run_started_at") else "created_at"
        begun: Event = {**shared, "kind": "change", "activity": "deployed", "status": "in_progress"}
        yield {**begun, "pointer": f"{at}/{key}", **fields.moment_at(run, key, at)}
    yield {
        **shared,
        **_outcome(status, conclusion, is_deploying),
        "pointer": at,
        **fields.moment_at(run, "updated_at", at),
    }


def _outcome(status: str, conclusion: str | None, is_deploying: bool) -> Event:
    """What is known at the last update: of a deployment that failed, part may have been carried out."""
    is_failed = conclusion in FAILURES
    found: Event = {
        "kind": "lifecycle",
        "activity": "run",
        "status": conclusion or status,
        "severity_id": 3 if is_failed else 1,
    }
    if is_deploying and status == "completed":
        found["kind"] = "change"
        found["activity"] = "deployed" if conclusion == "success" else "configured"
    return found


def _job(record: Json, job: Json) -> Iterator[Event]:
    """One event, at the latest time that the job's status has."""
    at = "/workflow_job"
    status = fields.text(job, "status", at)
    if status not in STATUSES:
        raise fields.invalid(f"{at}/status", status, f"one of {', '.join(sorted(STATUSES))}")
    keys = ("completed_at",) if status == "completed" else ("started_at", "created_at")
    key = next((key for key in keys if job.get(key)), keys[-1])
    workflow = fields.optional_text(job, "workflow_name", at) or "without a name"
    conclusion = fields.optional_text(job, "conclusion", at)
    sha = fields.text(job, "head_sha", at)
    yield {
        "class_uid": APPLICATION_LIFECYCLE,
        **_outcome(status, conclusion, is_deploying=False),
        "pointer": at,
        "activity": "job",
        "name": f"workflow {workflow}: {fields.text(job, 'name', at)}",
        "repository": repository_of(record, {}, at),
        "revision": sha,
        "commit_sha": sha,
        "branch": fields.optional_text(job, "head_branch", at),
        "source_url": fields.optional_text(job, "html_url", at),
        **fields.moment_at(job, key, at),
    }


def _review(record: Json, shared: Event) -> Iterator[Event]:
    """A deployment that waits for approval: nothing has changed yet."""
    requestor = fields.optional_mapping(record, "requestor")
    yield {
        **shared,
        "kind": "lifecycle",
        "activity": "review requested",
        "status": "waiting",
        "severity_id": 1,
        "pointer": "/since",
        "environment": fields.optional_text(record, "environment"),
        "initiator": fields.optional_text(requestor, "login", "/requestor"),
        **fields.moment_at(record, "since", ""),
    }


READER = Reader(
    "github_workflow_runs",
    "github",
    is_record,
    read,
    identity,
    containers=(("workflow_runs",),),
    is_envelope=is_envelope,
    page_gaps=page_gaps,
    facts=SourceFacts(
        tool="GitHub",
        written_by="`gh api --paginate repos/OWNER/NAME/actions/runs`; webhooks `workflow_run`, "
        "`workflow_job`, `deployment_review`",
        record="one run; one webhook body",
        read="runs of workflows whose name or file says that they deploy as changes; other runs, jobs and "
        "requests for review as what happened",
        ignored="steps, pull requests, check suites, logs",
        gaps=("more_available",),
        forgeable=("name", "branch", "initiator"),
        trust="whoever may push names workflows and branches; a webhook's signature is outside the file",
        class_uids=(APPLICATION_LIFECYCLE,),
    ),
)
