"""A page of a server in this notebook's kernel, in a frame below the cell.

::

    notebook at http://localhost:8888/lab   ──►  http://localhost:8000/              1  directly
                                            ──►  http://localhost:8888/proxy/8000/   2  jupyter-server-proxy

The host name is the notebook's own, which only the browser knows: a page of ``127.0.0.1`` in one of
``localhost`` would be another site, and have no cookie under SameSite=Strict. Where a kernel runs on another
machine its port can't be reached, and the page comes through Jupyter's own port. Either way is told above the
frame. Where scripts do not run, as in a notebook that is not trusted, a text with the address remains.
"""

from __future__ import annotations

import html
import json
import secrets
from typing import Final

from wsdemo.views.drawing.drawing import Drawing

#: Milliseconds in which the server must answer directly.
PATIENCE: Final = 3000

_SCRIPT: Final = """
(async (id, port, path, probe, patience) => {
  const waits = (ms) => new Promise((next) => setTimeout(next, ms));
  let box = null;
  for (let look = 0; look < 100 && !(box = document.getElementById(id)); look++) await waits(50);
  if (!box || box.dataset.shown) return;
  box.dataset.shown = "yes";
  const settings = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
  const direct = `${location.protocol}//${location.hostname}:${port}/`;
  const base = new URL(settings.baseUrl ?? "/", location.origin);
  const proxied = new URL(`proxy/${port}/`, base).href;
  const answers = async (url, mode) => {
    try {
      const answer = await fetch(url + probe, { mode, signal: AbortSignal.timeout(patience) });
      return mode === "no-cors" || answer.ok;
    } catch { return false; }
  };
  const way = (await answers(direct, "no-cors")) ? [direct, "directly"]
    : (await answers(proxied, "same-origin")) ? [proxied, "through jupyter-server-proxy"] : null;
  const told = document.createElement("div");
  told.className = "wsdemo-way";
  if (way) {
    const url = way[0] + path, link = document.createElement("a"), frame = document.createElement("iframe");
    [link.href, link.textContent, link.target, link.rel] = [url, url, "_blank", "noopener"];
    [frame.src, frame.title, frame.name] = [url, box.dataset.title, id]; // the name: two of a page keep apart
    frame.style.cssText = "width:100%;height:600px;border:1px solid var(--jp-border-color1,#ccc)";
    told.append(link, ` ${way[1]}`);
    box.replaceChildren(told, frame);
  } else {
    told.textContent = `The page can be reached neither directly at ${direct} nor at ${proxied}: `
      + "on another machine, pip install jupyter-server-proxy beside JupyterLab.";
    box.append(told);
  }
})"""


class Webpage(Drawing):
    """The page at ``url``, of a server on ``port``, with a line of ``text`` for where it can't be shown.

    ``path``: of the page, without a slash before it. ``probe``: a path that answers at once.
    """

    def __init__(self, url: str, port: int, text: str, *, path: str = "", probe: str = "health") -> None:
        self._url, self._port, self._text, self._path, self._probe = url, port, text, path, probe

    @property
    def text(self) -> str:
        """The line, and the address."""
        return f"{self._text}: {self._url}{self._path}"

    @property
    def html(self) -> str:
        """The frame, made by a script in the browser."""
        number = f"wsdemo-{secrets.token_hex(6)}"
        values = json.dumps([number, self._port, self._path, self._probe, PATIENCE])
        still = html.escape(self.text, quote=True)
        script = f"{_SCRIPT}(...{values.replace('<', chr(92) + 'u003c')});"
        title = html.escape(self._text, quote=True)
        return f'<div id="{number}" data-title="{title}"><p>{still}</p></div><script>{script}</script>'
