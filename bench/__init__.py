"""Benchmarks against peers: one command each, results as JSON with hardware, versions and date."""
