"""Compute networks in bands of rows: the same result as for the whole image, in a fraction of the memory.

No row of any layer is computed twice. A layer keeps the rows that the layers reading it still need, which follows
from their kernels. The result equals that of the whole image up to rounding, without seams.
"""
