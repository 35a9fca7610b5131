"""Run the lessons and store their outputs, in place and without churn: a second run changes no byte.

    python -m tools.notebooks [--check] [--fresh] [NOTEBOOK ...]        (all of notebooks/ by default)

A notebook runs from top to bottom in a new kernel. An output that says the same as the stored one, ports and
durations aside (tests/notebooks/sanitize.cfg), stays as it is. So does that of a cell tagged
`nbval-ignore-output`, whose point is a measurement; and a drawing below a cell tagged `drawn-to-time`, whose
lengths are times. `--fresh` takes all outputs anew. `--check` writes nothing, and fails where a notebook
would change.
"""

from __future__ import annotations

import argparse
import base64
import io
import re
import sys
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT: Final = Path(__file__).resolve().parent.parent
LESSONS: Final = ROOT / "notebooks"
SANITIZE: Final = ROOT / "tests" / "notebooks" / "sanitize.cfg"
METADATA: Final = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {  # what nbconvert makes scripts by; no version, for that would change
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}
KEPT_IN_CELLS: Final = ("tags", "slideshow", "jupyter", "editable", "deletable")
IGNORED: Final = {"nbval-ignore-output", "nbval-skip"}
TO_TIME: Final = "drawn-to-time"
# No widget's state is stored, so no widget is shown.
DROPPED: Final = ("application/vnd.jupyter.widget-view+json",)
TIMEOUT: Final = 240  # seconds a cell, on a busy machine too
PICTURE_TOLERANCE: Final = 1.0  # mean difference of a pixel's channels, of 255

EMBEDDED: Final = re.compile(r"data:image/(png|svg\+xml);base64,([A-Za-z0-9+/=]+)")

Notebook = Any  # nbformat's NotebookNode: a dict with attributes


def lessons() -> list[Path]:
    """The notebooks of the course, in order."""
    return sorted(LESSONS.glob("[0-9][0-9]_*.ipynb"))


def read(path: Path) -> Notebook:
    return nbformat.read(path, as_version=4)


def run(path: Path, *, fresh: bool = False) -> str:
    """Execute a notebook; the text that its file should hold. Raises what its cells raise."""
    stored = read(path)
    notebook = read(path)
    tidy(notebook, path.name[:2])
    execute(notebook, path.parent)
    for cell, before in zip(notebook.cells, stored.cells, strict=True):
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            for output in cell.outputs:
                for mime in DROPPED:
                    output.get("data", {}).pop(mime, None)
                    output.get("metadata", {}).pop(mime, None)
            if not fresh:
                cell.outputs = merge(cell, before)
            for output in cell.outputs:  # a kept one may come from a cell that had another number
                if "execution_count" in output:
                    output.execution_count = cell.execution_count
    tidy(notebook, path.name[:2])
    return nbformat.writes(notebook) + "\n"


def execute(notebook: Notebook, folder: Path) -> None:
    """Run all cells in a new kernel of this very environment, where the notebook lies."""
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        startup_timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()


def tidy(notebook: Notebook, lesson: str) -> None:
    """The same metadata everywhere, and an id for every cell: what says nothing does not change."""
    notebook.metadata.clear()
    notebook.metadata.update(nbformat.from_dict(METADATA))
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    used = {cell.get("id") for cell in notebook.cells}
    fresh = (name for number in range(1000) if (name := f"lesson-{lesson}-{number:02}") not in used)
    for cell in notebook.cells:
        if not cell.get("id"):
            cell["id"] = next(fresh)
        cell.source = cell.source.strip("\n")
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in KEPT_IN_CELLS if key in cell.metadata}
        )


# Which outputs stay


def merge(cell: Notebook, before: Notebook) -> list[Any]:
    """The outputs to store: the earlier ones where they say the same."""
    if before.get("cell_type") != "code" or len(before.outputs) != len(cell.outputs):
        return list(cell.outputs)
    tags = set(cell.metadata.get("tags", ()))
    measured = IGNORED & tags and before.source == cell.source
    return [
        old if equal(old, new, strict=not measured, drawings=TO_TIME not in tags) else new
        for old, new in zip(before.outputs, cell.outputs, strict=True)
    ]


def equal(old: Any, new: Any, *, strict: bool, drawings: bool = True) -> bool:
    """Do two outputs say the same? Not strictly: are they of the same kinds? ``drawings``: do SVGs count?"""
    if old.output_type != new.output_type or old.get("name") != new.get("name"):
        return False
    if not strict:
        return set(old.get("data", ())) == set(new.get("data", ()))
    if old.output_type == "stream":
        return sanitize(old.text) == sanitize(new.text)
    if old.output_type == "error":
        return bool(sanitize(old.evalue) == sanitize(new.evalue) and old.ename == new.ename)
    return set(old.data) == set(new.data) and all(
        alike(mime, old.data[mime], new.data[mime], drawings) for mime in new.data
    )


def alike(mime: str, old: Any, new: Any, drawings: bool = True) -> bool:
    if mime == "image/png":
        return old.strip() == new.strip() or same_picture(old, new)
    if isinstance(old, str) and isinstance(new, str):
        pictures = zip(EMBEDDED.findall(old), EMBEDDED.findall(new), strict=False)
        return sanitize(old) == sanitize(new) and all(same_embedded(a, b, drawings) for a, b in pictures)
    return bool(old == new)


def same_embedded(old: tuple[str, str], new: tuple[str, str], drawings: bool) -> bool:
    """Are two pictures inside HTML, each its kind and its data (base64), the same?"""
    (kind, before), (other, after) = old, new
    if kind != other or before == after:
        return kind == other
    if kind == "png":
        return same_picture(before, after)
    return not drawings or svg(before) == svg(after)


def svg(data: str) -> str:
    """A drawing (base64) without what may differ between two runs: a port is written in it, for example."""
    return sanitize(base64.b64decode(data).decode())


def same_picture(old: str, new: str) -> bool:
    """Are two PNGs (base64) the same to the eye?"""
    from PIL import Image, ImageChops, ImageStat

    first, second = (Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB") for png in (old, new))
    if first.size != second.size:
        return False
    return max(ImageStat.Stat(ImageChops.difference(first, second)).mean) < PICTURE_TOLERANCE


def rules() -> list[tuple[re.Pattern[str], str]]:
    """The pairs of the sanitising file, read as nbval reads them."""
    text = SANITIZE.read_text(encoding="utf-8")
    return [(re.compile(a), b) for a, b in re.findall(r"^regex: (.*)$\n^replace: (.*)$", text, re.MULTILINE)]


def sanitize(text: str) -> str:
    """What is left of an output when all is taken out that may differ between two runs."""
    for pattern, replacement in rules():
        text = pattern.sub(replacement, text)
    return text


# The command


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where a notebook would change"
    )
    parser.add_argument("--fresh", action="store_true", help="keep no stored output")
    options = parser.parse_args()
    failed = False
    for path in options.notebooks or lessons():
        before = path.read_text(encoding="utf-8")
        try:
            after = run(path.resolve(), fresh=options.fresh)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            failed = True
            continue
        changed = before != after
        if changed and not options.check:
            path.write_text(after, encoding="utf-8")
        failed |= changed and options.check
        print(f"{path}: {('would change' if options.check else 'updated') if changed else 'unchanged'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
