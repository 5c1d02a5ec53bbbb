"""What the host is: one gateway for each kind of thing outside the tool, and the facts read through them."""
