"""Docker as a service: noting how it runs, stopping, starting, and proving that it runs as it did."""
