"""Owns the tabletop: a person decides a recorded incident with the future hidden."""
