"""Owns the examination of one playbook: its health on history, its proofs, its mutants."""
