"""Ports to storage and their backends."""
