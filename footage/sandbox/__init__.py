"""How a decoding child is confined: Landlock, seccomp, limits."""
