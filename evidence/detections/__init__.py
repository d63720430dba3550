"""Detections: Sigma rules, loaded strictly and evaluated over raw records as sets."""
