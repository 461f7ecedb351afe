"""The page's files, and the headers that keep everything else out."""

from html.parser import HTMLParser
from importlib.resources import files

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from selfdebug.service.page import page_router

MARKUP_FROM_TEXT = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function")
ELSEWHERE = ("//cdn", "http://", "https://")
ASSETS = [entry.name for entry in (files("selfdebug.service.page") / "assets").iterdir()]


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    app.include_router(page_router())
    return TestClient(app)


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", ["/", *(f"/assets/{name}" for name in ASSETS)])
def test_every_file_is_served_under_the_policy(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert all("unsafe" not in value and "http" not in value and "*" not in value for value in policy.values())
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert client.head(path).headers["content-length"] == str(len(answer.content))


def test_the_page_holds_no_script_and_no_style_of_its_own_and_names_nothing_elsewhere(client: TestClient) -> None:
    elements = _Elements()
    elements.feed(client.get("/").text)
    assert elements.found
    for tag, attributes in elements.found:
        assert tag != "style"
        assert tag != "script" or attributes["src"]
        for name, value in attributes.items():
            assert name != "style"
            assert not name.startswith("on")
            assert name not in ("src", "href") or (value or "").startswith(("/assets/", "#"))


@pytest.mark.parametrize("name", [name for name in ASSETS if name.endswith((".js", ".css"))])
def test_no_file_reads_text_as_markup_or_names_another_origin(name: str) -> None:
    text = (files("selfdebug.service.page") / "assets" / name).read_text()
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "//cdn",
        "http://",
        "https://",
    ):
        assert word not in text


@pytest.mark.parametrize("path", ["/assets/", "/assets/none.js", "/assets/..%2frouter.py", "/assets/%2e%2e/router.py"])
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_page_is_no_part_of_the_api(client: TestClient) -> None:
    assert client.get("/openapi.json").json()["paths"] == {}
