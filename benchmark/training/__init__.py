"""The training loop that every network here shares."""
