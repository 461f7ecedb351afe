"""A run as one HTML file that needs nothing else: no network, no other file, no build."""

from benchmarks.report.page import render

__all__ = ["render"]
