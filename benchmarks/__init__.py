"""Owns the measurements of the project's own speed: `make bench`, which prints ratios from one run."""
