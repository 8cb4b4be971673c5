"""The bare framework's pages that the dashboard is measured against."""
