"""Kernels: arrays in, arrays out.

Each operation's arithmetic stands here, on plain arrays and knowing nothing of tensors, graphs or gradients.
The folder lies at the top of the repository, to be read on its own, and is imported as ``tinygrad_edu.kernels``.
"""
