"""What Node processes load."""
