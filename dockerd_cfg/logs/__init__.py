"""Container logs: what they take, what limits them, and the options of containers that exist already."""
