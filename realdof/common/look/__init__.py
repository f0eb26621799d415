"""The style sheet of all web pages of the toolkit, for light and dark mode, phones and paper."""
