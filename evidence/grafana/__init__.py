"""The KPI tables for Grafana: SQL that loads PostgreSQL, a dashboard over it, and how to provision both."""

from evidence.grafana.files import grafana_files
from evidence.grafana.reading import INPUTS

__all__ = ["INPUTS", "grafana_files"]
