"""The keyboard alone, a small phone, light and dark."""

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import Served, Window
from .test_watching import status, submit_example

PHONE = {"viewport": {"width": 320, "height": 640}}
_CONTRAST = """
() => {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour, under) => {
    probe.fillStyle = `rgb(${under.join(",")})`; probe.fillRect(0, 0, 1, 1);
    probe.fillStyle = colour; probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (c) => c.reduce((sum, v, i) => sum + linear(v / 255) * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    const chain = [];
    for (let e = element; e; e = e.parentElement) chain.unshift(getComputedStyle(e).backgroundColor);
    return chain.reduce((under, colour) => rgba(colour, under), [255, 255, 255]);
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest("option, .unseen, .skip, noscript")) continue;
    const under = behind(element), text = rgba(getComputedStyle(element).color, under);
    const [dark, bright] = [light(under), light(text)].sort((a, b) => a - b);
    const ratio = (bright + 0.05) / (dark + 0.05);
    const said = `${element.className || element.tagName} ${element.textContent.slice(0, 30)}`;
    if (ratio < 4.5) poor.push(`${ratio.toFixed(2)}: ${said}`);
  }
  return [...new Set(poor)];
}
"""


def focused(page: Page) -> str:
    found: str = page.evaluate(
        "document.activeElement.getAttribute('name') || document.activeElement.textContent.trim()"
    )
    return found


def tab_to(page: Page, wanted: str, most: int = 60) -> None:
    """Press Tab until the element of this name or text has the focus."""
    for _ in range(most):
        if re.fullmatch(wanted, focused(page)):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {wanted!r}")


def test_everything_is_done_with_the_keyboard_alone(served: Served, window: Window) -> None:
    page = window.open(served)
    expect(page.get_by_role("heading", name="New job")).to_be_visible()
    tab_to(page, "statement")
    page.keyboard.type("Write a function add(a, b) that returns the sum of two integers.")
    tab_to(page, "entryPoint")
    page.keyboard.type("add")
    tab_to(page, "asserts")
    page.keyboard.type("assert add(1, 2) == 3\nassert add(2, 2) == 4")
    tab_to(page, "Submit")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("#/jobs/"))
    status(page, "Running")
    served.paced.let(1)
    expect(page.locator("#turn-1 .test")).to_have_count(2)
    page.keyboard.press("Tab")
    page.locator("#turn-1 summary").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#turn-1 .test").nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#turn-1 .test").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#turn-1 .test").nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#turn-1 .test").nth(1)).to_be_focused()
    tab_to(page, "Program")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#turn-1").get_by_role("tab", name="Answer")).to_have_attribute("aria-selected", "true")
    tab_to(page, "selfdebug|Skip to the content", 80)
    tab_to(page, "Cancel")
    page.keyboard.press("Enter")
    status(page, "Cancelled")


def test_the_focus_is_always_seen(served: Served, window: Window) -> None:
    page = window.open(served)
    expect(page.get_by_role("heading", name="New job")).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e), p = getComputedStyle(e.parentElement);"
            " return s.outlineStyle !== 'none' || p.outlineStyle !== 'none' })()"
        )
        assert seen, focused(page)
        if focused(page) == "Submit":
            return
    pytest.fail("the keyboard does not reach the end of the form")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 320, "height": 640}, {"width": 1280, "height": 800}], ids=["phone", "desk"])
def test_nothing_is_cut_off_and_all_text_can_be_read(
    served: Served, window: Window, scheme: str, size: dict[str, int]
) -> None:
    served.paced.free()
    page = window.open(served, viewport=size, color_scheme=scheme)
    expect(page.get_by_role("heading", name="New job")).to_be_visible()
    _look(page)
    submit_example(page)
    status(page, "Solved")
    page.locator("#turn-1 > summary").click()
    page.locator("#turn-3 > summary").click()
    page.locator("#turn-3").get_by_role("tab", name="Changes").click()
    expect(page.locator("#turn-3 .line.added").first).to_be_visible()
    _look(page)
    page.goto(f"{served.url}/#/jobs")
    expect(page.locator("#side .rows li")).to_have_count(1)
    _look(page)
    page.goto(f"{served.url}/#/")
    page.get_by_role("radio", name="JSON").check()
    page.get_by_role("button", name="Submit").click()
    _look(page)


def _look(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
    assert page.evaluate(_CONTRAST) == []


def test_dark_is_dark_and_light_is_light(served: Served, window: Window) -> None:
    grounds = [
        window.open(served, color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    light, dark = [sum(map(int, re.findall(r"\d+", ground))) for ground in grounds]
    assert dark < 120
    assert light > 650


def test_the_phone_shows_the_queue_on_a_page_of_its_own(served: Served, window: Window) -> None:
    page = window.open(served, **PHONE)
    expect(page.locator("#side")).to_be_hidden()
    page.get_by_role("link", name="Jobs").click()
    expect(page.locator("#side")).to_be_visible()
    expect(page.locator("#main")).to_be_hidden()
    expect(page.locator("#side")).to_contain_text("No job yet.")
