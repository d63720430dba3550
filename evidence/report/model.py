"""The weekly report as a frozen model: every figure with its n and interval, and the incidents behind it.

Both formats are rendered from it, so that both say the same. Text that is not ours stands between “ and ”
in a sentence, as in handoffs. Durations are whole seconds, shares whole per cent.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from evidence.redaction import shown

NAME_MAX = 100
FORMAT: Literal["incident-evidence/weekly-report"] = "incident-evidence/weekly-report"

Count = Annotated[int, Field(ge=0)]
Percent = Annotated[int, Field(ge=0, le=100)]


class Frozen(BaseModel):
    """A part of the report: immutable, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Link(Frozen):
    """Where something is shown: what it is, and the address."""

    label: str
    url: str


class Incident(Frozen):
    """An incident that some figure rests on; the first link leads to its handoff page, where there is one."""

    incident_id: str
    title: str
    links: tuple[Link, ...] = ()

    @property
    def name(self) -> str:
        """Its id, as it may be shown."""
        return shown(self.incident_id, NAME_MAX)


class Spread(Frozen):
    """The measured times of some incidents. Below six the bounds are None: only what was seen is said."""

    n: Count = 0
    open_count: Count = 0
    excluded_count: Count = 0
    median_seconds: Count | None = None
    p90_seconds: Count | None = None
    mean_seconds: Count | None = None
    interval_low_seconds: Count | None = None
    interval_high_seconds: Count | None = None

    @property
    def interval(self) -> tuple[int, int] | None:
        """The 95 % interval of the median, in seconds; None where there are too few."""
        if self.interval_low_seconds is None or self.interval_high_seconds is None:
            return None
        return self.interval_low_seconds, self.interval_high_seconds


class Share(Frozen):
    """So many of so many, with the 95 % interval of the share in per cent; None where there are too few."""

    count: Count
    of: Count
    low: Percent | None = None
    high: Percent | None = None


class SpreadRow(Frozen):
    """One value of a dimension: its times in the week, in the weeks before, and the week's incidents."""

    dimension: str
    label: str
    week: Spread
    before: Spread
    incidents: tuple[str, ...]


class ShareRow(Frozen):
    """One way in which incidents were handled: how many of the week's, of those before, and which."""

    label: str
    meaning: str
    week: Share
    before: Share
    incidents: tuple[str, ...]


class Point(Frozen):
    """One incident in a strip chart: its column, the week within the trend (0 the oldest), and its time."""

    column: Count
    week: Count
    seconds: Count
    label: str
    is_of_week: bool
    url: str = ""


class Mark(Frozen):
    """What stands in a column of a strip chart beside its points: the median and its interval, in seconds."""

    column: Count
    spread: Spread


class Strip(Frozen):
    """A strip chart: a column for each value of a dimension, or for each week; every incident is a point.

    One by week has the median of the weeks before as well, in `before`.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    points: tuple[Point, ...]
    marks: tuple[Mark, ...]
    before: Spread = Spread()
    week_count: Count
    is_by_week: bool = False
    left_out: str = ""


class Stack(Frozen):
    """A stacked bar for each week; every series has a count a week."""

    name: str
    title: str
    weeks: tuple[str, ...]
    series: tuple[tuple[str, tuple[Count, ...]], ...]


class Times(Frozen):
    """One measured time: what it is, its rows (the first is that of all incidents) and its charts."""

    name: str
    title: str
    meaning: str
    table: str
    rows: tuple[SpreadRow, ...]
    charts: tuple[Strip, ...]
    notes: tuple[str, ...] = ()


class Shares(Frozen):
    """One way to count incidents, with a chart over the weeks."""

    name: str
    title: str
    meaning: str
    table: str
    rows: tuple[ShareRow, ...]
    chart: Stack | None = None
    notes: tuple[str, ...] = ()


class Answer(Frozen):
    """One question of the review and which incidents got which answer; `share` is yes of those answered."""

    question: str
    share: Share
    yes: tuple[str, ...]
    no: tuple[str, ...]
    unlabelled: tuple[str, ...]


class Opinion(Frozen):
    """What one reviewer answered last, and when; RFC 3339."""

    by: str
    at: str
    answer: str


class Dispute(Frozen):
    """A question about one incident to which reviewers' latest answers differ; the opinions by time."""

    incident_id: str
    question: str
    opinions: tuple[Opinion, ...]


class Review(Frozen):
    """The quality review of the week's incidents. `after_cut`: reviewed after the week's end."""

    answers: tuple[Answer, ...]
    agrees: tuple[str, ...]
    differs: tuple[str, ...]
    unlabelled: tuple[str, ...]
    disputes: tuple[Dispute, ...]
    after_cut: tuple[str, ...]


class Lesson(Frozen):
    """What one incident teaches, in sentences."""

    incident_id: str
    first_signal: str
    what_mattered: str
    stalled_at: str
    stalled: str
    action: str


class Stall(Frozen):
    """A gate that no active action passed, and the incidents in which it did not."""

    gate: str
    incidents: tuple[str, ...]


class Gap(Frozen):
    """Something that the evidence of some of the week's incidents is known to lack."""

    what: str
    count: Count
    incidents: tuple[str, ...]


class Quality(Frozen):
    """How whole the evidence of the week's incidents is."""

    record_count: Count
    evidence_count: Count
    duplicate_count: Count
    quarantined_count: Count
    complete: Share
    gaps: tuple[Gap, ...]
    quarantine: tuple[Gap, ...]
    missing: tuple[Gap, ...]


class Restated(Frozen):
    """One figure of the week that was another one at its end, and the incidents because of which it is."""

    figure: str
    known: str
    now: str
    incidents: tuple[str, ...]


class LateIncident(Frozen):
    """An incident that counts otherwise than at the week's end: why, and the records that came late.

    `arrivals` says how many, of which tools and when; `records` are the first of them.
    """

    incident_id: str
    reasons: tuple[str, ...]
    late_count: Count
    arrivals: str
    records: tuple[str, ...]


class Restatement(Frozen):
    """What late evidence changed about the week; `arrivals` and its count are of all that came late."""

    figures: tuple[Restated, ...]
    incidents: tuple[LateIncident, ...]
    late_count: Count
    arrivals: str


class Report(Frozen):
    """One week. `cut` is its end, RFC 3339; `changes` and `unsaid` are one sentence each.

    `records_end` is when the last record of all arrived, RFC 3339, or None without any: the week is `over` by
    then, or `running`, or `ahead` of all that is known.

    `detected` are the incidents that were detected in it, as far as anything was decided of them; `lessons`
    are those of the first of them.
    """

    format: Literal["incident-evidence/weekly-report"] = FORMAT
    week: str
    monday: str
    sunday: str
    cut: str
    records_end: str | None = None
    standing: Literal["over", "running", "ahead"] = "over"
    playbook: str
    trend: tuple[str, ...]
    detected: tuple[str, ...]
    last_week_count: Count
    changes: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    times: tuple[Times, ...]
    coverage: Shares
    outcomes: Shares
    approvals: Shares
    review: Review
    stalls: tuple[Stall, ...]
    lessons: tuple[Lesson, ...]
    quality: Quality
    restatement: Restatement
    incidents: tuple[Incident, ...]
