"""From runs and published figures to tables and comparisons; no image is computed."""
