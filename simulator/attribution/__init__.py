"""Owns which clauses turn a decision: all minimal sets of them, and the evidence that they read."""
