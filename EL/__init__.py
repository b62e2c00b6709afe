"""Day 3: learn from experience."""
