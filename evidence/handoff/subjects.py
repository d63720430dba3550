"""Finds, in the evidence as of the decision, the names and times that a proposal needs."""

from __future__ import annotations

import ipaddress

from evidence.handoff.case import Case, Row
from evidence.handoff.inert import quote
from evidence.handoff.model import Approval, Owner
from evidence.handoff.proposals import Brief, Subject, Workload
from evidence.handoff.releases import release_of, text_in_record
from evidence.handoff.words import bare_name
from evidence.redaction import shown
from evidence.times import NS_PER_SECOND, format_rfc3339

CATALOGUE_LABEL = "backstage.io/kubernetes-id"  # by which Backstage finds a component's objects
PLAIN_LABEL = "app.kubernetes.io/name"
_BEFORE_SECONDS = 1800
_FAULT_SEVERITY = 3  # medium: a warning in the life cycle of a pod
_ON_RESOURCES = frozenset({"close_public_exposure", "delete_resource"})
_SESSION_POINTER = "/userIdentity/principalId"  # of CloudTrail: a role's id and the session's name
# Fields of a Falco record that hold the far end of a connection.
_REMOTE_POINTERS = ("/output_fields/fd.rip", "/output_fields/fd.sip")


def subject_of(
    case: Case,
    owner: Owner,
    given: Approval,
    commander: str,
    brief: Brief,
) -> Subject:
    """Everything that is known and a proposal may use; what is unknown stays None."""
    state, decision = case.state, case.decision
    release = release_of(case)
    exposure = case.supporting_event("is_public_exposure", "is_customer_data_touched")
    identity = _identity_event(case)
    option = case.option_row(decision["action"])
    start, end = window(case)
    return Subject(
        incident_id=case.incident_id,
        title=shown(case.incident["title"]),
        action=decision["action"],
        target=decision["target"],
        acts_on=acts_on(case),
        execution_model=option["execution_model"] if option else "none",
        approvers=tuple(decision["approvers"]),
        readers=_readers(given),
        as_of=format_rfc3339(case.decided_at // NS_PER_SECOND * NS_PER_SECOND),
        addressee=owner.addressee,
        commander=commander,
        environment=state["environment"],
        service=state["service"],
        workload=_workload(case),
        workload_kind=_workload_kind(case),
        cluster=state["cluster"],
        node=state["node"],
        pods=_pods(case),
        failing_pods=_failing_pods(case),
        dependencies=_dependencies(case),
        unplaced_dependencies=_unplaced_dependencies(case),
        remote_ip=_remote_ip(case),
        account=_first(case, "account_uid", exposure, identity),
        region=_first(case, "region", exposure, identity),
        principal=_principal(case, identity),
        session=text_in_record(case, identity, _SESSION_POINTER) if identity is not None else None,
        credential=state["credential_uid"],
        consumers=_consumers(case),
        resource=_column(exposure, "resource"),
        resource_kind=_column(exposure, "resource_kind"),
        application=release.application,
        application_namespace=release.application_namespace,
        repository=release.repository,
        repository_path=release.folder,
        target_revision=release.target_revision,
        previous_target_revision=release.previous_target_revision,
        revision=state["change_revision"],
        previous_revision=state["change_previous_revision"],
        is_auto_sync=release.is_auto_sync,
        helm_release=release.helm_release,
        disposition=decision["disposition"],
        slack_channel=owner.slack_channel,
        dependency_owner=_dependency_owner(case, owner),
        window=(format_rfc3339(start), format_rfc3339(end)),
        brief=brief,
    )


def acts_on(case: Case) -> str | None:
    """What the recommended action would change: the exposed resource, else the decision's target."""
    if case.decision["action"] in _ON_RESOURCES:
        exposure = case.supporting_event("is_public_exposure")
        return _column(exposure, "resource") or case.decision["target"]
    target: str | None = case.decision["target"]
    return target


def _readers(given: Approval) -> tuple[str, ...]:
    return tuple(f"{approver.title}: {approver.contact}" for approver in given.approvers)


def window(case: Case) -> tuple[int, int]:
    """From half an hour before the first signal to the decision; ns UTC."""
    first = case.state["first_signal_at"]
    start = first if first is not None else case.decided_at
    return max(0, start - _BEFORE_SECONDS * NS_PER_SECOND), case.decided_at


def _workload(case: Case) -> Workload | None:
    state, entry = case.state, case.catalogue.entry(case.state["service"])
    namespace = state["namespace"] or _column(entry, "kubernetes_namespace")
    if entry is not None and entry["kubernetes_id"]:
        name = state["workload"] or entry["kubernetes_id"]
        return Workload(namespace or "", name, CATALOGUE_LABEL, entry["kubernetes_id"])
    if state["workload"]:
        return Workload(namespace or "", state["workload"], PLAIN_LABEL, state["workload"])
    return None


def _dependencies(case: Case) -> tuple[Workload, ...]:
    entry = case.catalogue.entry(case.state["service"])
    found = case.catalogue.dependencies(entry) if entry is not None else ()
    return tuple(
        Workload(target["kubernetes_namespace"], target["name"], CATALOGUE_LABEL, target["kubernetes_id"])
        for target in found
        if _has_pods(target)
    )


def _unplaced_dependencies(case: Case) -> tuple[str, ...]:
    entry = case.catalogue.entry(case.state["service"])
    found = case.catalogue.dependencies(entry) if entry is not None else ()
    return tuple(target["name"] for target in found if not _has_pods(target))


def _has_pods(entry: Row) -> bool:
    return bool(entry["kubernetes_namespace"] and entry["kubernetes_id"])


def _dependency_owner(case: Case, owner: Owner) -> str | None:
    """`team, owner of “gateway”` where one slow or failing dependency belongs to somebody else."""
    dependency = case.state["hot_dependency"]
    entry = case.catalogue.entry(dependency)
    name = shown(bare_name(entry["owner"])) if entry is not None and entry["owner"] else None
    return f"{name}, owner of {quote(dependency)}" if name and name != owner.addressee else None


def _pods(case: Case) -> tuple[str, ...]:
    workload, service = case.state["workload"], case.state["service"]
    pods = {
        event["pod"]
        for event in case.known_events
        if event["pod"] and (event["workload"] in (workload, None) or event["service_name"] == service)
    }
    return tuple(sorted(pods))


def _failing_pods(case: Case) -> tuple[str, ...]:
    """The workload's pods that a signal or a fault in their life cycle names; the rest are well so far."""
    ours, signals = frozenset(_pods(case)), case.signal_names
    named = (
        event["pod"]
        for event in case.known_events
        if event["event_id"] in signals
        or (event["kind"] == "lifecycle" and (event["severity_id"] or 0) >= _FAULT_SEVERITY)
    )
    return tuple(sorted(ours.intersection(named)))


def _workload_kind(case: Case) -> str | None:
    """The kind that the state names, else the first that an event known by then states for the workload."""
    workload = case.state["workload"]
    stated = (
        event["workload_kind"]
        for event in case.known_events
        if workload and event["workload"] == workload and event["workload_kind"]
    )
    return case.state["workload_kind"] or next(stated, None)


def _identity_event(case: Case) -> Row | None:
    credential = case.state["credential_uid"]
    using = (event for event in case.known_events if credential and event["credential_uid"] == credential)
    return next(using, None) or case.supporting_event("credential_uid", "principal", "actor")


def _principal(case: Case, identity: Row | None) -> str | None:
    """The identity itself: a key's holder where a record names one, else what the state names."""
    held_by = _column(identity, "actor")
    is_key = case.state["principal"] is not None and case.state["principal"] == case.state["credential_uid"]
    return (held_by if is_key else None) or case.state["principal"] or case.state["actor"] or held_by


def _consumers(case: Case) -> tuple[str, ...]:
    uids = (case.state["credential_uid"], case.state["principal"])
    entries = [entry for uid in uids if (entry := case.catalogue.of_cloud_uid(uid)) is not None]
    names = {
        dependant["name"]
        for entry in entries
        for dependant in case.catalogue.dependants(entry)
        if dependant["kind"] == "component"
    }
    return tuple(sorted(names))


def _remote_ip(case: Case) -> str | None:
    for event in case.known_events:
        if event["kind"] != "detection":
            continue
        for pointer in _REMOTE_POINTERS:
            address = text_in_record(case, event, pointer)
            if address and _is_address(address):
                return address
    return None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _first(case: Case, column: str, *preferred: Row | None) -> str | None:
    rows = (*preferred, *case.known_events)
    return next((row[column] for row in rows if row is not None and row[column]), None)


def _column(row: Row | None, column: str) -> str | None:
    return row[column] if row is not None else None
