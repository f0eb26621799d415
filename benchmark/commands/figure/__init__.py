"""``ifan-bench figure``: figures for a paper, one command for each kind."""
