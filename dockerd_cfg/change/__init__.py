"""Changing a host: plans, steps, the journal and the engine; nothing here knows what Docker is."""
