"""Bytes to structure; no idea of components."""
