"""A report of a long history is written in the time that a person waits for it."""

from __future__ import annotations

import time

import pytest

from evidence.report import parse_week, render_html, render_markdown, report_of

from .made import opened
from .test_report_figures import WEEK, history

INCIDENTS = 10_000
CPU_SECONDS_MAX = 6
PAGE_BYTES_MAX = 1_000_000


@pytest.mark.slow
def test_ten_thousand_incidents_take_seconds() -> None:
    """Three thousand of them in the week itself; the page stays one that a telephone opens."""
    connection = opened(history(9, INCIDENTS))
    begun = time.process_time()
    report = report_of(connection, parse_week(WEEK))
    page, ticket = render_html(report), render_markdown(report)
    assert time.process_time() - begun < CPU_SECONDS_MAX
    assert len(page.encode()) < PAGE_BYTES_MAX
    assert len(report.detected) > INCIDENTS // 50
    assert " and " in ticket and " more" in ticket
