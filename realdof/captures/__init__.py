"""Captures: folders of scenes, checks of how they were shot, and sorting of loose shots into scenes."""
