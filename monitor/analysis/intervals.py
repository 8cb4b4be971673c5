"""Exact intervals of counts and shares, 95 % unless asked otherwise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """Lower and upper end."""

    low: float
    high: float


def poisson_interval(count: int, level: float = 0.95) -> Interval:
    """Exact interval of the mean of a Poisson count (Garwood 1936).

    Parameters
    ----------
    count
        Events counted, 0 or more.
    level
        Confidence level between 0 and 1.

    Returns
    -------
    Interval
        Ends in events; divide both by the exposure to get a rate.

    Raises
    ------
    ValueError
        The count is negative or the level does not lie between 0 and 1.
    """
    # Half a second to import: only pages that print an interval pay for it.
    from scipy.special import gammaincinv

    if count < 0:
        raise ValueError(f"count must be 0 or more, not {count}")
    tail = _tail(level)
    low = float(gammaincinv(count, tail)) if count else 0.0
    return Interval(low, float(gammaincinv(count + 1, 1 - tail)))


def poisson_tail(count: int, mean: float) -> float:
    """Probability of a Poisson count at least as far out on its side of the mean: at most it below, at least it above.

    Summed in place of a call to scipy, which every figure would have to wait for at the first start.
    """
    if mean <= 0:
        return 1.0 if count == 0 else 0.0
    below = count < mean
    terms = np.arange(count + 1 if below else count)
    logs = (
        terms * np.log(mean)
        - mean
        - np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, len(terms))))])[: len(terms)]
    )
    total = float(np.exp(logs).sum())
    return min(total, 1.0) if below else max(1.0 - total, 0.0)


def binomial_interval(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Exact interval of a share (Clopper and Pearson 1934); 0 to 1 where nothing was tried.

    Raises
    ------
    ValueError
        Successes do not lie between 0 and the number of trials, or the level not between 0 and 1.
    """
    from scipy.special import betaincinv

    if not 0 <= successes <= trials:
        raise ValueError(f"successes must lie between 0 and {trials}, not {successes}")
    tail = _tail(level)
    low = float(betaincinv(successes, trials - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, trials - successes, 1 - tail)) if successes < trials else 1.0
    return Interval(low, high)


def _tail(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    return (1 - level) / 2
