"""Every published table, in the order of the stages."""

from expectations.contracts import TableContract
from expectations.tables import ablations, decision, enrichment, handoff, intake, kpis, quality, replay

# Replay stands beside the stages: it decides again what they have decided, under other playbooks.
STAGES = ("intake", "quality", "enrichment", "decision", "handoff", "replay", "kpis")
TABLES: dict[str, TableContract] = {
    contract.name: contract
    for stage in (intake, quality, enrichment, decision, handoff, replay, ablations, kpis)
    for contract in stage.TABLES
}
