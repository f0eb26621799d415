"""Methods that estimate a blur map and deconvolve with it."""
