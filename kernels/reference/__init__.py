"""The specification: each operation's arithmetic as plain array code, to be read before any fast kernel.

Every file says the formula, the shapes and the reason for the algorithm, then the code. Arrays go in and arrays come
out; the same lines run on NumPy and on CuPy, because the array library is taken from the array. A fast kernel is right
when it agrees with the file of the same name here.

Nothing is imported in advance: ``from tinygrad_edu.kernels.reference import conv`` loads that one operation.
"""
