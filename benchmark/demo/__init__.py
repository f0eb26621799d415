"""A page in the browser that deblurs one photograph with any method that is ready on this machine."""
