"""A web page that deblurs a photograph with any method that is ready on this machine."""
