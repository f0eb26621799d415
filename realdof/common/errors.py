"""Exceptions that end a command with one sentence: the user's input is wrong, or the user pressed Ctrl-C."""


class InputError(Exception):
    """Bad input, described in one sentence: which file, what was found, what would be right.

    The command lines print it without a traceback and exit with status 2.
    """


class Stopped(Exception):
    """The user pressed Ctrl-C; the message says in one sentence what is kept and how to continue. Exit status 130."""
