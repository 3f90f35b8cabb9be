"""From a segment to appearances to candidates."""
