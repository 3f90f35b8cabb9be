"""The sandbox of the decoding child: Landlock, seccomp, limits."""
