"""Owns replay under injected faults: variants of recorded evidence, invariants, and ablation."""
