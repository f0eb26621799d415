"""Networks computed band of rows by band of rows: the whole image's result in a fraction of the memory.

No row of any layer is computed twice. A layer keeps the rows that the layers above it still need, which follows from
their kernels; the result is the whole image's to rounding, without seams.
"""
