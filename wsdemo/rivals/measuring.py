"""What every measurement here needs: a quantile, and a word on the machine."""

from __future__ import annotations

import math
import os
import platform
import statistics
import sys
from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed, to a thousandth; NaN where there are none.

    >>> quantile([4.0, 1.0, 2.0, 3.0], 0.5), quantile([1.0, 2.0], 1.0)
    (2.5, 2.0)
    """
    if len(values) < 2:
        return values[0] if values else math.nan
    cuts = statistics.quantiles(values, n=1000, method="inclusive")
    return [min(values), *cuts, max(values)][round(share * 1000)]


def machine() -> str:
    """On what it was measured."""
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"{platform.python_implementation()} {sys.version.split()[0]}"
    )
