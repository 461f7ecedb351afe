"""Text that tries to become markup, to hide, to reorder, or to be too much. It is shown, and nothing else happens."""

import json
import urllib.request
from typing import Any

from playwright.sync_api import Page, expect

from .conftest import Served, Window, code, says
from .test_watching import status

MARKUP = "</script><script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'><svg onload=window.pwned=1>"
TURNED = "\u202egnirts\u202c \u200fmark\u200b"
HALF = "\ud800"


def post(served: Served, problem: dict[str, Any], **options: Any) -> str:
    body = json.dumps({"problem": problem, "options": {"strategy": "linear", **options}}).encode()
    request = urllib.request.Request(f"{served.url}/v1/jobs", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: str = json.load(answer)["id"]
        return found


def untouched(page: Page) -> None:
    assert page.evaluate("window.pwned === undefined")
    assert page.locator("#main img, #main script, #main svg, #side img, #side script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_no_text_becomes_markup(served: Served, window: Window) -> None:
    explained = f"It is wrong: {MARKUP}\n```html\n{MARKUP}\n```\n`{MARKUP}`"
    first = code(f"def f(x):\n    # {MARKUP}\n    print({MARKUP!r})\n    raise ValueError({MARKUP!r})")
    served.paced.give([first, says(explained), code(f"def f(x):\n    return {MARKUP!r}  # {MARKUP}")])
    served.paced.free()
    problem = {
        "id": MARKUP[:150],
        "statement": f"Return it. {MARKUP}",
        "entry_point": "f",
        "tests": {"asserts": [f"assert f(1) == {MARKUP!r}"]},
    }
    page = window.open(served, f"/#/jobs/{post(served, problem, feedback='unit-test+explanation')}")
    status(page, "Solved")
    expect(page.locator("h1")).to_have_text(MARKUP[:150])
    expect(page.locator(".statement")).to_have_text(f"Return it. {MARKUP}")
    page.locator("#turn-1 > summary").click()
    expect(page.locator("#turn-1 .test-detail")).to_contain_text(f"ValueError: {MARKUP}")
    for name in ("Program", "Explanation", "Answer", "Prompt"):
        page.locator("#turn-1").get_by_role("tab", name=name).click()
        expect(page.locator("#turn-1").get_by_role("tabpanel")).to_contain_text(MARKUP[:40])
        untouched(page)
    page.locator("#turn-2").get_by_role("tab", name="Changes").click()
    expect(page.locator("#turn-2 .line.added").last).to_contain_text(MARKUP[:40])
    untouched(page)


def test_what_hides_or_reorders_is_named(served: Served, window: Window) -> None:
    served.paced.give([code(f"def f(x):\n    # {TURNED}{HALF}\n    return '{TURNED}'\n\nprint('{HALF}\\ud800')")])
    served.paced.free()
    problem = {
        "id": "turned",
        "statement": f"Turn it. {TURNED}",
        "entry_point": "f",
        "tests": {"asserts": ["assert f(1) == 'x'"]},
    }
    page = window.open(served, f"/#/jobs/{post(served, problem, budget={'turns': 1})}")
    status(page, "Unsolved")
    expect(page.locator(".statement")).to_contain_text("U+202EgnirtsU+202C U+200FmarkU+200B")
    page.locator("#turn-1").get_by_role("tab", name="Program").click()
    program = page.locator("#turn-1").get_by_role("tabpanel")
    expect(program).to_contain_text("U+202Egnirts")
    expect(program).to_contain_text("U+D800")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download trajectory").click()
    events = [json.loads(line) for line in download.value.path().read_text().splitlines()]
    assert HALF in events[1]["completion"]["texts"][0]
    untouched(page)


def test_long_programs_and_many_tests_stay_usable(served: Served, window: Window) -> None:
    body = "\n".join(f"    x = x + {number}  # {'long ' * (number % 40)}" for number in range(4998))
    served.paced.give([code(f"def f(x):\n{body}\n    return x"), code(f"def f(x):\n{body}\n    return x + 1")])
    served.paced.free()
    tests = [f"assert f({number}) == {number if number % 7 else -1}" for number in range(500)]
    problem = {"id": "long", "statement": "Add.", "entry_point": "f", "tests": {"asserts": tests}}
    page = window.open(
        served, f"/#/jobs/{post(served, problem, budget={'turns': 2})}", viewport={"width": 320, "height": 640}
    )
    # The service may take its full limit of wall time for so many tests on a busy machine, twice.
    expect(page.locator("#main .title-row .pill")).to_contain_text("Unsolved", timeout=150_000)
    last = page.locator("#turn-2")
    expect(last.locator(".test")).to_have_count(500)
    expect(last.get_by_role("region", name="Test 1", exact=True)).to_contain_text("f(0)")
    assert last.locator('.test[tabindex="0"]').count() == 1
    expect(last.locator(".numbered .line")).to_have_count(300)
    last.get_by_role("button", name="Show all 5,000 lines").click()
    expect(last.locator(".numbered .line")).to_have_count(5000)
    last.get_by_role("tab", name="Changes").click()
    expect(last.get_by_role("tabpanel")).to_contain_text("1 added, 1 removed")
    untouched(page)


def test_two_long_programs_that_share_nothing_are_compared(served: Served, window: Window) -> None:
    programs = [
        "def f(x):\n" + "\n".join(f"    y{kind}{number} = {number}" for number in range(5000)) for kind in ("a", "b")
    ]
    served.paced.give([code(program) for program in programs])
    served.paced.free()
    problem = {"statement": "Add.", "entry_point": "f", "tests": {"asserts": ["assert f(1) == 1"]}}
    page = window.open(served, f"/#/jobs/{post(served, problem, budget={'turns': 2})}")
    status(page, "Unsolved")
    page.locator("#turn-2").get_by_role("tab", name="Changes").click()
    expect(page.locator("#turn-2").get_by_role("tabpanel")).to_contain_text("5000 added, 5000 removed")


def test_deep_and_odd_code_is_coloured_without_harm(served: Served, window: Window) -> None:
    odd = [
        "'''" + "a" * 20000,
        '"' * 9999,
        "(" * 5000,
        "\\" * 4001 + "'",
        "@" * 3000,
        "f'{" * 2000,
        "0x" * 3000,
        "é" * 3000,
    ]
    served.paced.give([code("def f(x):\n    return 0\n" + text) for text in odd])
    served.paced.free()
    problem = {"statement": "Add.", "entry_point": "f", "tests": {"asserts": ["assert f(1) == 1"]}}
    page = window.open(served, f"/#/jobs/{post(served, problem, budget={'turns': len(odd)})}")
    status(page, "Unsolved")
    for number, text in enumerate(odd, 1):
        card = page.locator(f"#turn-{number}")
        if not card.evaluate("(card) => card.open"):
            card.locator("> summary").click()
        card.get_by_role("tab", name="Answer").click()
        expect(card.get_by_role("tabpanel")).to_contain_text(text[:200])
    untouched(page)
