"""What can be submitted, what is said about what can't, and the key."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from selfdebug.service.records import Scope

from .conftest import Served, Window
from .test_watching import status, submit_example


def submit(page: Page) -> None:
    page.get_by_role("button", name="Submit").click()


def test_what_is_missing_is_said_at_its_field(served: Served, window: Window) -> None:
    page = window.open(served)
    submit(page)
    told = page.get_by_role("alert")
    expect(told).to_contain_text("Statement: say what the program is to do.")
    expect(told).to_contain_text("Asserts: give at least one line that begins with assert")
    statement = page.get_by_label("Statement")
    expect(statement).to_be_focused()
    expect(statement).to_have_attribute("aria-invalid", "true")
    expect(statement).to_have_accessible_description(re.compile("Statement: say what"))


def test_what_the_service_refuses_is_said_at_its_field(served: Served, window: Window) -> None:
    window.expected = ("422",)
    page = window.open(served)
    page.get_by_label("Statement").fill("Add.")
    page.get_by_label("Asserts").fill("assert f(1 ==")
    page.get_by_label("Turns").fill("0")
    submit(page)
    expect(page.get_by_role("alert")).to_contain_text("turns")
    expect(page.get_by_label("Turns")).to_be_focused()
    page.get_by_label("Turns").fill("many")
    submit(page)
    expect(page.get_by_label("Turns")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Turns").fill("2")
    submit(page)
    expect(page.get_by_label("Asserts")).to_be_focused()
    assert served.store.jobs(limit=10) == []


def test_nothing_that_was_typed_is_lost_by_looking_elsewhere(served: Served, window: Window) -> None:
    page = window.open(served)
    page.get_by_label("Statement").fill("Add two numbers.")
    page.get_by_label("Kind").select_option("stdio")
    page.get_by_label("Reads").fill("1 2")
    page.get_by_role("button", name="Add a case").click()
    expect(page.get_by_label("Reads")).to_have_count(2)
    page.goto(f"{served.url}/#/jobs/none")
    window.expected = ("404",)
    page.goto(f"{served.url}/#/")
    expect(page.get_by_label("Statement")).to_have_value("Add two numbers.")
    expect(page.get_by_label("Reads").first).to_have_value("1 2")


def test_set_up_before_the_asserts_is_sent_as_such(served: Served, window: Window) -> None:
    page = window.open(served)
    page.get_by_label("Statement").fill("Return the sum.")
    page.get_by_label("Asserts").fill("import math\nassert add(1,\n    2) == 3\nassert add(math.inf, 1) == math.inf")
    expect(page.get_by_text("2 tests")).to_be_visible()
    submit(page)
    page.wait_for_url(re.compile("#/jobs/"))
    [job] = served.store.jobs(limit=10)
    suite = json.loads(served.store.events(job.id)[0].event)["problem"]["visible"]
    assert suite["setup"] == "import math"
    assert suite["asserts"] == ["assert add(1,\n    2) == 3", "assert add(math.inf, 1) == math.inf"]


@pytest.mark.parametrize("many", [False, True])
def test_json_is_pasted(served: Served, window: Window, many: bool) -> None:
    row = {
        "text": "Write a function to add two numbers.",
        "test_list": ["assert add(1, 2) == 3"],
        "task_id": 7,
        "code": "",
    }
    rows = [row, {"statement": "Add.", "entry_point": "add", "tests": {"asserts": ["assert add(1, 2) == 3"]}}]
    page = window.open(served)
    page.get_by_role("radio", name="JSON").check()
    text = (
        "\n".join(map(json.dumps, rows))
        if many
        else json.dumps({"problem": row, "options": {"strategy": "linear", "budget": {"turns": 3}}})
    )
    page.get_by_label("Problem as JSON").fill(text)
    submit(page)
    page.wait_for_url(re.compile(r"#/jobs$" if many else r"#/jobs/\w{32}$"))
    expect(page.locator("#side .rows li")).to_have_count(2 if many else 1)
    if not many:
        expect(page.locator(".facts")).to_contain_text("of 3")


def test_json_that_is_none_is_told(served: Served, window: Window) -> None:
    window.expected = ("422",)
    page = window.open(served)
    page.get_by_role("radio", name="JSON").check()
    for text, said in [("", "paste a problem"), ("{", "JSON"), ("[]", "expected an object"), ('{"a": 1}', "statement")]:
        page.get_by_label("Problem as JSON").fill(text)
        submit(page)
        expect(page.get_by_role("alert")).to_contain_text(said)
        expect(page.get_by_label("Problem as JSON")).to_be_focused()


def test_a_key_is_asked_for_and_kept_in_the_tab_alone(serve: Callable[..., Served], window: Window) -> None:
    window.expected = ("401",)
    served = serve(keys_required=True)
    _, secret = served.store.create_key("page", frozenset({Scope.SUBMIT, Scope.READ}))
    page = window.open(served)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("An API key is needed")
    dialog.get_by_label("Key").fill("sd_wrong – no key")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("unknown or has been revoked")
    dialog.get_by_label("Key").fill(secret)
    dialog.get_by_role("button", name="Use this key").click()
    expect(page.locator("#side")).to_contain_text("No job yet.")
    expect(page.get_by_label("Model", exact=True)).to_contain_text("recorded (default)")
    served.paced.free()
    submit_example(page)
    status(page, "Solved")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download solution").click()
    assert "def group_anagrams" in download.value.path().read_text()
    assert secret not in page.content()
    assert page.evaluate("[localStorage.length, document.cookie, location.href.includes('sd_')]") == [0, "", False]
    page.reload()
    status(page, "Solved")
    page.get_by_role("button", name="Forget key").click()
    expect(dialog).to_contain_text("An API key is needed")
    page.get_by_role("button", name="Not now").click()
    expect(page.locator("#side")).to_contain_text("An API key is needed")
    assert page.evaluate("sessionStorage.length") == 0
