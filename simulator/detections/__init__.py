"""Detections over recorded history: what rules would have caught, when, with what noise."""
