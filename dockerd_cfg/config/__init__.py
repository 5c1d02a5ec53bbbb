"""The text of daemon.json: scan it, edit it, and know what its options mean."""
