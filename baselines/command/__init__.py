"""The method `command`: an external program, started once for each image or once for all images."""
