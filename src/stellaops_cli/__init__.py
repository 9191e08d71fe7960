"""The `stella` command: parse, call the core, render."""
