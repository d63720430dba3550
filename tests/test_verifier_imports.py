"""What `evidence.verify` consists of imports the standard library and itself, nothing else."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VERIFIER = (
    "anchors",
    "export_files",
    "findings",
    "parquet_pages",
    "published_faults",
    "run_manifests",
    "thrift",
    "verified_bytes",
    "verify",
)


@pytest.mark.parametrize("module", VERIFIER)
def test_the_verifier_imports_the_standard_library_only(module: str) -> None:
    """And the other modules of the verifier; that for Parquet brings pyarrow once it meets such a file."""
    tree = ast.parse((ROOT / "evidence" / f"{module}.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    foreign = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign <= {f"evidence.{name}" for name in (*VERIFIER, "parquet_rows")}


def test_parquet_is_read_by_a_package_only_when_there_is_some() -> None:
    """Without packages everything else can be verified: nothing is imported with the module."""
    tree = ast.parse((ROOT / "evidence" / "parquet_rows.py").read_text())
    at_once = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in at_once if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in at_once if isinstance(node, ast.ImportFrom)}
    foreign = {name for name in names if name.split(".")[0] not in sys.stdlib_module_names}
    assert {"evidence.anchors", "evidence.parquet_pages", "evidence.times"} == foreign
