"""LPIPS with AlexNet: weights, network, metric."""
