"""Sobol indices against functions whose indices are known: Ishigami, additive, and products with an interaction."""

from __future__ import annotations

import numpy as np
import pytest

from linli_engines.composite.errors import Refused
from linli_engines.composite.factors import Choice, Noise, Option, grid, points, saltelli
from linli_engines.composite.framework import flat
from linli_engines.composite.panel import Panel
from linli_engines.composite.scenario import Scenario
from linli_engines.composite.sensitivity import MeanShift, UnitScore, enumerated, estimated, exact, indices, sampled
from linli_engines.composite.study import Study


def ishigami(u: np.ndarray, a: float = 7.0, b: float = 0.1) -> np.ndarray:
    x = np.pi * (2 * u - 1)
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_indices(a: float = 7.0, b: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Closed form (Ishigami and Homma 1990)."""
    v1 = 0.5 * (1 + b * np.pi**4 / 5) ** 2
    v2, v13 = a**2 / 8, 8 * b**2 * np.pi**8 / 225
    whole = v1 + v2 + v13
    return np.array([v1, v2, 0.0]) / whole, np.array([v1 + v13, v2, v13]) / whole


def test_ishigami_by_sampling() -> None:
    n = 8_192
    found = estimated(ishigami(saltelli(n, [1, 1, 1], seed=5)), n, "abc")
    first, total = ishigami_indices()
    assert found.first[:, 0] == pytest.approx(first, abs=0.01)
    assert found.total[:, 0] == pytest.approx(total, abs=0.01)
    assert found.total_interval is not None
    low, high = found.total_interval[..., 0]
    assert (low <= found.total[:, 0]).all() and (found.total[:, 0] <= high).all()


def test_ishigami_by_enumeration() -> None:
    """At the nodes of a Gauss quadrature with its weights as probabilities: the closed form to nine digits."""
    nodes, weights = np.polynomial.legendre.leggauss(24)
    u = (nodes[grid([Choice(str(i), (Option("", {}),) * 24) for i in range(3)])] + 1) / 2
    found = enumerated(ishigami(u).reshape(24, 24, 24, 1), [weights / 2] * 3, "abc")
    first, total = ishigami_indices()
    assert found.first[:, 0] == pytest.approx(first, abs=1e-9)
    assert found.total[:, 0] == pytest.approx(total, abs=1e-9)
    assert found.pairs is not None
    assert found.pairs[0, 2, 0] == pytest.approx(total[2], abs=1e-9)
    assert found.pairs[0, 1, 0] == pytest.approx(0, abs=1e-12)


def test_an_additive_function_has_its_variances_as_indices() -> None:
    weights = np.array([1.0, 2.0, 4.0])
    share = weights**2 / (weights**2).sum()
    n = 4_096
    found = estimated(saltelli(n, [1, 1, 1], seed=2) @ weights, n, "abc")
    assert found.first[:, 0] == pytest.approx(share, abs=0.01)
    assert found.total[:, 0] == pytest.approx(share, abs=0.01)
    side = np.arange(6.0)
    y = (side[:, None, None] * 1 + side[None, :, None] * 2 + side[None, None, :] * 4)[..., None]
    whole = enumerated(y, [np.full(6, 1 / 6)] * 3, "abc")
    assert whole.first[:, 0] == pytest.approx(share, abs=1e-12)
    assert whole.total[:, 0] == pytest.approx(share, abs=1e-12)


def test_probabilities_of_options_count() -> None:
    """y = a b with P(a = 1) = 0.9 and P(b = 1) = 0.5, by hand: V = 0.2475, V(E|a) = 0.0225, V(E|b) = 0.2025."""
    y = np.array([[0.0, 0.0], [0.0, 1.0]])[..., None]
    found = enumerated(y, [np.array([0.1, 0.9]), np.array([0.5, 0.5])], "ab")
    assert found.variance[0] == pytest.approx(0.2475)
    assert found.first[:, 0] == pytest.approx([0.0225 / 0.2475, 0.2025 / 0.2475])
    assert found.total[:, 0] == pytest.approx([0.045 / 0.2475, 0.225 / 0.2475])


def test_a_group_of_columns_is_one_factor() -> None:
    n = 4_096
    u = saltelli(n, [2, 1], seed=9)
    found = estimated(u[:, 0] + u[:, 1] + u[:, 2], n, "ab")
    assert found.first[:, 0] == pytest.approx([2 / 3, 1 / 3], abs=0.01)


def test_an_outcome_that_stands_still_has_zeros_and_one_that_is_missing_none() -> None:
    n = 64
    level = estimated(np.full(n * 4, 7.3), n, "ab")
    assert (level.first == 0).all() and (level.total == 0).all()
    gap = np.ones(n * 4)
    gap[5] = np.nan
    with pytest.raises(Refused, match="OUTCOME_MISSING"):
        estimated(gap, n, "ab")
    with pytest.raises(Refused, match="POINTS"):
        estimated(np.ones(n * 3), n, "ab")


def test_a_large_mean_does_not_make_noise() -> None:
    n = 1_024
    y = saltelli(n, [1, 1], seed=3) @ np.array([1.0, 2.0]) + 1e4
    assert estimated(y, n, "ab").first[:, 0] == pytest.approx([0.2, 0.8], abs=0.02)
    assert estimated(y * 1e-15, n, "ab").first[:, 0] == pytest.approx([0.2, 0.8], abs=0.02)


def test_points_come_in_powers_of_two_and_from_their_seed() -> None:
    with pytest.raises(Refused, match="POWER_OF_TWO"):
        points(100, 2, 1)
    assert np.array_equal(points(64, 3, 8), points(64, 3, 8))
    assert not np.array_equal(points(64, 3, 8), points(64, 3, 9))


def study_of(*factors: object) -> Study:
    rng = np.random.default_rng(4)
    panel = Panel.single([f"u{i}" for i in range(8)], list("abc"), rng.uniform(1, 9, (8, 3)))
    return Study(panel, flat("abc"), Scenario(), tuple(factors))  # type: ignore[arg-type]


def test_sampled_and_exact_agree_on_a_study() -> None:
    means = Choice(
        "mean",
        tuple(Option(m, {"normalise.scale": (1, 9), "aggregate.default": m}) for m in ("arithmetic", "geometric")),
    )
    norm = Choice("norm", tuple(Option(m, {"normalise.method": m}) for m in ("minmax", "ratio_best")))
    study = study_of(means, norm)
    whole, part = exact(study, [UnitScore("u3")]), sampled(study, [UnitScore("u3")], n=1_024)
    assert indices(study, [UnitScore("u3")]).exact
    noisy = indices(study_of(norm, Noise("noise", 0.3)), [UnitScore("u3"), MeanShift()], n=128)
    assert not noisy.exact and noisy.runs == 128 * 4 and noisy.first.shape == (2, 2)
    assert part.first == pytest.approx(whole.first, abs=0.05)
    assert part.total == pytest.approx(whole.total, abs=0.05)


def test_what_cannot_be_enumerated_is_said() -> None:
    with pytest.raises(Refused, match="NOT_DISCRETE"):
        exact(study_of(Noise("noise", 0.2)), [MeanShift()])
    wide = [Choice(str(i), tuple(Option(str(k), {"aggregate.power": k / 100}) for k in range(60))) for i in range(3)]
    with pytest.raises(Refused, match="GRID_TOO_LARGE"):
        exact(study_of(*wide), [MeanShift()])
    with pytest.raises(Refused, match="UNIT_UNKNOWN"):
        sampled(study_of(Noise("noise", 0.2)), [UnitScore("nobody")], n=16)
