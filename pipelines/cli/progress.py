"""Shows a run as it goes: one line per finished step with its rows and seconds, on a terminal only."""

from __future__ import annotations

import sys
from typing import Any


class Progress:
    """Listens to Dagster's events of one run and writes to stderr, so that stdout stays the result."""

    def __init__(self, is_shown: bool | None = None) -> None:
        """`is_shown` None means: when stderr is a terminal."""
        self.is_shown = sys.stderr.isatty() if is_shown is None else is_shown
        self._rows: dict[str, int] = {}
        self._tables: dict[str, int] = {}
        self._checks: dict[str, list[bool]] = {}

    def __call__(self, entry: Any) -> None:
        """Handle one event log entry."""
        event = entry.dagster_event
        if not self.is_shown or event is None or event.step_key is None:
            return
        step = event.step_key
        if event.is_step_materialization and "dagster/row_count" in event.materialization.metadata:
            self._tables[step] = self._tables.get(step, 0) + 1
            self._rows[step] = (
                self._rows.get(step, 0) + event.materialization.metadata["dagster/row_count"].value
            )
        elif event.event_type_value == "ASSET_CHECK_EVALUATION":
            self._checks.setdefault(step, []).append(event.asset_check_evaluation_data.passed)
        elif event.is_step_success or event.is_step_failure:
            self._write(step, event)

    def _write(self, step: str, event: Any) -> None:
        seconds = (
            f"{event.step_success_data.duration_ms / 1000:6.1f} s" if event.is_step_success else "  failed"
        )
        sys.stderr.write(f"  {step.replace('_', ' '):<24}{self._what(step):<28}{seconds}\n")
        sys.stderr.flush()

    def _what(self, step: str) -> str:
        if step in self._tables:
            count = self._tables[step]
            return f"{count:>2} {'table ' if count == 1 else 'tables'} {self._rows[step]:>8,} rows"
        if step in self._checks:
            passed = sum(self._checks[step])
            return f"{passed:>2} of {len(self._checks[step])} checks hold"
        return ""
