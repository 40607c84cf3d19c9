"""The special functions against 40-digit constants, SciPy, PyTorch and their own defining properties."""

import math

import numpy as np
import pytest

from tinygrad_edu.kernels.reference import special
from tinygrad_edu.kernels.reference.special import digamma, erf, erfc, erfinv, lgamma, logit, polygamma

inf, nan = np.inf, np.nan
UNARY = {"erf": erf, "erfc": erfc, "erfinv": erfinv, "lgamma": lgamma, "digamma": digamma, "logit": logit}

# From mpmath at 40 digits, at the float64 number that the literal stands for.
CONSTANTS = {
    "erf": [
        (1e-300, 1.128379167095512602e-300),
        (1e-08, 1.12837916709551256e-8),
        (0.1, 0.1124629160182848984),
        (0.5, 0.5204998778130465377),
        (0.999999, 0.8427003778418023292),
        (1.0, 0.8427007929497148693),
        (1.5, 0.9661051464753107271),
        (-2.5, -0.9995930479825550411),
        (5.5, 0.9999999999999926422),
    ],
    "erfc": [
        (-3.0, 1.999977909503001415),
        (1e-08, 0.999999988716208329),
        (0.5, 0.4795001221869534623),
        (1.0, 0.1572992070502851307),
        (2.5, 4.069520174449589396e-4),
        (5.0, 1.53745979442803485e-12),
        (9.7, 7.936107563214511746e-43),
        (15.3, 7.976560125420700025e-104),
        (22.0, 1.621905860933472513e-212),
        (26.0, 5.663192408856142846e-296),
        (26.5, 2.210907664263734276e-307),
    ],
    "erfinv": [
        (1e-300, 8.862269254527580359e-301),
        (1e-09, 8.862269254527580691e-10),
        (-0.3, -0.272462714726754345),
        (0.5, 0.4769362762044698734),
        (0.85, 1.017902464832027588),
        (0.8500000000000001, 1.017902464832027865),
        (0.99, 1.821386367718449456),
        (-0.9999999, -3.766562581638470889),
        (0.9999999999990905, 5.051254085249389967),
        (0.9999999999999999, 5.863584748755167927),
        (-0.9999999999999991, -5.68612844131039098),
    ],
    "lgamma": [
        (5e-324, 744.4400719213812623),
        (1e-300, 690.7755278982137052),
        (1e-05, 11.51291969289582563),
        (0.5, 0.5723649429247000871),
        (0.9999999999990905, 5.249745890089624391e-13),
        (1.0000000000009095, -5.249745890076017815e-13),
        (1.5, -0.1207822376352452223),
        (1.9999999999990905, -3.845201127643793892e-13),
        (2.0000000000009095, 3.845201127649128661e-13),
        (2.5, 0.2846828704729191596),
        (3.7, 1.428072326665388129),
        (7.99, 8.505011606088481106),
        (8.0, 8.5251613610654143),
        (12.25, 18.11566950571089262),
        (1000.5, 5908.674175848677489),
        (10000000000.0, 2.202585092888105815e11),
        (1e300, 6.897755278982137415e302),
        (-1e-300, 690.7755278982137052),
        (-0.5, 1.265512123484645396),
        (-1.5, 0.8600470153764810145),
        (-10.3, -14.45751544002420833),
        (-100.7, -365.6122557618053302),
    ],
    "digamma": [
        (1e-300, -9.999999999999999749e299),
        (1e-05, -1.000005771992156729e5),
        (0.5, -1.963510026021423479),
        (1.0, -0.5772156649015328606),
        (1.4616321449683622, -9.241265521729427517e-17),
        (1.4616321449683625, 1.224537462200406903e-16),
        (1.5, 0.03648997397857652056),
        (2.0, 0.4227843350984671394),
        (3.3, 1.034822489059621686),
        (7.9, 2.002238487563571036),
        (8.0, 2.015641477955609997),
        (12.25, 2.464154655185368956),
        (10000000000.0, 23.02585092989045684),
        (-1e-05, 99999.42276788562941),
        (-0.25, 2.91413912021352783),
        (-1.75, -2.322691628614360646),
        (-10.3, 4.662403493582087018),
    ],
    "logit": [
        (1e-300, -690.7755278982137052),
        (0.1, -2.197224577336219321),
        (0.2499, -1.099145693134683857),
        (0.25, -1.098612288668109691),
        (0.499999, -3.999999999898311386e-6),
        (0.5000000001, 4.000000330961483996e-10),
        (0.75, 1.098612288668109691),
        (0.9999999999999999, 36.73680056967710129),
    ],
}
POLYGAMMA_CONSTANTS = [
    (1, 0.5, 4.934802200544679309),
    (1, 1.0, 1.644934066848226436),
    (1, 1e-05, 10000000001.64490839),
    (1, 100.0, 0.0100501666633335714),
    (1, -0.25, 18.5418796476716065),
    (2, 3.5, -0.108204051641727403),
    (2, -2.75, -124.11765305971518),
    (3, 0.125, 24580.14341906356622),
    (4, 8.0, -0.001868795150637613516),
    (5, -0.5, 15371.1135486024355),
    (10, 2.5, -156.2295965932329948),
    (20, -3.25, 1.07000161878962977e31),
    (100, 30.0, -626546063.6686132432),
    (150, 2.5, -4.655347466356988134e202),
    (140, -0.45, 1.062051425947673094e290),
    (170, 30.0, -1.882115140823985284e54),
]


@pytest.mark.parametrize("name", CONSTANTS)
def test_float64_is_right_to_14_digits(name):
    x, expected = np.array(CONSTANTS[name]).T
    np.testing.assert_allclose(UNARY[name](x), expected, rtol=1e-14)


@pytest.mark.parametrize(("n", "x", "expected"), POLYGAMMA_CONSTANTS)
def test_polygamma_is_right_to_13_digits(n, x, expected):
    np.testing.assert_allclose(polygamma(n, np.array(x)), expected, rtol=1e-13)


def sample(name: str) -> np.ndarray:
    """Numbers all over the domain of a function, with special care for zeros, poles and seams."""
    rng = np.random.default_rng(0)
    tiny = 10.0 ** rng.uniform(-300, 0, 300)
    if name == "erf":
        return np.concatenate([rng.uniform(-7, 7, 3000), tiny, -tiny])
    if name == "erfc":
        return np.concatenate([rng.uniform(-6, 26.5, 4000), tiny, -tiny])
    if name == "erfinv":
        return np.concatenate([rng.uniform(-1, 1, 3000), tiny, 1 - 10 ** rng.uniform(-15, -1, 500)])
    if name == "logit":
        return np.concatenate([rng.uniform(0, 1, 3000), tiny, 0.5 + rng.uniform(-1e-6, 1e-6, 100)])
    return np.concatenate([rng.uniform(0, 20, 4000), tiny, 10.0 ** rng.uniform(0, 15, 500)])


@pytest.mark.parametrize("name", UNARY)
def test_float64_agrees_with_scipy(name):
    scipy = pytest.importorskip("scipy.special", reason="scipy is not installed: pip install '.[test]'")
    reference = {"lgamma": "gammaln", "digamma": "psi"}.get(name, name)
    x = sample(name)
    # SciPy itself loses digits beside the zeros of gammaln, psi and logit: there the constants above decide.
    at_zero = {"lgamma": 1e-14, "digamma": 1e-14, "logit": 1e-15}.get(name, 0)
    np.testing.assert_allclose(UNARY[name](x), getattr(scipy, reference)(x), rtol=1e-13, atol=at_zero)


@pytest.mark.parametrize("name", ["lgamma", "digamma"])
def test_negative_side_agrees_with_scipy(name):
    scipy = pytest.importorskip("scipy.special", reason="scipy is not installed: pip install '.[test]'")
    x = np.random.default_rng(1).uniform(-30, 0, 3000)
    expected = {"lgamma": scipy.gammaln, "digamma": scipy.psi}[name](x)
    # Zeros lie between any two poles; beside them the terms of the reflection cancel.
    np.testing.assert_allclose(UNARY[name](x), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 30])
def test_polygamma_agrees_with_scipy(n):
    scipy = pytest.importorskip("scipy.special", reason="scipy is not installed: pip install '.[test]'")
    x = np.random.default_rng(n).uniform(0.01, 40, 500)
    np.testing.assert_allclose(polygamma(n, x), scipy.polygamma(n, x), rtol=1e-13)


def test_polynomial_tables_are_the_chebyshev_series_they_claim_to_be():
    mp = pytest.importorskip("mpmath", reason="mpmath is not installed: pip install mpmath")
    with mp.workdps(60):

        def series(f, length):
            nodes = [mp.cos(mp.pi * (k + mp.mpf(1) / 2) / 80) for k in range(80)]
            values = [f(t) for t in nodes]
            total, before, now = [mp.mpf(0)] * length, [mp.mpf(0)], [mp.mpf(1)]  # T_(-1) is only a start, T_0 = 1
            for j in range(length):
                c = mp.fsum(v * mp.cos(j * mp.acos(t)) for v, t in zip(values, nodes, strict=True)) / (
                    80 if j == 0 else 40
                )
                total = [a + c * b for a, b in zip(total, now + [mp.mpf(0)] * (length - len(now)), strict=True)]
                twice_t = [mp.mpf(0)] + [(1 if j == 0 else 2) * b for b in now]
                before, now = now, [a - b for a, b in zip(twice_t, before + [mp.mpf(0)] * 3, strict=False)]
                if j == 0:
                    now = [mp.mpf(0), mp.mpf(1)]
            return [float(a) for a in reversed(total)]

        def scaled_erfc(t):
            x = mp.mpf(special._ERFC_MIDDLE) * (1 + t) / (1 - t)
            return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)

        root = mp.findroot(lambda x: mp.psi(0, x), 1.46)
        functions = {
            "_ERF_OVER_X": lambda t: mp.erf(mp.sqrt((t + 1) / 2)) / mp.sqrt((t + 1) / 2),
            "_ERFC_SCALED": scaled_erfc,
            "_LGAMMA_OVER_ZEROS": lambda t: mp.loggamma((t + 3) / 2) / ((t + 1) / 2 * (t - 1) / 2),
            "_DIGAMMA_OVER_ROOT": lambda t: mp.psi(0, (t + 3) / 2) / ((t + 3) / 2 - root),
        }
        for name, f in functions.items():
            table = getattr(special, name)
            np.testing.assert_allclose(table, series(f, len(table)), rtol=1e-15, err_msg=name)
        assert special._DIGAMMA_ROOT[0] + mp.mpf(special._DIGAMMA_ROOT[1]) == pytest.approx(root - 1, rel=1e-30)
        bernoulli = [float(mp.bernoulli(2 * k)) for k in range(1, 13)]
        np.testing.assert_allclose(special._BERNOULLI, bernoulli, rtol=1e-15)


SPECIAL_VALUES = {  # x, f(x); PyTorch gives the same
    "erf": [(0.0, 0.0), (-0.0, -0.0), (inf, 1.0), (-inf, -1.0), (nan, nan)],
    "erfc": [(0.0, 1.0), (inf, 0.0), (-inf, 2.0), (nan, nan), (28.0, 0.0)],
    "erfinv": [(0.0, 0.0), (-0.0, -0.0), (1.0, inf), (-1.0, -inf), (1.5, nan), (-inf, nan), (nan, nan)],
    "lgamma": [
        (0.0, inf),
        (-0.0, inf),
        (-1.0, inf),
        (-50.0, inf),
        (inf, inf),
        (-inf, inf),
        (nan, nan),
        (1.0, 0.0),
        (2.0, 0.0),
    ],
    "digamma": [(0.0, -inf), (-0.0, inf), (-1.0, nan), (-50.0, nan), (inf, inf), (-inf, nan), (nan, nan)],
    "logit": [(0.0, -inf), (1.0, inf), (0.5, 0.0), (-0.1, nan), (1.1, nan), (inf, nan), (nan, nan)],
}


@pytest.mark.parametrize("name", SPECIAL_VALUES)
def test_special_values(name):
    x, expected = np.array(SPECIAL_VALUES[name]).T
    y = UNARY[name](x)
    np.testing.assert_array_equal(y, expected)
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(y[known]), np.signbit(expected[known]))


@pytest.mark.parametrize(("n", "at_pole"), [(1, inf), (2, -inf), (3, inf), (4, -inf)])
def test_polygamma_special_values(n, at_pole):
    x = np.array([0.0, -0.0, -1.0, -7.0, inf, nan])
    np.testing.assert_array_equal(polygamma(n, x), [at_pole, at_pole, at_pole, at_pole, 0.0, nan])


def test_polygamma_0_is_digamma():
    x = np.array([-1.5, 0.3, 2.0, 100.0])
    np.testing.assert_array_equal(polygamma(0, x), digamma(x))


@pytest.mark.parametrize("n", [-1, 171])
def test_polygamma_refuses_an_order_out_of_range(n):
    with pytest.raises(ValueError, match=f"polygamma: expected an order n from 0 to 170 .*, got {n}"):
        polygamma(n, np.ones(2))


@pytest.mark.parametrize("n", [0, 1, 2, 5])
@pytest.mark.parametrize("x", [0.3, 1.46, 4.0, 7.999, 8.0, 30.0, -0.3, -6.6])
def test_polygamma_is_the_derivative_of_the_order_below(n, x):
    below = lgamma if n == 0 else lambda x: polygamma(n - 1, x)
    h = 1e-3
    points = below(x + h * np.array([-2.0, -1.0, 1.0, 2.0]))
    slope = points @ [1, -8, 8, -1] / (12 * h)  # error h^4 / 30 times the fifth derivative
    fifth = abs(polygamma(n + 4, np.array(x)))
    np.testing.assert_allclose(polygamma(n, np.array(x)), slope, rtol=1e-8, atol=h**4 / 15 * fifth + 1e-10)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", ["float16", "float32", "bfloat16"])
def test_lower_precision_is_float64_rounded_once(name, dtype):
    if dtype == "bfloat16":
        dtype = pytest.importorskip("ml_dtypes", reason="ml_dtypes is not installed: pip install '.[bf16]'").bfloat16
    x = np.random.default_rng(0).uniform(-3, 3, 200).astype(dtype)
    y = UNARY[name](x)
    assert y.dtype == np.dtype(dtype)
    expected = UNARY[name](x.astype(np.float64)).astype(dtype)
    np.testing.assert_array_equal(y.astype(np.float64), expected.astype(np.float64))


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_subnormals_and_extremes_give_no_warning(name, dtype):
    info = np.finfo(dtype)
    ends = [info.smallest_subnormal, info.tiny, info.eps, 1 - info.epsneg, 1 + info.eps, info.max]
    x = np.array(ends + [-e for e in ends], dtype=dtype)
    assert UNARY[name](x).dtype == x.dtype  # a warning would be an error


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,), (2, 3, 4)])
def test_shape_is_kept(name, shape):
    y = UNARY[name](np.full(shape, 0.25, dtype=np.float32))
    assert isinstance(y, np.ndarray)
    assert y.shape == shape
    np.testing.assert_array_equal(y, np.full(shape, UNARY[name](np.array([0.25], dtype=np.float32))[0]))


def test_long_and_non_contiguous_arrays_are_computed_element_by_element():
    x = np.linspace(0.01, 0.99, 3 * special.BLOCK).reshape(3, -1).T[::2]
    before = x.copy()
    y = erf(x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(y[1234], erf(x[1234].copy()))
    assert y[-1, -1] == math.erf(x[-1, -1]) or abs(y[-1, -1] - math.erf(x[-1, -1])) < 3e-16


@pytest.mark.parity
@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_agrees_with_torch(name, dtype):
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install '.[torch]'")
    with np.errstate(over="ignore"):
        x = np.concatenate([sample(name), [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, inf, -inf, nan]]).astype(dtype)
    expected = getattr(torch, name)(torch.from_numpy(x)).numpy()
    # Torch computes in the dtype itself: beside the zeros of digamma, lgamma and logit it loses digits, and rounds to 0
    # what is less than the smallest normal number.
    rtol, atol = (3e-6, 3e-6) if dtype == "float32" else (1e-12, 1e-13)
    if name not in ("lgamma", "digamma", "logit"):
        atol = np.finfo(dtype).tiny
    np.testing.assert_allclose(UNARY[name](x), expected, rtol=rtol, atol=atol)


@pytest.mark.parity
@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_polygamma_agrees_with_torch(n):
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install '.[torch]'")
    x = np.random.default_rng(0).uniform(-4, 20, 300)
    expected = torch.polygamma(n, torch.from_numpy(x)).numpy()
    # Torch cuts the series of trigamma at 5e-10. On the negative side it adds up terms of both signs that may cancel.
    rtol, atol = (1e-9, 0) if n == 1 else (1e-11, 1e-11 * math.factorial(n))
    np.testing.assert_allclose(polygamma(n, x), expected, rtol=rtol, atol=atol)
