"""Two photographs of one scene: the homography between them, and how far it can be trusted."""
