"""The table: medians with their ranges, and a verdict that counts the rounds."""

from __future__ import annotations

from wsdemo.bench import report
from wsdemo.bench.rows import Goal, Row
from wsdemo.bench.run import Result, Run


def test_the_whole_table() -> None:
    goals = (Goal(most=1.2, by="tcp"), Goal(least=20, ours="wsdemo threaded"), Goal(most=1, by="picows"))
    row = Row("row", "echo", "µs", (), lambda served, quick: 0.0, goals, beside="tcp")
    values = {"tcp": [20.0, 22.0, 24.0], "wsdemo": [22.0, 22.0, 36.0], "wsdemo threaded": [30.0, 40.0, 50.0]}
    lonely = Row("memory", "memory", "KiB", (), lambda served, quick: 0.0, (Goal(most=2),))
    results = [Result(row, values, {"aiohttp": "OSError: no"}), Result(lonely, {"wsdemo": [1.0]})]
    conditions = {"load": 0.25, "python": "3.11.7", "cores": 2}
    text = report.table(Run(results, 3, False, {"picows": "picows"}, conditions))
    assert text.removesuffix(report.DEFINITIONS).splitlines() == [
        "row              ours       goal          measured    range",
        "---------------  ----  ---  ------------  --------  -------  ----------------",
        "echo               22  µs   ≤ 1.2 × tcp        1.1  1 – 1.5  MISSED in 1 of 3",
        "echo (threaded)    40  µs   ≥ 20                40  30 – 50  met",
        "echo               22  µs   ≤ 1 × picows         –           not measured",
        "memory              1  KiB  ≤ 2                  1    1 – 1  met",
        "",
        "echo (µs)            median    range  × tcp",
        "    tcp                  22  20 – 24",
        "    wsdemo               22  22 – 36    1.1     1 – 1.5",
        "    wsdemo threaded      40  30 – 50   1.82  1.5 – 2.08",
        "",
        "memory (KiB)  median  range",
        "    wsdemo         1  1 – 1",
        "",
        "picows: not installed, skipped (pip install picows)",
        "echo: aiohttp failed: OSError: no",
        "3 rounds, Python 3.11.7, 2 cores, load 0.2 at the start.",
    ]


def test_a_quick_run_says_that_it_means_nothing_and_a_load_is_told_where_it_is_known() -> None:
    conditions = {"load": None, "python": "3.11.7", "cores": 1}
    last = report.table(Run([], 1, True, {}, conditions)).removesuffix(f"\n{report.DEFINITIONS}")
    assert last.endswith("\n1 round (quick: they mean nothing), Python 3.11.7, 1 core.")
