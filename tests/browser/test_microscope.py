"""The frame microscope in a real JupyterLab: by mouse, by keyboard, in both themes; how fast it is."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

import pytest
from playwright.sync_api import Locator

from tests import needs
from tests.browser.lab import SCREENSHOTS, Lab, Lesson

pytestmark = [needs.chromium, pytest.mark.timeout(240)]

NOTEBOOK = Path(__file__).parent / "data" / "microscope.ipynb"
SCOPE = "scope = views.microscope"
SHELF = "views.microscope(trace)"
LARGE = "large = views.microscope"
NODES = 2_000  # in the page, of a frame of any size

FLIPS = """async (scope) => {
    const times = [];
    for (let number = 0; number < 20; number++) {
        const drawn = new Promise(next => {
            const observer = new MutationObserver(() => { observer.disconnect(); next(); });
            observer.observe(scope, {attributes: true, attributeFilter: ['data-took']});
        });
        const start = performance.now();
        scope.querySelector("[data-bit='4']").click();
        await drawn;
        times.push(performance.now() - start);
        await new Promise(next => setTimeout(next, 50));  // twenty a second, as a key held down
    }
    return times;
}"""


def says(lesson: Lesson, scope: Locator, words: str) -> None:
    """Wait for a verdict."""
    verdict = scope.get_by_role("status")
    lesson.wait_until(lambda: words in verdict.inner_text())


def switch(scope: Locator, bit: int) -> Locator:
    return scope.locator(f"[role=switch][data-bit='{bit}']")


def focused(lesson: Lesson, what: str) -> str | None:
    """The number of the bit, or byte, that has the keyboard."""
    number: str | None = lesson.page.evaluate(f"document.activeElement.dataset.{what} ?? null")
    return number


def test_the_microscope(lab: Lab) -> None:
    with lab.open(NOTEBOOK) as lesson:
        lesson.run_all()
        scope = lesson.output(SCOPE).locator(".wsm")
        says(lesson, scope, "accepted")
        lesson.wait_until(lambda: scope.get_by_role("switch").count() == 11 * 8)

        by_mouse(lesson, scope)
        by_keyboard(lesson, scope)
        by_screen_reader(lesson, scope)
        edits(lesson, scope)
        a_large_frame(lesson)
        looks(lesson, scope)
        flips(lesson, scope)


def by_mouse(lesson: Lesson, scope: Locator) -> None:
    switch(scope, 1).click()
    says(lesson, scope, "close code 1002: reserved bits set")
    assert switch(scope, 1).get_attribute("aria-checked") == "true"
    assert switch(scope, 1).get_attribute("aria-label") == "bit 1, RSV1, 1"
    assert "RSV1" in scope.locator(".wsm-detail").inner_text()
    scope.get_by_role("button", name="back to the frame").click()
    says(lesson, scope, "accepted")
    scope.get_by_role("radio", name="a client").check()
    says(lesson, scope, "1002: masked frame")
    scope.get_by_role("radio", name="a server").check()
    says(lesson, scope, "accepted")
    scope.locator(".wsm-list").get_by_role("button", name="masking key").click()
    assert scope.locator(".wsm-cell.wsm-lit").count() == 4, "a field leads to its bytes in the hexdump"
    assert scope.locator(".wsm-bit.wsm-lit").count() == 32
    scope.locator(".wsm-detail").get_by_role("button", name="bytes 2-5, to the hexdump").click()
    assert focused(lesson, "byte") == "2"
    scope.locator(".wsm-cell").nth(8).click()
    assert "masked payload" in scope.locator(".wsm-detail").inner_text()


def by_keyboard(lesson: Lesson, scope: Locator) -> None:
    keyboard = lesson.page.keyboard
    switch(scope, 0).focus()
    for _ in range(4):
        keyboard.press("ArrowRight")
    keyboard.press("Space")
    says(lesson, scope, "a server reads ping")
    assert focused(lesson, "bit") == "4", "the focus stays"
    keyboard.press("Enter")
    says(lesson, scope, "a server reads text")
    keyboard.press("PageDown")
    keyboard.press("Space")
    says(lesson, scope, "1002: frame without a mask")
    keyboard.press("Space")
    says(lesson, scope, "accepted")
    keyboard.press("End")
    assert focused(lesson, "bit") == "87"
    keyboard.press("Home")
    assert focused(lesson, "bit") == "0"
    tab_stops = "buttons => buttons.filter(button => button.tabIndex === 0).length"
    assert scope.locator(".wsm-bit").evaluate_all(tab_stops) == 1


def by_screen_reader(lesson: Lesson, scope: Locator) -> None:
    """What Chromium tells a screen reader: every bit, byte, field and verdict by role, name and state."""
    switch(scope, 8).focus()
    cdp = lesson.page.context.new_cdp_session(lesson.page)
    ids = cdp.send("DOM.getDocument")["root"]["nodeId"]
    ids = cdp.send("DOM.querySelector", {"nodeId": ids, "selector": ".wsm"})["nodeId"]
    tree = cdp.send("Accessibility.queryAXTree", {"nodeId": ids})["nodes"]
    cdp.detach()

    def of(role: str) -> list[dict[str, Any]]:
        """The nodes of a role, each with its properties."""
        found = [node for node in tree if not node["ignored"] and node["role"]["value"] == role]
        values = [{p["name"]: p["value"].get("value") for p in node["properties"]} for node in found]
        texts = [
            {key: node[key]["value"] for key in ("name", "description") if key in node} for node in found
        ]
        return [value | text for value, text in zip(values, texts, strict=True)]

    data = bytes.fromhex("818537fa213d7f9f4d5158")
    fields = [(1, "FIN"), (1, "RSV1"), (1, "RSV2"), (1, "RSV3"), (4, "opcode"), (1, "MASK"), (7, "length")]
    fields += [(32, "masking key"), (40, "masked payload")]
    owners = [label for bits, label in fields for _ in range(bits)]
    ones = [bit == "1" for byte in data for bit in f"{byte:08b}"]
    assert [node["name"] for node in of("switch")] == [
        f"bit {bit}, {label}, {one:d}" for bit, (label, one) in enumerate(zip(owners, ones, strict=True))
    ]
    assert [node["checked"] == "true" for node in of("switch")] == ones
    assert all(node["focusable"] for node in of("switch"))
    (chosen,) = [node for node in of("switch") if node.get("focused")]
    assert chosen["name"] == "bit 8, MASK, 1"
    assert "masked, as a client must says who RFC 6455 §5.1" in chosen["description"]

    names = [node["name"] for node in of("button")]
    for byte, value in enumerate(data):
        labels = ", ".join(dict.fromkeys(owners[byte * 8 : byte * 8 + 8]))
        assert f"byte {byte}, {value:02x}, {labels}" in names
    pressed = {node["name"]: node.get("pressed") for node in of("button")}
    assert [pressed[label] for _, label in fields] == ["true" if f == "MASK" else "false" for _, f in fields]
    (status,) = of("status")
    assert (status["live"], status["atomic"]) == ("polite", True), "a new verdict is read out, as a whole"
    assert [node["name"] for node in of("checkbox")] == ["masked"]
    assert {node["name"] for node in of("radio")} == {"a server", "a client", "7 bits", "16 bits", "64 bits"}
    assert all(node["name"] for node in of("textbox"))


def a_large_frame(lesson: Lesson) -> None:
    """64 KiB, whose length takes 64 bits: as quick as a small one, and a page of it at a time."""
    scope = lesson.output(LARGE).locator(".wsm")
    scope.scroll_into_view_if_needed()
    says(lesson, scope, "accepted: a server reads binary 65536 B")
    assert scope.locator("*").count() < NODES
    assert scope.get_by_label("payload as hex").is_disabled()
    assert scope.get_by_role("radio", name="64 bits").is_checked()
    assert "bytes 0 to 63 of 65550" in scope.inner_text()
    switch(scope, 0).focus()
    lesson.page.keyboard.press("End")
    lesson.wait_until(lambda: focused(lesson, "bit") == "524399")
    assert "bytes 65536 to 65549 of 65550" in scope.inner_text()
    lesson.page.keyboard.press("Space")
    says(lesson, scope, "bit 524399, masked payload, is now")
    assert focused(lesson, "bit") == "524399"
    lesson.page.keyboard.press("ArrowUp")
    lesson.page.keyboard.press("ArrowUp")
    lesson.page.keyboard.press("PageUp")  # to the field before: another page
    lesson.wait_until(lambda: focused(lesson, "bit") == "80")
    assert "masking key" in scope.locator(".wsm-detail").inner_text()
    scope.get_by_role("button", name="later bytes").click()
    lesson.wait_until(lambda: "bytes 64 to 127 of 65550" in scope.inner_text())
    assert scope.locator("*").count() < NODES
    scope.get_by_role("button", name="earlier bytes").click()
    lesson.wait_until(lambda: scope.locator("[data-bit='4']").count() == 1)
    flips(lesson, scope)
    lesson.screenshot("microscope-large", whole=False)


def edits(lesson: Lesson, scope: Locator) -> None:
    scope.get_by_label("payload as text").fill("héllo")
    says(lesson, scope, "text 6 B 'héllo'")
    assert scope.get_by_label("payload as hex").input_value() == "68 c3 a9 6c 6c 6f"
    scope.get_by_role("radio", name="16 bits").check()
    says(lesson, scope, "1002: length 6 not in its shortest form")
    scope.get_by_role("radio", name="7 bits").check()
    says(lesson, scope, "accepted")
    hexadecimal = scope.get_by_label("payload as hex")
    hexadecimal.fill("ff")
    hexadecimal.press("Enter")
    says(lesson, scope, "1007: not UTF-8 text")
    hexadecimal.fill("f")
    hexadecimal.press("Enter")
    says(lesson, scope, "that can't be done")
    scope.get_by_role("button", name="back to the frame").click()
    says(lesson, scope, "the frame is as it was")
    key = scope.get_by_label("masking key (hex)")
    key.fill("00000000")
    key.press("Enter")
    says(lesson, scope, "the frame has 11 bytes now")
    lesson.wait_until(lambda: scope.get_by_label("payload as text").input_value() == "Hello")
    scope.get_by_role("button", name="back to the frame").click()
    switch(scope, 13).click()  # length 5 becomes 1: the other bytes are another frame
    lesson.wait_until(lambda: scope.locator(".wsm-behind li").count() > 1)
    switch(scope, 13).click()
    says(lesson, scope, "text 5 B 'Hello'")


def flips(lesson: Lesson, scope: Locator) -> None:
    """Each of twenty clicks on a bit leads to a new picture; how soon is printed."""
    times: list[float] = scope.evaluate(FLIPS)
    print(f"a flip: fastest {min(times):.1f} ms, median {median(times):.1f} ms")


def looks(lesson: Lesson, scope: Locator) -> None:
    shelf = lesson.output(SHELF).locator(".wsm")
    buttons = shelf.locator(".wsm-shelf button")
    lesson.wait_until(lambda: buttons.count() == 7)
    buttons.filter(has_text="continuation").first.click()
    says(lesson, shelf, "reads continuation 1 B")
    lesson.screenshot("microscope-light")
    scope.scroll_into_view_if_needed()
    scope.screenshot(path=SCREENSHOTS / "microscope-close.png")
    lesson.dark()
    lesson.screenshot("microscope-dark")
    lesson.dark(False)
    lesson.zoom(2)
    scope.scroll_into_view_if_needed()
    lesson.screenshot("microscope-zoomed", whole=False)
