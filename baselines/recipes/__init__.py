"""Methods that only their authors' code runs: a recipe says how, and the user has the repository."""
