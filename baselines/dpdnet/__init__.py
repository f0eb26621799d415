"""DPDNet: network, weights, method, training."""
