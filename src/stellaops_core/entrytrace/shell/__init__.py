"""Shell scripts, run on paper."""
