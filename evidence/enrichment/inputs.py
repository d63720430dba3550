"""Owns what states are built by, beside the tables that they are built from: kept with what a run publishes.

Whoever builds the states of a warehouse anew, with other rules, has to build all else alike; and has to know
which rules the published states have been built with.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from evidence.detections.signalling import Detections
from evidence.errors import WarehouseError
from evidence.settings import Settings

ENRICHMENT_INPUTS = "enrichment_inputs.json"


@dataclass(frozen=True, slots=True)
class EnrichmentInputs:
    """`detections_digest` is that of the rules whose hits are signals; None: none."""

    detections_digest: str | None
    change_lookback_seconds: int

    @classmethod
    def of(cls, settings: Settings, detections: Detections | None) -> EnrichmentInputs:
        """What `enrichment.build` is given."""
        return cls(detections.digest if detections else None, settings.change_lookback_seconds)

    def to_bytes(self) -> bytes:
        """As JSON that the same inputs always give."""
        return (json.dumps(asdict(self), indent=2) + "\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> EnrichmentInputs:
        """As `to_bytes` wrote it. Raises WarehouseError for anything else."""
        try:
            return cls(**json.loads(content))
        except (ValueError, TypeError) as error:
            raise WarehouseError(
                f"{ENRICHMENT_INPUTS} is damaged: {error}", remedy="Run `evidence run` again"
            ) from error
