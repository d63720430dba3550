"""Great Expectations is imported without what only expectations of others need, and misses nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EVALUATED = """
import sys
from contract_rows import rows, unchecked
from expectations.checks import contract_check
from expectations.suites import evaluate
from expectations.tables import TABLES

table = "decision.decisions"
assert all(v.is_success for v in evaluate([contract_check(TABLES[table])], unchecked(table, rows(table))))
assert "great_expectations" in sys.modules
"""
DISTRIBUTIONS = """
import great_expectations.expectations.core.expect_column_kl_divergence_to_be_less_than as kl

assert 0.0 == kl.stats.entropy([1, 1], [1, 1])
assert "Chart" == kl.alt.Chart.__name__
assert {"altair", "scipy.stats"} <= set(sys.modules)
"""


def run(code: str) -> tuple[int, str]:
    """Exit code and standard error of the code in a process of its own, beside this file."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.slow
def test_a_check_imports_neither_distributions_nor_charts() -> None:
    """They are half of what Great Expectations costs, and no check of ours asks for them."""
    code = EVALUATED + "sys.exit(', '.join({'altair', 'scipy.stats'} & set(sys.modules)) or 0)"
    assert (0, "") == run(code)


@pytest.mark.slow
def test_an_expectation_that_needs_them_finds_them() -> None:
    """What was left out is imported at its first use."""
    assert (0, "") == run(EVALUATED + DISTRIBUTIONS)


@pytest.mark.slow
def test_spark_stays_out_of_a_check() -> None:
    """Great Expectations would import Spark wherever it is installed, with seconds and warnings."""
    code = EVALUATED + "sys.exit(', '.join({'pyspark'} & set(sys.modules)) or 0)"
    assert (0, "") == run(code)


def test_what_was_absent_can_be_imported_afterwards() -> None:
    """Only what is imported inside finds it missing."""
    code = """
import contextlib, sys
from expectations.deferral import absent

with absent("wave"):
    with contextlib.suppress(ImportError):
        import wave
    assert "wave" not in globals()
import wave
"""
    assert (0, "") == run(code)
