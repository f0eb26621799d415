"""IFAN's training: losses, augmentation, data, settings."""
