"""A root that is not running, as a host: an image being built, a chroot, a rescue disk. No service is touched."""
