import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.parity import assert_parity
from tinygrad_edu.errors import DTypeError, ShapeError
from tinygrad_edu.ops.einsum import einsum, tensordot


@st.composite
def equations(draw):
    """An equation with one to four operands: repeated letters, dots, sizes of 1 that broadcast, spaces."""
    sizes = {c: draw(st.integers(0, 3)) for c in "ijkA"}
    dotted = draw(st.lists(st.integers(1, 3), max_size=2))
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 4))):
        letters = draw(st.lists(st.sampled_from("ijkA"), max_size=3))
        shape = [sizes[c] for c in letters]
        once = [n for n, c in enumerate(letters) if letters.count(c) == 1]
        if once and draw(st.booleans()):
            shape[draw(st.sampled_from(once))] = 1
        where = draw(st.integers(0, len(letters))) if draw(st.booleans()) else None
        if where is not None:
            dots = dotted[draw(st.integers(0, len(dotted))) :]
            shape[where:where] = [draw(st.sampled_from([1, n])) for n in dots]
            letters.insert(where, "...")
        terms.append("".join(letters))
        shapes.append(tuple(shape))
    equation = ",".join(terms)
    if draw(st.booleans()):
        used = sorted(set(equation) & set(string.ascii_letters))
        result = draw(st.permutations(used))[: draw(st.integers(0, len(used)))]
        if draw(st.booleans()):
            result.insert(draw(st.integers(0, len(result))), "...")
        equation += " -> " + "".join(result)
    return equation, shapes


@pytest.mark.parity
@given(drawn=equations(), seed=st.integers(0, 2**32 - 1))
def test_einsum_agrees_with_pytorch(drawn, seed):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    equation, shapes = drawn
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(s) for s in shapes]
    assert_parity(lambda *xs: einsum(equation, *xs), lambda *xs: torch.einsum(equation, *xs), *arrays)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk,kl,lm->im", [(2, 3), (3, 4), (4, 5), (5, 2)]),
        ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 5, 4)]),
        ("bn,anm,bm->ba", [(2, 5), (3, 5, 4), (2, 4)]),
        ("...ii->...i", [(2, 3, 3)]),
        ("ii,jj,ij->", [(3, 3), (3, 3), (3, 3)]),
        ("iij,ijj->j", [(3, 3, 2), (3, 2, 2)]),
        ("i...,...i->...", [(3, 2), (4, 1, 3)]),
        ("", [()]),
        (",ij->ji", [(), (2, 3)]),
    ],
)
def test_einsum_of_known_shapes_agrees_with_pytorch_to_order_3(equation, shapes):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(s) for s in shapes]
    assert_parity(
        lambda *xs: einsum(equation, *xs) ** 2, lambda *xs: torch.einsum(equation, *xs) ** 2, *arrays, order=3
    )


@pytest.mark.parity
def test_einsum_from_sublists_agrees_with_pytorch():
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 3)), rng.standard_normal((5, 3, 4))
    for f in (
        lambda e: lambda x, y: e(x, [0, 1], y, [..., 1, 2], [..., 2, 0]),
        lambda e: lambda x, y: e(x, [30, 1], y, [2, 1, 0]),
    ):
        assert_parity(f(einsum), f(torch.einsum), a, b)


def test_einsum_takes_operands_as_a_list_and_ignores_spaces():
    a = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(einsum(" i j , k j -> i k ", [tg.tensor(a), tg.tensor(a)]).numpy(), a @ a.T)


def test_einsum_matches_numpy(device):
    rng = np.random.default_rng(0)
    a, b, c = rng.standard_normal((2, 3, 4)), rng.standard_normal((4, 3)), rng.standard_normal((2, 2))
    got = einsum("abc,cb,aa->bc", *[tg.tensor(v, device=device) for v in (a, b, c)])
    np.testing.assert_allclose(got.cpu().numpy(), np.einsum("abc,cb,aa->bc", a, b, c), rtol=1e-13)


def test_einsum_in_float32_is_accurate():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 2000)).astype(np.float32)
    got = einsum("i,i->", tg.tensor(a), tg.tensor(b)).item()
    assert abs(got - np.sum(a.astype(float) * b)) < 1e-6 * np.sum(np.abs(a.astype(float) * b))


def test_einsum_of_one_operand_shares_its_memory():
    x = tg.zeros(2, 3)
    einsum("ij->ji", x)[2, 1] = 5.0
    assert x[1, 2].item() == 5.0


def test_einsum_contracts_the_cheapest_pair_first():
    n = 1000  # the first two alone would make 10^9 elements
    x = einsum("i,jk,i,k->j", tg.ones(n), tg.ones(n, n), tg.ones(n), tg.ones(n))
    np.testing.assert_array_equal(x.numpy(), np.full(n, n * n, np.float32))


def test_einsum_of_bools_without_a_sum_is_and():
    a, b = tg.tensor([True, False]), tg.tensor([True, True])
    np.testing.assert_array_equal(einsum("i,j->ij", a, b).numpy(), [[True, True], [False, False]])


@pytest.mark.parametrize(
    ("equation", "shapes", "said"),
    [
        ("ij,jk", [(2, 3)], "is for 2 operands, got 1"),
        ("ij", [], "is for 1 operands, got 0"),
        ("ij->k", [(2, 3)], "expected each letter of the result once, and in an operand too"),
        ("ij->ii", [(2, 3)], "expected each letter of the result once"),
        (
            "ij,jk->ik",
            [(2, 3), (4, 5)],
            r"one size for dimension 'j' in 'ij,jk->ik', got 3 and 4: shapes \(2, 3\), \(4, 5\)",
        ),
        ("ii", [(1, 3)], "one size for dimension 'i' in 'ii', got 3 and 1"),
        ("...,...", [(2,), (3,)], "one size for dimension -1 of '...'"),
        ("ij", [(2,)], r"operand 0 to have the dimensions 'ij' of 'ij', got shape \(2,\)"),
        ("i", [(2, 3)], "operand 0 to have the dimensions 'i'"),
        ("i..j", [(2, 3)], "expected an equation like"),
        ("......i", [(2,)], "expected an equation like"),
        ("i->i->i", [(2,)], "expected an equation like"),
        ("é", [(2,)], "expected an equation like"),
    ],
)
def test_einsum_rejects_what_does_not_fit(equation, shapes, said):
    with pytest.raises(ShapeError, match="^einsum: .*" + said):
        einsum(equation, *[tg.ones(*s) for s in shapes])


def test_einsum_rejects_mixed_dtypes_and_labels_out_of_range():
    with pytest.raises(DTypeError, match="einsum: expected one dtype"):
        einsum("ij,jk", tg.ones(2, 2), tg.ones(2, 2, dtype=tg.float64))
    with pytest.raises(ShapeError, match="einsum: expected lists of numbers from 0 to 51"):
        einsum(tg.ones(2), [52])


@pytest.mark.parity
@given(data=st.data())
def test_tensordot_agrees_with_pytorch(data):
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    shared = data.draw(st.lists(st.integers(0, 3), max_size=2))
    own = [data.draw(st.lists(st.integers(0, 3), max_size=2)) for _ in range(2)]
    if data.draw(st.booleans()):
        a, b = rng.standard_normal((*own[0], *shared)), rng.standard_normal((*shared, *own[1]))
        dims = len(shared)
    else:
        places = [data.draw(st.permutations(range(len(o) + len(shared)))) for o in own]
        shapes = [[(shared + o)[i] for i in p] for o, p in zip(own, places, strict=True)]
        a, b = (rng.standard_normal(s) for s in shapes)
        dims = tuple([p.index(i) - data.draw(st.sampled_from([0, len(p)])) for i in range(len(shared))] for p in places)
    assert_parity(lambda x, y: tensordot(x, y, dims), lambda x, y: torch.tensordot(x, y, dims), a, b)


@pytest.mark.parity
def test_tensordot_broadcasts_sizes_of_one_as_pytorch():
    torch = pytest.importorskip("torch", reason="parity is held against PyTorch")
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 1)), rng.standard_normal((3, 4))
    assert_parity(lambda x, y: tensordot(x, y, 1), lambda x, y: torch.tensordot(x, y, 1), a, b)


def test_tensordot_takes_dims_as_a_tensor():
    a = np.arange(6.0).reshape(2, 3)
    got = tensordot(tg.tensor(a), tg.tensor(a), tg.tensor([[1], [1]]))
    np.testing.assert_array_equal(got.numpy(), a @ a.T)


@pytest.mark.parametrize(
    ("dims", "said"),
    [
        (3, "expected 0 to 2 dims for 2 and 3 dimensions, got 3"),
        (-1, "expected 0 to 2 dims"),
        (1, r"the same sizes, got dims \(1,\) of a \(2, 3\) and \(0,\) of b \(4, 5, 6\)"),
        (([0, 1], [0]), "the same sizes"),
    ],
)
def test_tensordot_rejects_what_does_not_fit(dims, said):
    with pytest.raises(ShapeError, match="^tensordot: .*" + said):
        tensordot(tg.ones(2, 3), tg.ones(4, 5, 6), dims)
