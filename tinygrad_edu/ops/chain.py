"""Products of several matrices, in the order that costs least."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError

__all__ = ["chain_matmul", "multi_dot"]


def multi_dot(tensors: Any) -> Any:
    """Product of two or more matrices, in the order that takes the fewest multiplications.

    Parameters
    ----------
    tensors : sequence of Tensor
        Matrices; the first may be a vector (a row), the last too (a column).

    Returns
    -------
    Tensor

    Notes
    -----
    ``cost[i, j] = min over k of cost[i, k] + cost[k + 1, j] + rows(i) columns(k) columns(j)``, from short chains to long.
    """
    tensors = list(tensors)
    if len(tensors) < 2:
        raise ShapeError(f"multi_dot: expected at least 2 tensors, got {len(tensors)}")
    shapes = [tuple(x.shape) for x in tensors]
    first, last = len(shapes[0]) == 1, len(shapes[-1]) == 1
    if first:
        tensors[0] = tensors[0].unsqueeze(0)
    if last:
        tensors[-1] = tensors[-1].unsqueeze(1)
    chained = all(len(x.shape) == 2 for x in tensors) and all(
        a.shape[1] == b.shape[0] for a, b in zip(tensors, tensors[1:], strict=False)
    )
    if not chained:
        raise ShapeError(f"multi_dot: expected matrices (M, K), (K, L), ..., at the ends also vectors, got {shapes}")
    product = _multiplied(tensors)
    return product.squeeze(tuple([d for d, is_vector in ((0, first), (1, last)) if is_vector]))


def _multiplied(chain: list) -> Any:
    n = len(chain)
    size = [*[x.shape[0] for x in chain], chain[-1].shape[1]]
    cost, split = {(i, i): 0 for i in range(n)}, {}
    for i, j in ((i, i + length) for length in range(1, n) for i in range(n - length)):
        ways = [(cost[i, k] + cost[k + 1, j] + size[i] * size[k + 1] * size[j + 1], k) for k in range(i, j)]
        cost[i, j], split[i, j] = min(ways)

    def product(i: int, j: int) -> Any:
        return chain[i] if i == j else product(i, split[i, j]) @ product(split[i, j] + 1, j)

    return product(0, n - 1)


def chain_matmul(*matrices: Any) -> Any:
    """``multi_dot`` of matrices that are given one by one; of a single one, that one."""
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)
