"""A program of our own that copies a tree while Docker runs: several processes, reading ahead of themselves.

It imports nothing else of the project, so that it starts at once and stays small, and is run as
``python -m dockerd_cfg.copier OPTIONS SOURCE TARGET``.
"""
