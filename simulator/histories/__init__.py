"""Owns where history comes from: the warehouse, a folder, recorded incidents, or invented ones."""
