"""Commands that check a plug-in, one a kind."""
