"""The web report of a results folder: tables, charts and pictures; and figures for papers."""
