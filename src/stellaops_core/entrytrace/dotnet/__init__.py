"""What .NET processes load."""
