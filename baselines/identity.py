"""The method `input`: return the defocused image unchanged, as the reference for every other method."""

from benchmark.method import Context, Deblurred, Method, MethodCard, Sample


class Input(Method):
    """The method that returns its input."""

    card = MethodCard("input", "Input", "single", "the defocused image itself")

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Return the defocused image, float32 (3, H, W) in [0, 1]."""
        return Deblurred(sample.image)
