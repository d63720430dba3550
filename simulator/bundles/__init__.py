"""Owns bundles as things to compare: where they are read from, their parts, their difference in clauses."""
