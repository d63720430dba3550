"""Owns the figures of a comparison: counts, paired shifts with their spread, and what they cannot show.

Every figure is observed on the recorded incidents: how two playbook versions decide the same evidence.
None of them is a duration that would have been, because nobody acted on a replay. Probabilities and
bounds are decimal texts, so that the same input gives the same bytes everywhere.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simulator.report_parts import Count, Frozen

Decimal = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]


class Interval(Frozen):
    """An interval of 95 %, both ends included: of a share by a seeded bootstrap, of a median by ranks."""

    low: Decimal
    high: Decimal


class PairedCount(Frozen):
    """How many incidents have a property under each bundle, and how many gain or lose it."""

    incident_count: Count = Field(description="Incidents that were compared.")
    baseline_count: Count
    candidate_count: Count
    gained_count: Count = Field(description="Without it before, with it now.")
    lost_count: Count = Field(description="With it before, without it now.")
    difference: Interval | None = Field(
        description="Of candidate minus baseline, as a share of the incidents; null where too few."
    )
    p_value: Decimal | None = Field(
        description="Exact McNemar test, two-sided, with six significant digits (below 1e-100: as 1e-100); "
        "null where no incident is discordant."
    )


class TimeShift(Frozen):
    """Candidate minus baseline, in seconds from the first signal to the decision."""

    incident_count: Count
    earlier_count: Count
    later_count: Count
    same_count: Count
    median_seconds: int | None
    p90_seconds: int | None
    median_interval: Interval | None = Field(description="Null where too few.")


class RoleLoad(Frozen):
    """How often one role is asked to approve."""

    role: str
    baseline_count: Count
    candidate_count: Count


class Summary(Frozen):
    """What the change means over all incidents."""

    incident_count: Count
    same_count: Count = Field(description="Neither decision nor path nor anything said about them changed.")
    decision_count: Count = Field(description="Decisions that changed.")
    path_count: Count = Field(description="Same decision, other recommendations on the way.")
    cosmetic_count: Count | None = Field(
        description="Same decision and path, something else said about them; null where not looked for, "
        "in a history too large: then they are among those that are the same."
    )
    classes: dict[str, Count] = Field(description="Changed incidents by the class that names them.")
    all_classes: dict[str, Count] = Field(
        description="Changed incidents by every class that fits: what a gate asks about."
    )
    time_to_decision: TimeShift
    approval_required: PairedCount = Field(description="Decisions that need an approval: the approval load.")
    role_loads: tuple[RoleLoad, ...] = Field(description="By role.")
    automatic: PairedCount = Field(
        description="Decisions that may begin automatically, those that change nothing among them."
    )
    active: PairedCount = Field(description="Decisions that would change a running system.")
    unattended: PairedCount = Field(
        description="Decisions that would change a running system automatically, without approval or check."
    )
    labelled_right: PairedCount = Field(description="Labelled incidents decided as the reviewer says.")
    unlabelled_count: Count
    minimum_detectable_difference: Decimal | None = Field(
        description="Smallest net share of labelled incidents whose change in correctness a test at 5 % "
        "would find four times in five with so many, as many of them changing as here, or, where it is more "
        "than these, all of it one way; null where too few are labelled."
    )
    notes: tuple[str, ...] = Field(description="What the figures cannot show, such as 'too few incidents'.")
