"""Share IFAN: Hugging Face Hub, model card, export to ONNX and torch.export, conversion of weights."""
