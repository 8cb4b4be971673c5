"""One client per external service: fetches bytes, knows nothing about frames."""
