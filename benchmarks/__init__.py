"""Measurements beside PyTorch: ``python -m benchmarks``."""
