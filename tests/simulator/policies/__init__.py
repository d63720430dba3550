"""Tests of policies on recorded history."""
