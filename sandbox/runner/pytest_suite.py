"""Pytest-style files, run by the real pytest in the trusted process. Their source never touches a disk."""

import ast
import contextlib
import linecache
import os
import sys
import tempfile
import types
from collections.abc import Generator
from typing import Any

import pytest

from .outcome import Reporter
from .recorder import cut
from .rewrite import Rewriter, Site, names_of
from .scope import parse

_FILE = "test_solution.py"
_PHASES = {False: {"setup", "call", "teardown"}, True: {"setup", "teardown"}}  # of a test, unless it was skipped


class PytestFile:
    """One test file.

    Raises:
        SyntaxError: It does not compile.
    """

    pure = False

    def __init__(self, source: str) -> None:
        self.source = source
        self.planned: list[str] = []  # pytest finds out
        tree = parse(source)
        self.names = names_of([tree])
        rewriter = Rewriter()
        self._code = compile(ast.fix_missing_locations(rewriter.visit(tree)), _FILE, "exec", dont_inherit=True)
        self.signs = [site.sign for site in rewriter.sites]

    def sites(self) -> list[Site]:
        """The asserts, made anew, because few runs need them and they are large."""
        rewriter = Rewriter()
        rewriter.visit(parse(self.source))
        return rewriter.sites

    def run(self, values: dict[str, Any], reporter: Reporter) -> None:
        """Let pytest collect and run the file.

        Raises:
            RuntimeError: It could not be collected; the cause is chained.
        """
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        os.environ.pop("PYTEST_ADDOPTS", None)
        linecache.cache[_FILE] = (len(self.source), None, self.source.splitlines(True), _FILE)
        module = types.ModuleType(_FILE.removesuffix(".py"))
        vars(module).update(values)
        vars(module).update(__name__=module.__name__, __file__=_FILE)
        plugin = _Plugin(self._code, module, reporter)
        with tempfile.TemporaryDirectory(prefix="selfdebug-tests-") as folder:
            path = os.path.join(folder, _FILE)
            with open(path, "wb"):
                pass  # pytest wants a file; the tests themselves are handed over in memory
            options = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:unraisableexception"]
            options += ["-p", "no:threadexception", "-p", "no:doctest", "-p", "no:junitxml", "--capture=sys", "-q"]
            options += ["-c", os.devnull, f"--rootdir={folder}", f"--basetemp={folder}/temporary", path]
            os.chdir(folder)
            with contextlib.suppress(SystemExit):
                pytest.main(options, plugins=[plugin])
            os.chdir("/")
        if plugin.broken is not None:
            raise plugin.broken
        if not reporter.names:
            reporter.plan(["the tests"])
            raise RuntimeError("the file holds no test")


class _Module(pytest.Module):
    """A test module made from a tree in memory."""

    plugin: "_Plugin"

    def _getobj(self) -> types.ModuleType:
        return self.plugin.load()


class _Plugin:
    """Gives pytest the file, and takes its results."""

    def __init__(self, code: types.CodeType, module: types.ModuleType, reporter: Reporter) -> None:
        self._code = code
        self._module = module
        self._reporter = reporter
        self._loaded = False
        self._index: dict[str, int] = {}
        self._error: BaseException | None = None
        self._skipped = ""
        self._done: set[str] = set()  # the phases of a test that pytest has reported
        self.broken: BaseException | None = None

    def load(self) -> types.ModuleType:
        """Run the file's own code."""
        if not self._loaded:
            self._loaded = True
            sys.modules[self._module.__name__] = self._module
            exec(self._code, vars(self._module))
        return self._module

    def pytest_pycollect_makemodule(self, module_path: Any, parent: Any) -> Any:
        """Collect the tree instead of the empty file."""
        made = _Module.from_parent(parent, path=module_path)
        made.plugin = self
        return made

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: Any) -> Generator[None, Any, Any]:
        """Keep why a file could not be collected."""
        report: Any = yield
        if report.failed and self.broken is None and report.longrepr is not None:
            call = getattr(report, "call", None)
            self.broken = (
                call.excinfo.value if call is not None and call.excinfo else RuntimeError(str(report.longrepr))
            )
            if self.broken.__cause__ is not None:
                self.broken = self.broken.__cause__
        return report

    def pytest_collection_finish(self, session: Any) -> None:
        """The plan: every collected item."""
        if self.broken is not None:
            self._reporter.plan(["the tests"])
            return
        names = [cut(item.nodeid.partition("::")[2], 200) for item in session.items]
        self._index = {item.nodeid: number for number, item in enumerate(session.items)}
        if names:
            self._reporter.plan(names)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> Generator[None, Any, Any]:
        """One test, with its set-up and its end."""
        if self._reporter.over:
            item.session.shouldstop = "the program has ended"
            return (yield)
        self._reporter.begin()
        self._error, self._skipped, self._done = None, "", set()
        try:
            return (yield)
        except BaseException as error:  # what ends pytest itself, such as a KeyboardInterrupt
            self._error = self._error or error
            raise
        finally:
            if self._error is None and not self._done >= _PHASES[bool(self._skipped)]:
                self._error = RuntimeError("the test did not run to its end")
            self._reporter.end(self._index[item.nodeid], self._error, self._skipped)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, Any]:
        """Keep the first exception of a test. A test that is skipped or expected to fail has not passed by itself."""
        report: Any = yield
        if report.skipped and not hasattr(report, "wasxfail"):
            self._skipped = str(call.excinfo.value) if call.excinfo else "skipped"
        elif report.failed and self._error is None:
            error = call.excinfo.value if call.excinfo else AssertionError(str(report.longrepr))
            self._error = error
        self._done.add(report.when)
        return report
