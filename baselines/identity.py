"""The method `input`: the defocused image itself, the row that every other is measured against."""

from benchmark.method import Context, Deblurred, Method, MethodCard, Sample


class Input(Method):
    """Returns what it is given."""

    card = MethodCard("input", "Input", "single", "the defocused image itself")

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """The defocused image, float32 (3, H, W) in [0, 1]."""
        return Deblurred(sample.image)
