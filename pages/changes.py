"""Digest: what changed from one snapshot to the next, each line with its link."""

from monitor.ui import blocks, changes

with blocks.page():
    changes.show()
