"""What a candidate must not see, reach, change or leave behind, on every backend that protects this machine."""

import json
import os
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sandbox.interpreter import this_interpreter
from sandbox.types import Execution

Run = Callable[..., Awaitable[Execution]]
REPOSITORY = Path(__file__).parents[3]


async def test_no_variable_of_the_host_is_seen(run_walled: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_NAME", "canary-value")
    program = (
        "import glob, os\ndef f():\n    seen = [repr(dict(os.environ))]\n"
        "    for path in glob.glob('/proc/*/environ') + glob.glob('/proc/*/cmdline'):\n"
        "        try: seen.append(open(path, 'rb').read().decode('latin-1'))\n        except OSError: pass\n"
        "    return [text for text in seen if 'CANARY' in text or 'canary' in text]\n"
    )
    execution = await run_walled(program, "assert f() == []")
    assert execution.passed, execution.tests


CANARY = "canary-of-the-host"


async def test_no_file_of_the_host_is_seen(run_walled: Run, tmp_path: Path) -> None:
    folders = [tmp_path, Path.home(), Path("/var/tmp"), Path("/dev/shm"), REPOSITORY]
    paths = [folder / f"canary-{os.getpid()}" for folder in folders]
    for path in paths:
        path.write_text(CANARY)
    paths += [Path(__file__), Path(sys.prefix, "pyvenv.cfg"), Path("/var/run/docker.sock"), Path("/dev/mem")]
    try:
        program = (
            f"import os\ndef f():\n    return [path for path in {list(map(str, paths))!r} if os.path.exists(path)]\n"
        )
        execution = await run_walled(program, "assert f() == []")
    finally:
        for path in paths[: len(folders)]:
            path.unlink()
    assert execution.passed, execution.tests


@pytest.mark.parametrize("open_walled", ["bubblewrap"], indirect=True)
async def test_all_that_is_there_is_the_interpreters(run_walled: Run) -> None:
    program = (
        "import os\ndef f():\n    found = []\n"
        "    for folder, folders, files in os.walk('/'):\n"
        "        folders[:] = [name for name in folders if os.path.join(folder, name) != '/proc']\n"
        "        found += [os.path.join(folder, name) for name in files]\n"
        "    return found\n"
    )
    execution = await run_walled(program, "assert f() == 0")
    interpreter = this_interpreter()
    allowed = (interpreter.executable, *(f"{folder}/" for folder in interpreter.folders), "/box/", "/dev/")
    allowed += tuple(library.target for library in interpreter.libraries)
    called = execution.tests[0]
    assert called.actual is not None
    unexpected = [path for path in called.actual.strip("[]").split(", ") if not path.strip("'").startswith(allowed)]
    # `actual` is cut in the middle, which may break one path in two.
    assert [path for path in unexpected if path.startswith("'/") and path.endswith("'")] == []


async def test_no_installed_package_is_seen(run_walled: Run) -> None:
    program = (
        "import sys\ndef f():\n    found = []\n    for name in ('pydantic', 'pytest', 'pip', 'sandbox', 'selfdebug'):\n"
        "        try: __import__(name)\n        except ImportError: continue\n        found.append(name)\n"
        "    return found\n"
    )
    assert (await run_walled(program, "assert f() == []")).passed


async def test_nothing_but_scratch_can_be_written(run_walled: Run) -> None:
    places = ["/", "/box", "/box/runner", "/etc", "/dev", "/proc", "/usr", *this_interpreter().folders]
    program = (
        f"import os, tempfile\ndef f():\n    open('scratch', 'w').write('x')\n    tempfile.mkstemp()\n    done = []\n"
        f"    for place in {places!r}:\n"
        "        try: open(os.path.join(place, 'new'), 'w').close()\n        except OSError: continue\n"
        "        done.append(place)\n"
        f"    for path in {[this_interpreter().executable, '/box/runner/main.py']!r}:\n"
        "        try: open(path, 'ab').close()\n        except OSError: continue\n        done.append(path)\n"
        "    return done\n"
    )
    execution = await run_walled(program, "assert f() == []")
    assert execution.passed, execution.tests


async def test_scratch_is_fresh_for_every_run(run_walled: Run) -> None:
    program = (
        "import os, tempfile\ndef f():\n    folders = ('.', tempfile.gettempdir(), '/tmp', '/dev/shm')\n"
        "    found = [name for folder in folders for name in os.listdir(folder) if 'left' in name]\n"
        "    for folder in folders: open(os.path.join(folder, 'left-behind'), 'w').close()\n"
        "    return found\n"
    )
    for _ in range(2):
        execution = await run_walled(program, "assert f() == []")
        assert execution.passed, execution.tests


async def test_there_is_no_network(run_walled: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = (
            "import socket\ndef f():\n    reached = []\n"
            f"    for address in [('127.0.0.1', {server.getsockname()[1]}), ('8.8.8.8', 53), ('1.1.1.1', 80)]:\n"
            "        try: socket.create_connection(address, 0.5).close()\n"
            "        except OSError: continue\n        reached.append(address)\n"
            "    try: names = [name for _, name in socket.if_nameindex() if name != 'lo']\n"
            "    except OSError: names = []\n"
            "    return reached + names\n"
        )
        execution = await run_walled(program, "assert f() == []")
    assert execution.passed, execution.tests


async def test_abstract_sockets_of_the_host_are_out_of_reach(run_walled: Run) -> None:
    name = f"\0selfdebug-canary-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        program = (
            f"import socket\ndef f():\n    try: socket.socket(socket.AF_UNIX).connect({name!r})\n"
            "    except OSError: return 'refused'\n    return 'reached'\n"
        )
        assert (await run_walled(program, "assert f() == 'refused'")).passed


async def test_no_process_of_the_host_is_seen_or_reached(run_walled: Run) -> None:
    program = (
        "import os\ndef f():\n"
        f"    reached = [name for name in os.listdir('/proc') if name == '{os.getpid()}']\n"
        f"    try: os.kill({os.getpid()}, 0)\n    except OSError: pass\n    else: reached.append('signal')\n"
        "    return reached\n"
    )
    execution = await run_walled(program, "assert f() == []")
    assert execution.passed, execution.tests


async def test_it_has_no_rights_and_gains_none(run_walled: Run) -> None:
    program = (
        "import ctypes\ndef f():\n    libc = ctypes.CDLL(None)\n"
        "    calls = {'mount': libc.mount(b'none', b'/tmp', b'tmpfs', 0, None), 'chroot': libc.chroot(b'/'),\n"
        "             'sethostname': libc.sethostname(b'x', 1), 'setuid': libc.setuid(0)}\n"
        "    return sorted(name for name, result in calls.items() if result == 0)\n"
    )
    execution = await run_walled(program, "assert f() == []")
    assert execution.passed, execution.tests


async def test_it_holds_no_descriptor_of_the_host(run_walled: Run) -> None:
    with tempfile.TemporaryFile() as file:
        os.set_inheritable(file.fileno(), True)
        file.write(b"canary")
        file.flush()
        program = (
            "import os\ndef f():\n    found = []\n    for number in range(1024):\n"
            "        try: found.append(os.pread(number, 6, 0))\n        except OSError: pass\n"
            "    return b'canary' in found\n"
        )
        execution = await run_walled(program, "assert f() is False")
    assert execution.passed, json.dumps(str(execution.tests))


async def test_there_is_no_terminal(run_walled: Run) -> None:
    program = (
        "import os\ndef f():\n    try: os.close(os.open('/dev/tty', os.O_RDWR))\n"
        "    except OSError: return [os.isatty(number) for number in range(3)]\n    return 'opened'\n"
    )
    execution = await run_walled(program, "assert f() == [False, False, False]")
    assert execution.passed, execution.tests
