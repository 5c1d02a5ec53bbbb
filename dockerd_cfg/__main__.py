"""``python -m dockerd_cfg``."""

from dockerd_cfg.cli import main

main()
