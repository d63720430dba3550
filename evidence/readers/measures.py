"""Owns how a sample becomes a measure: an exact number, scaled to an integer of the settings' unit."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from evidence.readers import fields
from evidence.readers.contract import Around, Event
from evidence.settings import Metric
from evidence.times import NS_MAX


def metric_named(name: str, around: Around) -> Metric | None:
    """What the settings say that a metric of this exact name measures."""
    return next((known for known in around.settings.metrics if known.name == name), None)


def measured(value: Decimal, metric: Metric, written: object, pointer: str) -> Event:
    """The columns of a measure: value times scale, rounded half to even; refused beyond 64 bits."""
    scaled = value * metric.scale if abs(value) <= NS_MAX else Decimal(NS_MAX)
    if abs(scaled) >= NS_MAX:
        raise fields.invalid(pointer, written, f"a value that fits 64 bits in {metric.unit}")
    whole = int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    return {"measure": metric.measure, "measure_value": whole, "measure_unit": metric.unit}
