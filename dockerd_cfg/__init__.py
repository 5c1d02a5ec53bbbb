"""Manage the Docker daemon's configuration and the place of its storage."""

__version__ = "0.1.0"
