"""Owns the comparison of two playbooks: what changed, what it means, its figures and its pages."""
