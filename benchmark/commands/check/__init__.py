"""Commands that check a plug-in, one for each kind."""
