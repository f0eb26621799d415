"""The method `command`: any program in any environment, started once an image or once for all of them."""
