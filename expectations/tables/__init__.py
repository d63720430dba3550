"""Every published table, in the order of the stages."""

from expectations.contracts import TableContract
from expectations.tables import decision, enrichment, handoff, intake, kpis, quality

STAGES = ("intake", "quality", "enrichment", "decision", "handoff", "kpis")
TABLES: dict[str, TableContract] = {
    contract.name: contract
    for stage in (intake, quality, enrichment, decision, handoff, kpis)
    for contract in stage.TABLES
}
