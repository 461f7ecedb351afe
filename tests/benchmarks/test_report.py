"""The report in a real browser: whole, offline, harmless, and usable by keyboard and on a phone."""

import base64
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright
from typer.testing import CliRunner

from benchmarks.report import charts, faults, render
from benchmarks.report.solves import read_solve
from benchmarks.results import load
from sandbox.types import Status
from selfdebug.cli import app
from selfdebug.errors import InputError

from .runs import LUCKY, RAISES, RIGHT, WRONG, Tried, rewrite, write_run

MARKUP = "</script><script>window.pwned = 1</script><!--<script><img src=x onerror='window.pwned = 1'>"
HOSTILE = Tried(program=f"# {MARKUP}\ndef hostile():\n    return '\u202e\ud800'  # {MARKUP}\n", visible=Status.FAILED)
RUN = {
    "first": [RIGHT],
    "later": [WRONG, RAISES, RIGHT],
    "fooled": [LUCKY],
    "never": [RAISES, WRONG, Tried(Status.TIMEOUT, False)],
    "hostile": [HOSTILE, RIGHT],
    "lost": f"the server said {MARKUP}",
}
OTHER = {"first": [WRONG, RIGHT], "later": [RIGHT], "fooled": [RIGHT], "never": [WRONG] * 3, "hostile": [RIGHT]}
PHONE = {"width": 390, "height": 844}
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium: `SELFDEBUG_TEST_CHROMIUM`, else the one on the path."""
    program = os.environ.get("SELFDEBUG_TEST_CHROMIUM") or next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        missing = f"no browser: none of {', '.join(_PROGRAMS)} on the path; set SELFDEBUG_TEST_CHROMIUM"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Reader:
    """Opens reports, and keeps what goes wrong in them."""

    browser: Browser
    trouble: list[str] = field(default_factory=list)

    def open(self, path: Path, fragment: str = "", **options: object) -> Page:
        page = self.browser.new_context(**options).new_page()  # type: ignore[arg-type]
        page.set_default_timeout(30_000)

        def logged(message: ConsoleMessage) -> None:
            self.trouble.append(f"{message.type}: {message.text}")

        def asked(request: Request) -> None:
            if not request.url.startswith((path.as_uri(), "data:,")):
                self.trouble.append(f"asked for {request.url}")

        page.on("console", logged)
        page.on("pageerror", lambda error: self.trouble.append(f"uncaught: {error}"))
        page.on("request", asked)
        page.goto(path.as_uri() + fragment)
        return page


@pytest.fixture
def reader(browser: Browser) -> Iterator[Reader]:
    """Whatever a test does, the console stays empty and nothing is asked for."""
    opened = Reader(browser)
    yield opened
    for context in browser.contexts:
        context.close()
    assert opened.trouble == []


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run against resampling, as the command writes it."""
    folder = tmp_path_factory.mktemp("report")
    run, other = write_run(folder / "run", RUN), write_run(folder / "other", {**OTHER, "lost": [RIGHT]})
    options = json.loads((other / "run.json").read_text())["asked"]["options"]
    rewrite(other, {"options": {**options, "strategy": "resample"}})
    done = CliRunner().invoke(app, ["report", str(run), "--against", str(other)])
    assert done.exception is None
    assert done.output.strip() == str(run / "report.html")
    return run / "report.html"


def fits(page: Page) -> bool:
    found: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return found


def chosen(page: Page) -> str:
    return page.locator("#solve h3").inner_text()


def test_it_shows_the_numbers_the_charts_and_each_trajectory(report: Path, reader: Reader) -> None:
    page = reader.open(report)
    expect(page.locator(".card").first).to_contain_text("3 of 6")
    for name in ("turns", "tokens"):
        chart = page.locator(f"#chart-{name} > svg")
        expect(chart.locator(".line-path")).to_have_count(2)
        box = chart.bounding_box()
        assert box is not None
        assert box["width"] > 200
        assert box["height"] > 100
        page.locator(f"#chart-{name} summary").click()
    expect(page.locator("#chart-turns tbody tr").last).to_have_text("33 of 65 of 6")
    expect(page.locator(".against")).to_contain_text("McNemar p")
    expect(page.locator(".notice").filter(has_text="resample")).to_have_count(0)
    expect(page.locator("table.faults tbody tr").first).to_contain_text("wrong value")
    expect(page.locator("#list a")).to_have_count(6)
    for problem, turns in (("first", 1), ("later", 3), ("fooled", 1), ("never", 3), ("hostile", 2), ("lost", 0)):
        page.locator("#list a").filter(has_text=f"P/{problem}").click()
        expect(page.locator("#solve h3")).to_have_text(f"P/{problem}")
        expect(page.locator("#solve .turn")).to_have_count(turns)


def test_a_trajectory_is_read_turn_by_turn(report: Path, reader: Reader) -> None:
    page = reader.open(report, "#p=P%2Flater")
    expect(page.locator("#solve h3")).to_have_text("P/later")
    first, second, third = (page.locator(f"#turn-{number}") for number in (1, 2, 3))
    expect(first).to_contain_text("wrong value, 0 of 1 tests pass")
    expect(first.locator(".values")).to_contain_text("Expected1Actual2")
    expect(first.locator(".code")).to_contain_text("return 1")
    expect(first.locator(".marks li")).to_have_count(1)
    expect(second).to_contain_text("IndexError: list index out of range (line 2)")
    expect(second.locator(".line.removed")).to_contain_text("return 1")
    expect(second.locator(".line.added")).to_contain_text("return 2")
    expect(second.get_by_role("region", name="Feedback before turn 2")).to_contain_text("`f()` returned `2`")
    second.get_by_text("The whole program").click()
    expect(second.locator(".numbered .line")).to_have_count(2)
    expect(third).to_contain_text("The visible test passes")
    expect(third).to_contain_text("The answer")
    expect(third.locator(".hidden-tests")).to_contain_text("The hidden tests pass")
    assert "# hidden" not in page.content()


def test_no_text_becomes_markup(report: Path, reader: Reader) -> None:
    page = reader.open(report, "#p=P%2Fhostile")
    expect(page.locator("#turn-1 .code")).to_contain_text("<img src=x onerror=")
    expect(page.locator("#turn-1 .hidden-character").first).to_have_text("U+202E")
    page.goto(report.as_uri() + "#p=P%2Flost")
    expect(page.locator("#solve .notice").first).to_have_text(f"the server said {MARKUP}")
    assert page.evaluate("window.pwned === undefined")
    assert page.locator("img, main script").count() == 0


def test_the_policy_allows_this_files_own_script_alone(report: Path) -> None:
    text = report.read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    rules = dict(part.strip().split(" ", 1) for part in policy[1].replace("&#39;", "'").split(";"))
    assert rules["default-src"] == "'none'"
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", text)
    assert not re.search(r"@import|url\(", text)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(report: Path, reader: Reader, scheme: str) -> None:
    page = reader.open(report, viewport=PHONE, color_scheme=scheme)
    assert fits(page)
    assert page.evaluate("scrollY") == 0
    for summary in page.locator("main > section > details > summary, .numbers > summary").all():
        summary.click()
    for problem in ("later", "hostile", "never", "lost"):
        page.goto(f"{report.as_uri()}#p=P%2F{problem}")
        expect(page.locator("#solve h3")).to_have_text(f"P/{problem}")
        assert fits(page)


def test_problems_are_found_by_words_outcome_and_fault(report: Path, reader: Reader) -> None:
    page = reader.open(report)
    rows = page.locator("#list a")
    page.get_by_label("Problem or text").fill("LATER")
    expect(rows).to_have_count(1)
    assert chosen(page) == "P/later"
    page.get_by_label("Problem or text").fill("window.pwned")
    expect(rows).to_have_count(2)
    page.get_by_label("Problem or text").fill("nothing like it")
    expect(page.locator("#list")).to_have_text("No problem matches.")
    expect(page.get_by_role("status")).to_have_text("0 of 6 problems")
    page.get_by_label("Problem or text").fill("")
    page.get_by_label("Outcome").select_option(label="Passes the visible tests alone (1)")
    expect(rows).to_have_count(1)
    assert chosen(page) == "P/fooled"
    page.get_by_label("Outcome").select_option("")
    page.get_by_label("Fault of any turn").select_option("IndexError")
    expect(rows).to_have_count(2)
    page.locator(".against a", has_text="P/fooled").click()  # it is not in the filtered list
    expect(page.locator("#solve h3")).to_have_text("P/fooled")
    expect(rows).to_have_count(6)


def test_everything_is_reached_by_keyboard(report: Path, reader: Reader) -> None:
    page = reader.open(report)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    stops = 0
    while not page.evaluate("document.activeElement.closest('#list') !== null"):
        page.keyboard.press("Tab")
        stops += 1
        assert stops < 40
    assert page.evaluate("document.activeElement.textContent").startswith("✓P/first")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#solve h3")).to_have_text("P/later")
    expect(page.locator("#solve")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Next")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#solve h3")).to_have_text("P/fooled")


def test_a_large_run_stays_small_and_opens(tmp_path: Path, reader: Reader) -> None:
    long = "\n".join(f"    value_{line} = {line} * {line}" for line in range(40))

    def tried(name: str, turn: int) -> Tried:
        program = f"def {name}():\n{long}\n    return {turn}\n"
        return Tried(Status.FAILED, False, program=program) if turn < 2 else Tried(program=program)

    run = write_run(tmp_path / "run", {f"p{n}": [tried(f"p{n}", turn) for turn in range(3)] for n in range(500)})
    path = tmp_path / "report.html"
    path.write_text(render(load(run)))
    kept = sum(file.stat().st_size for file in (run / "trajectories").iterdir())
    assert path.stat().st_size < kept / 2
    page = reader.open(path, "#p=P%2Fp499")
    expect(page.locator("#list a")).to_have_count(500)
    expect(page.locator("#solve .turn")).to_have_count(3)
    expect(page.locator(".notice")).to_contain_text("--strategy resample")


def test_faults_count_what_the_next_candidate_mends(tmp_path: Path) -> None:
    run = load(write_run(tmp_path / "run", RUN))
    solves = [read_solve(run, task) for task in run.tasks]
    found = {each.name: each for each in faults.classes(solve.state for solve in solves if solve.state)}
    counts = {name: (each.seen, each.repaired, each.same, each.other) for name, each in found.items()}
    # later: wrong, IndexError, right; never: IndexError, wrong, time-out; hostile: wrong, right.
    assert counts == {"wrong value": (3, 1, 0, 2), "IndexError": (2, 1, 0, 1), "time-out": (1, 0, 0, 0)}
    assert found["time-out"].share is None
    assert [solve.outcome for solve in solves] == ["first", "repaired", "fooled", "unsolved", "repaired", "error"]


def test_rare_faults_are_put_together(tmp_path: Path) -> None:
    solves = {f"p{n}": [Tried(Status.ERROR, False, raises=f"Odd{n}"), RIGHT] for n in range(30)}
    run = load(write_run(tmp_path / "run", solves))
    found = faults.classes(solve.state for solve in (read_solve(run, task) for task in run.tasks) if solve.state)
    assert len(found) == 14
    assert (found[-1].name, found[-1].seen, found[-1].repaired) == ("17 others", 17, 17)
    assert sum(each.seen for each in found) == 30


@pytest.mark.parametrize("solves", [{"a": [RIGHT]}, {"a": [LUCKY]}, {"a": "no answer"}, {"a": [Tried(tokens=10**7)]}])
def test_small_and_odd_runs_are_drawn(tmp_path: Path, reader: Reader, solves: dict[str, list[Tried] | str]) -> None:
    run = load(write_run(tmp_path / "run", solves))
    for chart in (charts.by_turn([run], ["run"]), charts.by_tokens([run], ["run"])):
        places = re.findall(r"-?[\d.]+", "".join(line.path for line in chart.lines))
        assert places
        assert all(0 <= float(place) <= charts.WIDTH for place in places)
        assert all(charts.TOP <= tick.at <= charts.HEIGHT - charts.BOTTOM for tick in chart.y_ticks)
        assert len({tick.label for tick in chart.x_ticks}) == len(chart.x_ticks) <= 11
    path = tmp_path / "report.html"
    path.write_text(render(run))
    expect(reader.open(path).locator("#list a")).to_have_count(1)


def test_samples_drawn_first_have_their_pass_at_k(tmp_path: Path, reader: Reader) -> None:
    run = write_run(tmp_path / "run", {"a": [WRONG, RIGHT], "b": [WRONG, RAISES, RIGHT]})
    options = json.loads((run / "run.json").read_text())["asked"]["options"]
    rewrite(run, {"options": {**options, "samples": 2}})
    path = tmp_path / "report.html"
    path.write_text(render(load(run)))
    expect(reader.open(path).locator(".card").last).to_contain_text("pass@1 25.0% pass@2 50.0%")


def test_a_damaged_or_lost_trajectory_leaves_its_row(tmp_path: Path, reader: Reader) -> None:
    run = write_run(tmp_path / "run", {"a": [RIGHT], "b": [RIGHT], "c": [RIGHT]})
    (run / "trajectories" / "P%2Fa.jsonl").unlink()
    (run / "trajectories" / "P%2Fb.jsonl").write_text("{\n")
    path = tmp_path / "report.html"
    path.write_text(render(load(run)))
    page = reader.open(path)
    expect(page.locator("#solve")).to_contain_text("It has no trajectory.")
    page.locator("#list a").nth(1).click()
    expect(page.locator("#solve .notice")).to_contain_text("line 1: not an event of a solve")


def test_what_cannot_be_written_or_compared_is_named(tmp_path: Path) -> None:
    run, other = write_run(tmp_path / "run", RUN), write_run(tmp_path / "other", {"x": [RIGHT]})

    def invoke(*arguments: str) -> None:
        CliRunner().invoke(app, ["report", *arguments], catch_exceptions=False)

    with pytest.raises(InputError, match="over different problems"):
        invoke(str(run), "--against", str(other))
    with pytest.raises(InputError, match="can't be written"):
        invoke(str(run), "-o", str(tmp_path / "none" / "report.html"))
