"""Owns the constants of enrichment: definitions rather than thresholds, so that no playbook moves them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

NANOSECONDS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Parameters:
    """Bound into the enrichment statements by name; units last in the names."""

    lookback_ns: int
    # One actor's reads of objects in one marked bucket from which on they are a bulk read.
    bulk_read_count: int = 10
    # A call this slow counts towards a hot dependency, as a failed one does.
    slow_span_ms: int = 500
    # Share of slow or failed calls on one upstream, in a hundred; above half, so that only one can have it.
    hot_share_percent: int = 60
    hot_span_count: int = 5
    # Below these nobody would have set an alert: an alert beside such a metric contradicts it.
    calm_error_rate_ppm: int = 10_000
    calm_latency_ms: int = 200
    # At or above this share of a limit the limit counts as reached.
    pressure_limit_ppm: int = 900_000

    def named_in(self, statement: str) -> dict[str, int]:
        """Those parameters that the statement names, as DuckDB wants them bound."""
        return {name: value for name, value in asdict(self).items() if f"${name}" in statement}
