"""Where Docker's disk space goes, and what of it could be had back."""
