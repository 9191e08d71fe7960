"""Stella Ops as a library."""
