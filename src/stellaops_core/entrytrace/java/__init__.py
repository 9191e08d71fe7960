"""What Java processes load."""
