"""Writes the reference pages that follow from code: every published table and every column rules may read."""

from __future__ import annotations

from collections.abc import Iterable

from expectations.contracts import Column, Role, TableContract
from expectations.tables import STAGES, TABLES
from expectations.tables.enrichment import STATE_COLUMNS

NOTE = "<!-- Written by `make golden` from {source}; do not edit. -->\n"

STAGE_SENTENCES = {
    "intake": "What was read, what was refused, and what the records say.",
    "quality": "Minimum context, expectations, and what the exports say they lack.",
    "enrichment": "What was known at each moment. `incident_states` is the one table that decisions read.",
    "decision": "Every option side by side, the policies' verdicts and the decision of record.",
    "handoff": "The packages written, and every claim in them with its anchor.",
    "replay": "What every playbook version decides on the same history, and where two of them part.",
    "kpis": "Weekly figures with their spread, and the reviews behind them. [How they are counted](kpis.md).",
}

ROLE_SENTENCES = {
    Role.KEY: "names or bounds the row; no rule reads it",
    Role.FEATURE: "rules, preconditions and policy inputs may read it",
    Role.GRADED: "raises approval or lowers confidence; no rule that supports an active action may read it",
    Role.AGEING: "grows with the moment; only rules that support passive actions alone may read it",
    Role.DESCRIPTIVE: "for people; no rule reads it",
}


def tables_page() -> str:
    """docs/reference/tables.md: every table by stage, with key, columns, types, roles and meaning."""
    parts = [
        NOTE.format(source="`expectations/tables/`"),
        "# Tables\n",
        "Each stage publishes its tables in a DuckDB schema of its own name. Open them with\n"
        "`duckdb warehouse/evidence.duckdb`. Rows are stored in the order of the key, which is unique.\n"
        "Times are integers: nanoseconds since 1970 in UTC. A column without *NULL* always has a value;\n"
        "NULL means unknown. A column marked *location* tells where bytes lie, not what they say, and is\n"
        "outside the digest of its table.\n",
        _list(f"[{stage}](#{stage}): {_names(stage)}" for stage in STAGES),
    ]
    for stage in STAGES:
        parts.append(f"## {stage}\n\n{STAGE_SENTENCES[stage]}\n")
        parts += [_table(contract) for contract in TABLES.values() if contract.stage == stage]
    return "\n".join(parts)


def columns_page() -> str:
    """docs/reference/rule-columns.md: the columns of `enrichment.incident_states` by what a rule may do."""
    parts = [
        NOTE.format(source="`expectations/tables/enrichment.py`"),
        "# What a rule may read\n",
        "A rule's `when`, a precondition and a policy input read columns of `enrichment.incident_states`\n"
        "and nothing else. Every column has a role, and the compiler holds it. Unknown is NULL, and every\n"
        "unknown fails towards doing less: a condition that is not known to be true does not count.\n",
        _list(f"[{role.value}](#{role.value}): {ROLE_SENTENCES[role]}" for role in Role),
    ]
    for role in Role:
        columns = [column for column in STATE_COLUMNS if column.role is role]
        parts.append(f"## {role.value}\n\n{_capital(ROLE_SENTENCES[role])}.\n")
        parts.append(_grid(columns, with_role=False))
    return "\n".join(parts)


def _table(contract: TableContract) -> str:
    facts = [f"Key: {', '.join(f'`{column}`' for column in contract.key)}."]
    if contract.row_count_min:
        facts.append(f"Never empty once `{contract.once}` has rows." if contract.once else "Never empty.")
    if contract.is_location:
        facts.append("Outside the root digest: the same bytes under other file names may change it.")
    with_role = any(column.role is not Role.DESCRIPTIVE for column in contract.columns)
    return "\n".join(
        [
            f"### {contract.name}\n",
            contract.doc + "\n",
            " ".join(facts) + "\n",
            _grid(contract.columns, with_role),
        ]
    )


def _grid(columns: Iterable[Column], with_role: bool) -> str:
    names = ["column", "type", *(["role"] if with_role else []), "meaning"]
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    for column in columns:
        cells = [
            f"`{column.name}`",
            _type(column),
            *([column.role.value] if with_role else []),
            _meaning(column),
        ]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _type(column: Column) -> str:
    words = [column.type.value]
    if column.is_nullable:
        words.append("NULL")
    if column.is_location:
        words.append("location")
    return ", ".join(words)


def _meaning(column: Column) -> str:
    words = ", ".join(f"`{value}`" for value in column.allowed if value)
    return f"{column.doc} One of {words}." if words else column.doc


def _names(stage: str) -> str:
    return ", ".join(f"`{contract.table}`" for contract in TABLES.values() if contract.stage == stage)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items) + "\n"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
