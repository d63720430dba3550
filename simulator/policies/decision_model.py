"""Owns what a replay of OPA's decision logs says: recorded result, new result, or why it cannot be replayed.

Times are as the log states them. Results are JSON; a rule that gives no value is *undefined*, which is no
result at all and not null.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from evidence.handoff.model import Digest
from simulator.report_parts import Count, Frozen

FORMAT: Literal["incident-evidence/policy-replay"] = "incident-evidence/policy-replay"
SCHEMA_VERSION: Literal["1.1.0"] = "1.1.0"


class Outcome(StrEnum):
    """What became of a recorded decision."""

    DIFFERENT = "different"
    SAME = "same"
    NOT_REPLAYABLE = "not-replayable"


class Reason(StrEnum):
    """Why a decision cannot be replayed, in the order in which it is looked for."""

    NO_PATH = "no-path"
    NO_SUCH_PATH = "no-such-path"
    ERASED = "erased"
    MASKED = "masked"
    NONDETERMINISTIC = "nondeterministic"
    RECORDED_ERROR = "recorded-error"
    NO_INPUT = "no-input"
    UNLIKE_OPA = "unlike-opa"
    FAILED = "failed"
    LIMIT = "limit"


REASON_WORDS = {
    Reason.NO_PATH: "an ad-hoc query, or no path at all: no rule is named",
    Reason.NO_SUCH_PATH: "no module of the folder says anything at this path",
    Reason.ERASED: "fields were erased before it was logged",
    Reason.MASKED: "fields were masked before it was logged",
    Reason.NONDETERMINISTIC: "built-ins answered from outside (nd_builtin_cache)",
    Reason.RECORDED_ERROR: "the log holds an error and no result",
    Reason.NO_INPUT: "the log holds no input",
    Reason.UNLIKE_OPA: "it holds what is evaluated otherwise here than by OPA",
    Reason.FAILED: "the evaluation failed",
    Reason.LIMIT: "the evaluation took too much time or memory",
}


class DecisionAnchor(Frozen):
    """Where the raw bytes of the log entry lie; the digest proves them."""

    path: str
    file_sha256: Digest
    ordinal: Count = Field(description="Position of the record in the file, from 0.")
    byte_offset: Count = Field(description="Offset of the record, in decompressed bytes.")
    byte_length: Count
    record_sha256: Digest


class Value(Frozen):
    """A result, or a part of one."""

    is_defined: bool = Field(description="False where there is nothing; the value is null then.")
    value: Any = None


class Difference(Frozen):
    """One place at which the two results differ."""

    pointer: str = Field(description="JSON Pointer in the result; empty for the whole.")
    recorded: Value
    new: Value


class ReplayedDecision(Frozen):
    """One recorded decision: different, or not replayable; those that are the same are counted."""

    incident_id: str
    decision_id: str
    path: str = Field(description="Without slashes around it; the text of an ad-hoc query otherwise.")
    bundles: dict[str, str] = Field(description="Revision of each bundle that the decision rested on.")
    timestamp: str | None
    outcome: Outcome
    reason: Reason | None = Field(description="Null where it was replayed.")
    detail: str = Field(
        description="What exactly, such as the fields that were erased; empty where replayed."
    )
    recorded: Value
    new: Value = Field(description="Nothing where it cannot be replayed.")
    differences: tuple[Difference, ...]
    anchor: DecisionAnchor


class RefusedEntry(Frozen):
    """An entry of a decision log that intake refused: it is no evidence, and nothing is replayed of it."""

    incident_id: str
    reason: str = Field(
        description="From the list of reasons of intake.quarantine; `not_kept` where intake kept the place "
        "of an entry and not its bytes."
    )
    field: str = Field(description="JSON Pointer of the field at fault; empty for the whole entry.")
    detail: str = Field(description="What was found and what was expected.")
    anchor: DecisionAnchor


class PathCount(Frozen):
    """Recorded decisions of one path and one set of bundle revisions."""

    path: str
    bundles: dict[str, str]
    decision_count: Count
    same_count: Count
    different_count: Count
    not_replayable_count: Count


class ModuleRef(Frozen):
    """One module that was evaluated."""

    file: str = Field(description="Below the folder.")
    package: str
    sha256: Digest


class PolicyReplay(Frozen):
    """The answer to: what would these policies have said of the decisions that OPA logged?"""

    format: Literal["incident-evidence/policy-replay"] = FORMAT
    schema_version: Literal["1.1.0"] = SCHEMA_VERSION
    policies: str = Field(description="The folder, as it was asked for.")
    modules: tuple[ModuleRef, ...]
    data_files: tuple[str, ...] = Field(description="Files of data that the modules may read.")
    history: str
    file_count: Count = Field(
        description="Files of whatever kind in which decisions were looked for. Since 1.1.0."
    )
    record_count: Count = Field(description="Records in them, of whatever kind. Since 1.1.0.")
    decision_count: Count = Field(description="Distinct entries of decision logs; copies are counted apart.")
    copy_count: Count = Field(description="Entries whose decision_id was there already; not replayed again.")
    refused_count: Count = Field(description="Records that look like a decision and could not be read.")
    question_count: Count = Field(description="Distinct pairs of path and input: each is evaluated once.")
    same_count: Count
    different_count: Count
    not_replayable_count: Count
    reasons: dict[Reason, Count]
    paths: tuple[PathCount, ...] = Field(description="By path and revisions.")
    decisions: tuple[ReplayedDecision, ...] = Field(
        description="By incident, file and place: those that are different, and those not replayable."
    )
    unlisted_count: Count = Field(description="Such decisions that are counted and not listed.")
    refused: tuple[RefusedEntry, ...] = Field(
        description="By incident, file and place; as many as decisions are listed. Since 1.1.0."
    )
