"""Owns which files the graph leads to from each asset: its function, its contract and its SQL."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from expectations.tables import TABLES

METADATA_KEY = "dagster/code_references"
_ROOT = Path(__file__).resolve().parent.parent
_CONTRACTS = _ROOT / "expectations" / "tables"


def with_code_references(assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """The same assets, each leading to the lines that say what it is, as places on this machine."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(_CONTRACTS.glob("*.py"))}
    with warnings.catch_warnings():
        # Beta in Dagster 1.13, which says so for every single place; a test holds us to what the UI reads.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return [
            asset.map_asset_specs(lambda spec: _with_places_of_table(spec, texts))
            for asset in dg.with_source_code_references(assets)
            if isinstance(asset, dg.AssetsDefinition)
        ]


def _with_places_of_table(spec: dg.AssetSpec, texts: dict[Path, str]) -> dg.AssetSpec:
    found = spec.metadata[METADATA_KEY]
    assert isinstance(found, dg.CodeReferencesMetadataValue)
    places = [*found.code_references, *_places_of_table(".".join(spec.key.path), texts)]
    value = dg.CodeReferencesMetadataValue(code_references=places)
    return spec.merge_attributes(metadata={METADATA_KEY: value})


def _places_of_table(name: str, texts: dict[Path, str]) -> Iterator[dg.LocalFileCodeReference]:
    """Contract of the table, and its SQL where a file bears its name; nothing for what is no table."""
    if name not in TABLES:
        return
    declared = f'    "{name}",\n'  # the first argument of its contract
    for path, text in texts.items():
        if declared in text:
            line = text[: text.index(declared)].count("\n") + 1
            yield dg.LocalFileCodeReference(file_path=str(path), line_number=line, label="contract")
    contract = TABLES[name]
    for path in sorted((_ROOT / "evidence" / contract.stage).glob(f"{contract.table}.sql")):
        yield dg.LocalFileCodeReference(file_path=str(path), line_number=1, label="SQL")
