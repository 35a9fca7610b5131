"""Views are loaded when they are used, and stand on a ladder of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.test_architecture import imports, internal, modules
from wsdemo import views

#: Each group may import those before it.
LADDER = ("drawing", "live", "bytes", "diagrams", "charts", "benches")

#: Runs with everything heavy missing, as on a machine that has only Python.
BARE = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"matplotlib", "ipywidgets", "anywidget", "IPython", "numpy", "PIL"}:
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Missing())
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", BARE + code], capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", views.__all__)
def test_each_public_name_is_there(name: str) -> None:
    found = getattr(views, name)
    assert found.__name__.removeprefix("wsdemo.views.").split(".")[-1] == name
    assert name in dir(views)


def test_any_other_name_is_not() -> None:
    with pytest.raises(AttributeError, match=r"module 'wsdemo\.views' has no attribute 'rulers'"):
        views.rulers  # noqa: B018


@pytest.mark.parametrize("group", LADDER)
def test_each_group_uses_those_below_it(group: str) -> None:
    below = LADDER[: LADDER.index(group) + 1]
    for module, path in modules():
        if module.startswith(f"views.{group}"):
            for target in filter(None, map(internal, imports(path, module))):
                if target.startswith("views"):
                    assert target.split(".")[1] in below, f"{module} imports {target}"


def test_a_trace_is_shown_where_only_python_is() -> None:
    said = run(
        "from wsdemo import Trace\n"
        "trace = Trace()\n"
        "tap = trace.tap('client', 1, 2)\n"
        "tap.sent(b'GET / HTTP/1.1\\r\\n\\r\\n')\n"
        "print(trace._repr_mimebundle_()['text/plain'])\n"
        "assert 'img' in trace._repr_mimebundle_()['text/html']\n"
    )
    assert said.startswith("connections: 1\nto server: 18 bytes: 1 × HTTP request")


@pytest.mark.parametrize(
    "code",
    [
        "views.ruler('8105 48656c6c6f')",
        "views.hexdump(b'Hello', frame=False)",
        "views.xor(payload=b'Hello', key=b'1234')",
        "views.stack('8105 48656c6c6f')",
        "views.states()",
        "views.stream([b'5         Hello'])",
        "views.handshake(b'GET / HTTP/1.1\\r\\n\\r\\n', b'HTTP/1.1 200 OK\\r\\n\\r\\n')",
        "views.gantt(views.Diary())",
        "views.coursemap()",
        "views.column(views.Word('é'), 'words')",
    ],
)
def test_a_diagram_needs_only_python(code: str) -> None:
    run(f"from wsdemo import views\nassert {code}._repr_mimebundle_()['text/html']\n")
