"""Container logs: the log options of containers that exist already."""
