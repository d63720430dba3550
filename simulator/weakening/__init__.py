"""Owns what a candidate gives up of approvals and safeties, found in the two bundles alone."""
