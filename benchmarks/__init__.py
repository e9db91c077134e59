"""Benchmarks: one question a file, one subprocess a system, JSON out."""
