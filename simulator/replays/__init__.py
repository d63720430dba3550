"""Owns replay: any number of bundles over one history, in bounded memory, and the runs that come of it."""
