"""Everything virtual: rig, views, sensor, scenery, shots and the truth about them."""
