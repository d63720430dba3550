"""Owns policies on recorded history: proposals judged otherwise, and OPA's logged decisions replayed."""
