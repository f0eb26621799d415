"""Processes of this project: who they are, what they claim, and how work is spread over them."""
