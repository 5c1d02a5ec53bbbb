"""A make-believe host below a folder: real files, real copies, a pretended systemd and Docker.

The demo shows the tool on it, and tests kill the tool on it, which no real host would survive a hundred times.
"""
