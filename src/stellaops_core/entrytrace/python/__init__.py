"""What Python processes load."""
