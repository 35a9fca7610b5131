"""Charts with axes: the only views that need matplotlib."""

from __future__ import annotations

import wsdemo.views.charts.fontcache  # noqa: F401  before matplotlib
from wsdemo.views.charts.measured import ecdf, memory, strip, wire

__all__ = ["ecdf", "strip", "wire", "memory"]
