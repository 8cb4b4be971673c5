"""Everything between the datasets and a page: analysis, charts, export and the interface."""
