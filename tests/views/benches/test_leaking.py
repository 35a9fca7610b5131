"""The menu of ways and the switch for TLS: each change is drawn."""

from __future__ import annotations

import pytest

from wsdemo.views.benches.leaking import leaking
from wsdemo.views.diagrams.leaks import WAYS, leaks


def test_each_control_changes_the_table() -> None:
    live = leaking("cookie")
    way, tls = live.controls
    assert live.text == leaks("cookie").text and way.options == WAYS
    way.value = "first message"
    assert live.text == leaks("first message").text
    tls.value = False
    assert live.text == leaks("first message", tls=False).text and "LEAKS" in live.view.value
    still = live.outputs[0]["text/plain"]
    assert still.startswith("cookie, with TLS") and "a menu sets the way" in still
    live.close()


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of"):
        leaking("telepathy")
