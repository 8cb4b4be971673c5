"""Exact intervals against what defines them: the tail probability at each end."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.analysis.intervals import binomial_interval, poisson_interval, poisson_tail


def poisson_at_most(count: int, mean: float) -> float:
    return sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(count + 1))


def binomial_at_most(successes: int, trials: int, share: float) -> float:
    return sum(math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(successes + 1))


def test_published_poisson_intervals() -> None:
    # Garwood's table: 0 -> 3.689, 1 -> 0.0253 to 5.572, 10 -> 4.795 to 18.39
    assert poisson_interval(0) == pytest.approx((0, 3.689), abs=5e-4)
    assert poisson_interval(1) == pytest.approx((0.0253, 5.572), abs=5e-4)
    assert poisson_interval(10) == pytest.approx((4.795, 18.39), abs=5e-3)


@given(st.integers(1, 200), st.sampled_from([0.5, 0.9, 0.95]))
def test_poisson_ends_leave_equal_tails(count: int, level: float) -> None:
    low, high = poisson_interval(count, level)
    assert 1 - poisson_at_most(count - 1, low) == pytest.approx((1 - level) / 2, abs=1e-8)
    assert poisson_at_most(count, high) == pytest.approx((1 - level) / 2, abs=1e-8)
    assert low < count < high


@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_binomial_ends_leave_equal_tails(case: tuple[int, int]) -> None:
    successes, trials = case
    low, high = binomial_interval(successes, trials)
    assert low <= successes / trials <= high
    if successes:
        assert 1 - binomial_at_most(successes - 1, trials, low) == pytest.approx(0.025, abs=1e-8)
    if successes < trials:
        assert binomial_at_most(successes, trials, high) == pytest.approx(0.025, abs=1e-8)


def test_nothing_tried_leaves_everything_open() -> None:
    assert binomial_interval(0, 0) == (0, 1)


@pytest.mark.parametrize(
    "bad", [lambda: poisson_interval(-1), lambda: binomial_interval(3, 2), lambda: poisson_interval(1, 1.0)]
)
def test_impossible_counts_are_errors(bad) -> None:
    with pytest.raises(ValueError, match="must"):
        bad()


@given(st.integers(0, 80), st.floats(0.1, 60))
def test_the_tail_is_that_of_the_poisson_law(count: int, mean: float) -> None:
    expected = poisson_at_most(count, mean) if count < mean else 1 - poisson_at_most(count - 1, mean)
    assert poisson_tail(count, mean) == pytest.approx(expected, abs=1e-9)
    assert poisson_tail(0, 0) == 1
