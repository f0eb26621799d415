"""3-D scenes with true depth, composed at random and rendered with POV-Ray, to train on."""
