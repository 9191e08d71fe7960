"""Programs that run others: launchers, supervisors, the scripts of projects."""
