"""``ifan-bench figure``: figures for a paper, one kind a command."""
