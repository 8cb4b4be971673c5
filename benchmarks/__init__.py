"""Reproducible measurements of the dashboard beside the bare framework; nothing here is a test. See docs/performance.md."""
