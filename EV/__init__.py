"""Day 6: evolution. Search with a population instead of a gradient."""
