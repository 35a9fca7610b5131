"""Parts of every measurement here: quantiles, of samples that carry them, and a word on the machine."""

from __future__ import annotations

import math
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from typing import Final

#: The number of values that must lie beyond a quantile, on either side of it, before it is stated.
BEYOND: Final = 10


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed, to a thousandth; NaN where there are none.

    >>> quantile([4.0, 1.0, 2.0, 3.0], 0.5), quantile([1.0, 2.0], 1.0)
    (2.5, 2.0)
    """
    if len(values) < 2:
        return values[0] if values else math.nan
    cuts = statistics.quantiles(values, n=1000, method="inclusive")
    return [min(values), *cuts, max(values)][round(share * 1000)]


def carries(count: int, share: float) -> bool:
    """Whether ``count`` values are enough for this quantile: ten of them lie beyond it, on either side.

    A median takes 20 values, p90 takes 100, p99 takes 1,000. With ten beyond it, the true quantile lies
    between the 4th and the 16th value from that end, in 19 of 20 samples (a binomial count of 10 ± 6): p99 of
    1,000 values is somewhere between their p98.4 and p99.6. Of 50 values, p99 would be the largest one, and
    that is chance.

    >>> carries(19, 0.5), carries(20, 0.5), carries(99, 0.9), carries(100, 0.9), carries(1000, 0.99)
    (False, True, False, True, True)
    """
    return round(count * min(share, 1 - share), 6) >= BEYOND


def machine() -> str:
    """The interpreter, the system and the number of processors of this measurement."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{platform.python_implementation()} {sys.version.split()[0]}"
    )
