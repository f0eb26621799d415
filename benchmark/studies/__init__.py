"""Whole studies from one file: methods x data sets x protocols, run where missing, and every table."""
