"""DMENet: network, weights, method, training."""
