"""Review of candidates: results, clips, groups, verdicts, decoys."""
