"""What CuPy's functions ask of their arguments, and where NumPy's differ in name. Read by ``_calls.py``."""

from __future__ import annotations

import numpy as np

# Parameters by name. Those that must be device arrays where they have no default (CuPy calls their methods) ...
DEVICE = frozenset(
    {"a", "a1", "a2", "A", "arr", "array", "ary", "b", "m", "M", "prototype", "self", "v", "x", "x1", "x2"} | {"y"}
)
TAKES_NUMBERS = frozenset(
    {"allclose", "iscomplex", "iscomplexobj", "isclose", "isreal", "isrealobj", "kron", "min_scalar_type", "nan_to_num"}
    | {"ndim", "shape"}
)
# ... those that are sequences of device arrays ...
SEQUENCES = frozenset({"args", "arrays", "arys", "choicelist", "condlist", "tup", "xi"})
# ... and those that must be known on the host: a device array there would make it wait.
HOST = frozenset(
    {"N", "UPLO", "atol", "axes", "axis", "axis1", "axis2", "axisa", "axisb", "axisc", "bitorder", "casting"}
    | {"compute_uv", "copy", "ddof", "decimals", "destination", "dims", "dtype", "edge_order", "endpoint", "equal_nan"}
    | {"full_matrices", "indexing", "indices_or_sections", "k", "keepdims", "kind", "kth", "minlength", "mode", "n"}
    | {"ndmin", "newshape", "num", "offset", "ord", "order", "pad_width", "repeats", "reps", "return_counts"}
    | {"return_index", "return_inverse", "rowvar", "rtol", "s", "shape", "shift", "side", "source", "step", "strides"}
)
HOST_IN = {
    "arange": {"start", "stop"},
    "bartlett": {"M"},
    "blackman": {"M"},
    "eye": {"M"},
    "hamming": {"M"},
    "hanning": {"M"},
    "kaiser": {"M"},
    "tri": {"M"},
}
# Where NumPy calls a parameter otherwise.
RENAMED = {
    "array_str": {"arr": "a"},
    "concat": {"tup": "arrays"},
    "concatenate": {"tup": "arrays"},
    "corrcoef": {"a": "x"},
    "cov": {"a": "m"},
    "delete": {"indices": "obj"},
    "ediff1d": {"arr": "ary"},
    "extract": {"a": "arr"},
    "flip": {"a": "m"},
    "fliplr": {"a": "m"},
    "flipud": {"a": "m"},
    "histogram": {"x": "a"},
    "intersect1d": {"arr1": "ar1", "arr2": "ar2"},
    "linalg.matrix_power": {"M": "a"},
    "linalg.matrix_transpose": {"a": "x"},
    "reshape": {"newshape": "shape"},
    "rot90": {"a": "m"},
    "stack": {"tup": "arrays"},
    "take_along_axis": {"a": "arr"},
    "union1d": {"arr1": "ar1", "arr2": "ar2"},
    "unravel_index": {"dims": "shape"},
}
# Names that CuPy still has and NumPy gave up.
NUMPY_NAMES = {"in1d": "isin", "round_": "round", "trapz": "trapezoid", "ndarray.ptp": "ptp"}
# Parameters that CuPy has and the stand-in leaves out.
LEFT_OUT_PARAMETERS = frozenset({"blocking", "interpolation", "subok"})
# Functions whose result has a size that only the device knows, or that look at values: the host waits.
WAITS = frozenset(
    {"argwhere", "bincount", "choose", "compress", "delete", "extract", "flatnonzero", "histogram", "in1d", "isin"}
    | {"intersect1d", "linalg.cond", "linalg.lstsq", "ndarray.choose", "ndarray.compress", "ndarray.nonzero", "nonzero"}
    | {"place", "setdiff1d", "setxor1d", "trim_zeros", "union1d", "unique", "unwrap"}
)
# Functions of which NumPy warns by Python's own means, not by its floating-point state.
WARNS = frozenset(
    {"mean", "median", "nanargmax", "nanargmin", "nanmax", "nanmean", "nanmedian", "nanmin", "nanpercentile"}
    | {"nanquantile", "nanstd", "nanvar", "ndarray.mean", "ndarray.std", "ndarray.var", "std", "var"}
)
# Functions left out: they call the caller's own on NumPy arrays, or take their arguments in an order of their own.
LEFT_OUT_FUNCTIONS = frozenset(
    {"apply_along_axis", "apply_over_axes", "fromfunction", "histogram2d", "histogramdd", "piecewise", "unpackbits"}
)
# Types that CuPy takes from NumPy as they are.
SHARED_TYPES = (np.generic, np.dtype, np.finfo, np.iinfo, np.ndindex, Exception)
SORTS = frozenset({"argsort", "ndarray.argsort", "ndarray.sort", "sort"})
