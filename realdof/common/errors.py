"""The one exception that means: the user's input is wrong, and here is the sentence that says how."""


class InputError(Exception):
    """Bad input, told in one sentence: which file, what was found, what would be right.

    The command lines print it without a traceback and exit with status 2.
    """
