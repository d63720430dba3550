"""The minimum context set, declared once: five fields without which no active response may be recommended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContextField:
    """One field of the set. `present_when` is SQL over a row of `enrichment.incident_states`."""

    name: str
    columns: tuple[str, ...]
    present_when: str
    purpose: str


# Source of the set and of each purpose: the event contract of cloud-native response automation
# ("Service or workload, Severity, Environment, Recent change data, Owner").
MINIMUM_CONTEXT: tuple[ContextField, ...] = (
    ContextField(
        "service_or_workload",
        ("service", "workload", "principal"),
        # For an identity incident the principal stands in for the service.
        "service is not null or workload is not null or principal is not null",
        "tells automation where to act",
    ),
    ContextField("severity", ("severity",), "severity is not null", "decides whether automation can proceed"),
    ContextField(
        "environment",
        ("environment",),
        "environment is not null",
        "separates production from lower-risk targets",
    ),
    ContextField(
        "recent_change_data",
        ("is_change_seen",),
        # "No change" is known only where a change source covers the window; else the column is NULL.
        "is_change_seen is not null",
        "helps distinguish a bad rollout from a platform issue",
    ),
    ContextField("owner", ("owner",), "owner is not null", "defines who is pulled in when automation stops"),
)
