"""IFAN for other people and programs: the hub, its model card, ONNX and torch.export, conversion of weights."""
