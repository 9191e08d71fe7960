"""The order of versions, an ecosystem a file."""
