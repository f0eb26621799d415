"""Checks of plug-ins on mock data: methods, data sets, metrics and protocols."""
