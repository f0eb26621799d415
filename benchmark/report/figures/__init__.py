"""Figures for a paper, drawn from a results folder."""
