"""Methods: what every number means, from the constants the code uses."""

from monitor.ui import blocks, methods

with blocks.page():
    methods.show()
