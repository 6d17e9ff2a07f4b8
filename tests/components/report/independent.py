"""Formulas written again, for comparison."""

import math

from scipy import stats


def wilson(successes: float, trials: float) -> tuple[float, float]:
    """Return Wilson's interval as the two roots of its quadratic equation."""
    z2 = stats.norm.ppf(0.975) ** 2
    share = successes / trials
    a, b, c = 1 + z2 / trials, -(2 * share + z2 / trials), share**2
    root = math.sqrt(b * b - 4 * a * c)
    return max(0.0, (-b - root) / (2 * a)), min(1.0, (-b + root) / (2 * a))
