"""Owns what other detections change in a history: signals that come and go, incidents caught, noise."""
