"""Submitting a problem in a real browser, and watching its turns arrive."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from selfdebug.service.records import Status

from .conftest import Served, Window, code


def submit_example(page: Page, number: int = 0) -> str:
    """Submit the example of that number, to be solved as the recording was; the job's id."""
    page.get_by_label("Example").select_option(str(number))
    page.get_by_label("Strategy").select_option("linear")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile(r"#/jobs/\w{32}$"))
    return page.url[-32:]


def status(page: Page, name: str) -> None:
    expect(page.locator("#main .title-row .pill")).to_contain_text(name)


def test_turns_arrive_live_and_end_with_the_solution(served: Served, window: Window) -> None:
    page = window.open(served)
    job = submit_example(page)
    status(page, "Running")
    expect(page.locator("#main .working")).to_have_text("The model writes its first program…")
    expect(page.locator(".turn")).to_have_count(0)

    served.paced.let(1)
    first = page.locator("#turn-1")
    expect(first.locator("summary")).to_contain_text("1 of 3 tests pass")
    marks = first.get_by_role("group", name="Tests of turn 1").get_by_role("button")
    expect(marks).to_have_count(3)
    expect(marks.nth(0)).to_have_accessible_name("Test 1: raised an exception")
    expect(marks.nth(1)).to_have_accessible_name("Test 2: passed")
    opened = first.get_by_role("region", name="Test 1")
    expect(opened).to_contain_text("group_anagrams(['eat', 'tea', 'tan', 'ate', 'nat', 'bat'])")
    expect(opened).to_contain_text("TypeError: unhashable type: 'list'")
    expect(first.locator(".t-keyword", has_text="def")).to_have_count(1)
    expect(page.locator("#main .working")).to_have_text("The model explains turn 1…")

    served.paced.let(1)  # its explanation
    first.get_by_role("tab", name="Explanation").click()
    expect(first.get_by_role("tabpanel")).to_contain_text("sorted_words")

    served.paced.let(1)
    expect(page.locator("#turn-2 summary")).to_contain_text("The same program as turn 1")

    served.paced.let(1)
    third = page.locator("#turn-3")
    expect(third.locator("summary")).to_contain_text("1 of 3 tests pass")
    third.get_by_role("tab", name="Changes since turn 1").click()
    expect(third.locator(".line.added").first).to_contain_text("+ ")
    expect(third.locator(".line.removed").first).to_contain_text("- ")

    served.paced.free()
    status(page, "Solved")
    expect(page.locator("#turn-9 summary")).to_contain_text("All 3 tests pass")
    expect(page.locator("#turn-9 summary")).to_contain_text("The answer")
    expect(page.locator(".turn")).to_have_count(9)
    expect(page.locator("#side")).to_contain_text("9 turns · 3/3 tests")
    found = served.store.job(job)
    assert found is not None
    assert found.status is Status.SOLVED
    spent = found.progress.prompt_tokens + found.progress.completion_tokens
    expect(page.locator(".facts")).to_contain_text(f"{spent:,}")


def test_what_is_downloaded_is_what_was_found(served: Served, window: Window) -> None:
    served.paced.free()
    page = window.open(served)
    job = submit_example(page)
    status(page, "Solved")
    with page.expect_download() as solution:
        page.get_by_role("button", name="Download solution").click()
    with page.expect_download() as trajectory:
        page.get_by_role("button", name="Download trajectory").click()
    assert solution.value.suggested_filename == "anagrams.py"
    assert trajectory.value.suggested_filename == "anagrams.jsonl"
    lines = trajectory.value.path().read_text().splitlines()
    assert lines == [event.event for event in served.store.events(job)]
    program = json.loads(lines[-1])["program"]
    assert solution.value.path().read_text().strip() == program.strip()


def test_a_job_is_cancelled_while_the_model_writes(served: Served, window: Window) -> None:
    page = window.open(served)
    job = submit_example(page)
    served.paced.let(1)
    expect(page.locator("#turn-1 summary")).to_contain_text("1 of 3 tests pass")
    page.get_by_role("button", name="Cancel", exact=True).click()
    status(page, "Cancelled")
    found = served.store.job(job)
    assert found is not None
    assert found.status is Status.CANCELLED
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
    expect(page.locator("#main .working")).to_be_hidden()
    expect(page.locator("#side .pill").first).to_contain_text("Cancelled")


def test_a_lost_connection_is_told_and_nothing_is_shown_twice(served: Served, window: Window) -> None:
    window.expected = ("net::ERR",)
    page = window.open(served)
    submit_example(page)
    served.paced.let(3)
    expect(page.locator(".turn")).to_have_count(2)
    served.stop()
    expect(page.locator("#notice")).to_contain_text("The connection is lost.")
    served.start()
    expect(page.locator("#notice")).to_contain_text("Connected again.")
    served.paced.free()
    status(page, "Solved")
    numbers = [f"Turn {number}" for number in range(1, 10)]
    expect(page.locator(".turn-number")).to_have_text(numbers)


def test_an_ended_job_is_shown_whole_when_it_is_opened_later(served: Served, window: Window) -> None:
    served.paced.free()
    page = window.open(served)
    submit_example(page)
    status(page, "Solved")
    page.reload()
    status(page, "Solved")
    expect(page.locator(".turn-number")).to_have_text([f"Turn {number}" for number in range(1, 10)])
    expect(page.locator("#turn-9 .test.is-good")).to_have_count(3)
    expect(page.locator("#notice")).to_be_hidden()


def test_the_queue_is_filtered(served: Served, window: Window) -> None:
    page = window.open(served)
    submit_example(page)
    page.get_by_role("button", name="Cancel", exact=True).click()
    status(page, "Cancelled")
    expect(page.locator("#side .rows li")).to_have_count(1)
    page.locator("#side").get_by_label("Show").select_option("solved")
    expect(page.locator("#side")).to_contain_text("No such job.")
    page.locator("#side").get_by_label("Show").select_option("cancelled")
    expect(page.locator("#side .rows li")).to_have_count(1)


@pytest.mark.parametrize("number", range(5))
def test_every_example_is_accepted(served: Served, window: Window, number: int) -> None:
    page = window.open(served)
    submit_example(page, number)
    status(page, "Running")


def test_a_program_that_reads_and_prints_is_shown_with_its_input(served: Served, window: Window) -> None:
    served.paced.give([code("for line in []:\n    print(line)")])
    page = window.open(served)
    submit_example(page, 3)
    served.paced.let(1)
    opened = page.locator("#turn-1").get_by_role("region", name="Test 1")
    expect(opened.locator("dt")).to_contain_text(["Reads", "Expected", "Actual"])
    expect(opened.locator("dd").nth(0)).to_have_text("1 2 3\n4 5\n")
    expect(opened.locator("dd").nth(2)).to_have_text("nothing")


def test_there_is_no_such_job(served: Served, window: Window) -> None:
    window.expected = ("404",)
    page = window.open(served, f"/#/jobs/{'0' * 32}")
    expect(page.locator("#main")).to_contain_text("There is no such job")
