"""Random numbers: the same on every run, of the right distribution, and refused where they make no sense."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.errors import ShapeError


def test_the_same_seed_gives_the_same_numbers(device):
    def numbers():
        tg.manual_seed(7)
        draws = [
            tg.rand(3, device=device),
            tg.randn(2, 2, device=device),
            tg.randint(0, 100, (5,), device=device),
            tg.randperm(10, device=device),
            tg.bernoulli(tg.full((6,), 0.5, device=device)),
            tg.multinomial(tg.ones(5, device=device), 3),
            tg.empty(4, device=device).normal_(),
        ]
        return [d.cpu().numpy() for d in draws]

    for a, b in zip(numbers(), numbers(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_numbers_of_a_seed_are_fixed_for_good():
    tg.manual_seed(0)
    np.testing.assert_allclose(
        tg.rand(3, dtype=tg.float64).numpy(), [0.8495832729, 0.5546033266, 0.0755223543], rtol=1e-6
    )


def test_generators_are_independent_and_repeatable():
    g = tg.Generator().manual_seed(1)
    a = tg.rand(4, generator=g)
    state = g.get_state()
    b = tg.rand(4, generator=g)
    tg.rand(4)
    np.testing.assert_array_equal(tg.rand(4, generator=g.set_state(state)).numpy(), b.numpy())
    assert not np.array_equal(a.numpy(), b.numpy())
    g.set_state(state)
    for other in (copy.deepcopy(g), pickle.loads(pickle.dumps(g))):
        np.testing.assert_array_equal(tg.rand(4, generator=other).numpy(), b.numpy())
    assert g.initial_seed() == 1
    assert g.seed() != 1


def test_state_of_the_default_generator():
    tg.manual_seed(3)
    state = tg.get_rng_state()
    a = tg.randn(5)
    tg.set_rng_state(state)
    np.testing.assert_array_equal(tg.randn(5).numpy(), a.numpy())
    assert tg.initial_seed() == 3


@pytest.mark.parametrize(
    ("name", "args", "mean", "variance"),
    [
        ("uniform_", (2.0, 4.0), 3.0, 1 / 3),
        ("normal_", (2.0, 3.0), 2.0, 9.0),
        ("exponential_", (2.0,), 0.5, 0.25),
        ("bernoulli_", (0.3,), 0.3, 0.21),
        ("geometric_", (0.25,), 4.0, 12.0),
        ("log_normal_", (0.0, 0.5), np.exp(0.125), (np.exp(0.25) - 1) * np.exp(0.25)),
        ("random_", (0, 10), 4.5, 8.25),
    ],
)
def test_moments(name, args, mean, variance):
    tg.manual_seed(0)
    x = getattr(tg.empty(200_000, dtype=tg.float64), name)(*args).numpy()
    assert x.mean() == pytest.approx(mean, abs=6 * np.sqrt(variance / x.size))
    assert x.var() == pytest.approx(variance, rel=0.05)


def test_cauchy_has_its_median():
    tg.manual_seed(0)
    x = tg.empty(100_000).cauchy_(3.0, 2.0).numpy()
    assert np.median(x) == pytest.approx(3.0, abs=0.05)
    assert np.subtract(*np.percentile(x, [75, 25])) == pytest.approx(4.0, rel=0.05)


def test_normal_with_tensors():
    tg.manual_seed(0)
    x = tg.normal(tg.tensor([0.0, 100.0]), tg.tensor([1.0, 0.0]))
    assert x[1].item() == 100.0
    assert tg.normal(5.0, 2.0, (1000,)).mean().item() == pytest.approx(5.0, abs=0.5)


def test_multinomial():
    tg.manual_seed(0)
    w = tg.tensor([[0.0, 1.0, 3.0], [1.0, 0.0, 0.0]])
    counts = np.bincount(tg.multinomial(w, 20_000, replacement=True)[0].numpy(), minlength=3)
    assert counts[0] == 0
    assert counts[2] / counts[1] == pytest.approx(3.0, rel=0.1)
    picked = tg.multinomial(tg.tensor([1.0, 2.0, 0.0, 4.0]), 3).numpy()
    assert sorted(picked) == [0, 1, 3]
    with pytest.raises(ShapeError, match="can't draw 3 of 3 without replacement"):
        tg.multinomial(tg.tensor([1.0, 0.0, 1.0]), 3)
    with pytest.raises(ShapeError, match="positive sum"):
        tg.multinomial(tg.zeros(3), 1)
    first = [tg.multinomial(tg.tensor([1.0, 3.0]), 1).item() for _ in range(2000)]
    assert np.mean(first) == pytest.approx(0.75, abs=0.05)


def test_randperm_is_a_permutation():
    assert sorted(tg.randperm(100).tolist()) == list(range(100))
    assert tg.randperm(0).shape == (0,)


def test_uniform_numbers_stay_below_one_in_every_dtype():
    tg.manual_seed(0)
    for dtype in (tg.float16, tg.float32, tg.float64):
        x = tg.rand(100_000, dtype=dtype)
        assert x.dtype == dtype
        assert 0 <= x.min().item() <= x.max().item() < 1


def test_randint_forms():
    assert tg.randint(3, (2, 2)).shape == (2, 2)
    assert set(tg.randint(5, 7, (100,)).tolist()) == {5, 6}
    assert tg.randint(high=3, size=(2,)).dtype == tg.int64
    with pytest.raises(ShapeError, match="expected low < high"):
        tg.randint(3, 3, (2,))


def test_bad_arguments_are_refused():
    with pytest.raises(ShapeError, match=r"probabilities in \[0, 1\], got 2.0 to 2.0"):
        tg.bernoulli(tg.tensor([2.0]))
    with pytest.raises(ShapeError, match="standard deviation"):
        tg.normal(0.0, -1.0, (2,))
    with pytest.raises(ShapeError, match="0 < p < 1"):
        tg.ones(2).geometric_(1.5)


def test_in_place_forms_break_the_history_and_count():
    x = tg.ones(3, requires_grad=True)
    y = x * 2.0
    z = y.exp()
    y.normal_()
    assert y._version == 1
    z.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.exp(2) * np.ones(3), rtol=1e-6)
