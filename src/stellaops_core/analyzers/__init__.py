"""What is installed: one file per ecosystem on the seam of `analyzer.py`."""
