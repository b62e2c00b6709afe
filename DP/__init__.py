"""Day 1-2: plan from a model."""
