"""Pruning what Docker keeps and nobody uses: what goes and why, the systemd timer for it, and what was done when."""
