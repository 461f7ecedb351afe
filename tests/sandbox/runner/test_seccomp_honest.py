"""What honest programs do works under the filter: a tour of the standard library, other languages, their compilers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sandbox.runner

REPOSITORY = Path(sandbox.runner.__file__).parents[2]
BOUND = f"import sys\nsys.path.insert(0, {str(REPOSITORY)!r})\nfrom sandbox.runner import seccomp\nseccomp.install()\n"


def run(folder: Path, *command: str) -> str:
    """What a program prints that is started, and ends well, under the filter."""
    start = BOUND + "import os\nos.execvp(sys.argv[1], sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", start, *command],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        start_new_session=True,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


TOUR = {
    "threads": """
import concurrent.futures, queue, threading
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    assert list(pool.map(abs, range(-20, 0))) == list(range(20, 0, -1))
lock, condition, box = threading.RLock(), threading.Condition(), queue.Queue()
threads = [threading.Thread(target=box.put, args=(n,)) for n in range(8)]
for each in threads: each.start()
for each in threads: each.join()
assert sorted(box.get() for _ in threads) == list(range(8))
with condition: assert condition.wait(0.01) is False
assert threading.get_native_id() > 0
threading.stack_size(256 * 1024)
small = threading.Thread(target=print); small.start(); small.join()
""",
    "subprocess": """
import subprocess, sys
echo = [sys.executable, "-I", "-c", "import sys; print(sys.stdin.read().upper())"]
assert subprocess.run(echo, input="a", capture_output=True, text=True, check=True).stdout == "A\\n"
for options in ({"close_fds": True}, {"close_fds": False}, {"start_new_session": True}, {"process_group": 0},
                {"preexec_fn": int}, {"umask": 0o22}, {"cwd": "/"}):
    assert subprocess.run([sys.executable, "-I", "-c", "pass"], **options).returncode == 0
with subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(60)"]) as sleeper:
    try: sleeper.wait(0.1)
    except subprocess.TimeoutExpired: sleeper.kill()
assert sleeper.returncode == -9
import os
pid = os.posix_spawn(sys.executable, [sys.executable, "-I", "-c", "pass"], os.environ)
assert os.waitpid(pid, 0) == (pid, 0)
assert os.popen("echo shell").read() == "shell\\n"
assert os.system("true") == 0
""",
    "fork": """
import os, signal
pid = os.fork()
if pid == 0: os._exit(3)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
pid = os.fork()
if pid == 0: os.kill(os.getpid(), signal.SIGTERM)
assert os.waitid(os.P_PID, pid, os.WEXITED).si_status == signal.SIGTERM
descriptor = os.pidfd_open(os.getpid())
signal.pidfd_send_signal(descriptor, 0)
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    os._exit(os.getpgrp() != os.getpid())
assert os.waitpid(pid, 0) == (pid, 0)
""",
    "multiprocessing": """
import multiprocessing, os
from multiprocessing import shared_memory
def work(item): return item * item
def fill(name, box, lock, value, barrier):
    memory = shared_memory.SharedMemory(name); memory.buf[0] = 7; memory.close()
    with lock: value.value += 1
    barrier.wait(20); box.put(os.getpid())
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool: assert pool.map(work, range(5)) == [0, 1, 4, 9, 16]
    memory = shared_memory.SharedMemory(create=True, size=16)
    box, lock, value, barrier = context.Queue(), context.Lock(), context.Value("i", 0), context.Barrier(2)
    children = [context.Process(target=fill, args=(memory.name, box, lock, value, barrier)) for _ in range(2)]
    for each in children: each.start()
    assert {box.get(timeout=20) for _ in children} == {each.pid for each in children}
    for each in children: each.join()
    assert value.value == 2 and memory.buf[0] == 7
    memory.close(); memory.unlink()
    with context.Manager() as manager: assert manager.dict(a=1)["a"] == 1
    for method in ("spawn", "forkserver"):
        child = multiprocessing.get_context(method).Process(target=work, args=(1,))
        child.start(); child.join(); assert child.exitcode == 0
""",
    "asyncio": """
import asyncio, signal, socket, sys
async def main():
    async def echo(reader, writer):
        writer.write((await reader.readline()).upper()); await writer.drain(); writer.close()
    for server, connect in (
        (await asyncio.start_server(echo, "127.0.0.1", 0), None),
        (await asyncio.start_unix_server(echo, "socket"), "socket"),
    ):
        if connect: reader, writer = await asyncio.open_unix_connection(connect)
        else: reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"abc\\n"); assert await reader.read() == b"ABC\\n"; writer.close(); server.close()
    one, other = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=one)
    other.sendall(b"x"); assert await reader.read(1) == b"x"; writer.close(); other.close()
    child = await asyncio.create_subprocess_exec(sys.executable, "-I", "-c", "print(1)", stdout=-1)
    assert (await child.communicate())[0] == b"1\\n"
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, int)
    assert await asyncio.to_thread(abs, -1) == 1
    try: await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except TimeoutError: return
    raise AssertionError
asyncio.run(main())
""",
    "sockets": """
import array, os, select, socket
one, other = socket.socketpair()
socket.send_fds(one, [b"x"], [1]); assert len(socket.recv_fds(other, 1, 1)[1]) == 1
listener = socket.create_server(("127.0.0.1", 0)); listener.settimeout(20)
client = socket.create_connection(listener.getsockname()); peer, _ = listener.accept()
client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
with open("data", "wb+") as file:
    file.write(b"z" * 1000); file.flush(); file.seek(0); assert client.sendfile(file) == 1000
assert len(peer.recv(1000, socket.MSG_WAITALL)) == 1000
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); datagrams.bind(("127.0.0.1", 0))
datagrams.sendto(b"d", datagrams.getsockname()); assert datagrams.recvfrom(9)[0] == b"d"
assert socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)[0][4] == ("127.0.0.1", 80)
try: socket.getaddrinfo("localhost", 80)
except socket.gaierror: pass
try: socket.create_connection(("192.0.2.1", 9), 0.01)
except OSError: pass
poll = select.poll(); poll.register(one, select.POLLOUT); assert poll.poll(0)
epoll = select.epoll(); epoll.register(one, select.EPOLLOUT); assert epoll.poll(0)
assert select.select([], [one], [], 0)[1] == [one]
import selectors, socketserver, http.server
selectors.DefaultSelector().register(one, 1)
""",
    "http": """
import http.server, threading, urllib.request
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers(); self.wfile.write(b"hello")
    def log_message(self, *_): pass
with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=20) as answer:
        assert answer.read() == b"hello"
    server.shutdown()
""",
    "sqlite": """
import sqlite3
for place in (":memory:", "base.db"):
    base = sqlite3.connect(place)
    if place != ":memory:": assert base.execute("pragma journal_mode=wal").fetchone() == ("wal",)
    with base: base.execute("create table t (n)"); base.executemany("insert into t values (?)", [(1,), (2,)])
    assert base.execute("select sum(n) from t").fetchone() == (3,)
    base.execute("vacuum"); base.close()
import dbm, dbm.dumb, shelve
with shelve.open("shelf") as shelf: shelf["a"] = [1]
""",
    "files": """
import fcntl, glob, gzip, lzma, mmap, os, pathlib, shutil, stat, tarfile, tempfile, zipfile
with tempfile.TemporaryFile() as file, tempfile.NamedTemporaryFile() as named: file.write(b"x"); named.write(b"y")
with tempfile.TemporaryDirectory() as folder:
    one = pathlib.Path(folder, "one"); one.write_text("text"); os.utime(one, (1, 2)); one.chmod(0o600)
    shutil.copy2(one, one.with_name("two")); shutil.copytree(folder, "tree"); shutil.move("tree", "moved")
    one.with_name("link").symlink_to(one); one.with_name("hard").hardlink_to(one)
    os.rename(one.with_name("two"), one.with_name("three")); assert one.with_name("link").resolve() == one.resolve()
    assert sorted(os.listdir(folder)) == ["hard", "link", "one", "three"]; list(os.walk(folder))
    os.mkfifo(one.with_name("fifo")); os.truncate(one, 2); os.chown(one, os.getuid(), os.getgid())
    assert os.access(one, os.R_OK, effective_ids=True); os.statvfs(folder); shutil.disk_usage(folder)
    try: os.setxattr(one, "user.a", b"b"); assert os.listxattr(one) == ["user.a"]
    except OSError as error: assert error.errno != 1, error
shutil.rmtree("moved")
with open("file", "wb+") as file:
    number = file.fileno()
    os.posix_fallocate(number, 0, 8192); os.posix_fadvise(number, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    os.pwritev(number, [b"ab", b"cd"], 0); assert os.preadv(number, [bytearray(2)], 1) == 2
    fcntl.flock(file, fcntl.LOCK_EX); fcntl.lockf(file, fcntl.LOCK_UN); fcntl.fcntl(file, fcntl.F_GETFL)
    os.fsync(number); os.fdatasync(number); os.sync()
    with open("copy", "wb") as copy:
        os.copy_file_range(number, copy.fileno(), 100); os.sendfile(copy.fileno(), number, 0, 100)
    with mmap.mmap(number, 4096) as view: view[0:1] = b"z"; view.flush(); view.madvise(mmap.MADV_DONTNEED)
    os.set_blocking(number, True); os.set_inheritable(number, True); os.lseek(number, 0, os.SEEK_DATA)
with mmap.mmap(-1, 2**20) as anonymous: anonymous.resize(2**21); anonymous.madvise(mmap.MADV_NORMAL)
os.closerange(100, 200); folder = os.open(".", os.O_RDONLY)
os.mkdir("at", dir_fd=folder); os.stat("at", dir_fd=folder, follow_symlinks=False); os.rmdir("at", dir_fd=folder)
os.chdir(folder); os.fwalk("."); os.getcwd(); os.umask(0o22)
reader, writer = os.pipe(); other, last = os.pipe2(os.O_CLOEXEC); os.write(writer, b"x")
assert os.splice(reader, last, 1) == 1 and os.read(other, 9) == b"x"
assert os.eventfd_read(os.eventfd(1)) == 1
with tarfile.open("t.tar.xz", "w:xz") as archive: archive.add("file")
with zipfile.ZipFile("z.zip", "w") as archive: archive.write("file")
""",
    "signals and time": """
import faulthandler, resource, signal, sys, threading, time
got = []
signal.signal(signal.SIGALRM, lambda *_: got.append(1)); signal.alarm(1); signal.pause(); assert got == [1]
signal.setitimer(signal.ITIMER_REAL, 0.01)
while len(got) < 2: time.sleep(0.01)
assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1}); signal.raise_signal(signal.SIGUSR1)
assert signal.sigpending() == {signal.SIGUSR1} and signal.sigwait({signal.SIGUSR1}) == signal.SIGUSR1
assert signal.sigtimedwait({signal.SIGUSR1}, 0.01) is None
signal.pthread_kill(threading.get_ident(), signal.SIGALRM); signal.siginterrupt(signal.SIGALRM, False)
for clock in ("CLOCK_REALTIME", "CLOCK_MONOTONIC", "CLOCK_PROCESS_CPUTIME_ID", "CLOCK_THREAD_CPUTIME_ID"):
    number = getattr(time, clock); time.clock_gettime_ns(number); time.clock_getres(number)
time.sleep(0.001); time.process_time(); time.thread_time(); time.localtime(); time.tzset()
resource.getrlimit(resource.RLIMIT_NOFILE); resource.getrusage(resource.RUSAGE_CHILDREN)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); resource.prlimit(0, resource.RLIMIT_CORE)
faulthandler.enable(); faulthandler.dump_traceback_later(60); faulthandler.cancel_dump_traceback_later()
with open("dump", "w") as file: faulthandler.dump_traceback(file)
""",
    "the system": """
import ctypes, getpass, locale, os, platform, random, secrets, socket, ssl, sys, uuid, zoneinfo, hashlib, decimal
assert len(secrets.token_hex(4)) == 8 and len(os.urandom(4)) == len(os.getrandom(4)) == 4 and 0 <= random.random() < 1
uuid.uuid1(); uuid.uuid4(); hashlib.scrypt(b"a", salt=b"b", n=2, r=1, p=1); ssl.create_default_context()
locale.setlocale(locale.LC_ALL, "C"); zoneinfo.available_timezones(); platform.platform(); platform.libc_ver()
socket.gethostname(); socket.getfqdn("127.0.0.1"); getpass.getuser()
os.cpu_count(); os.sched_getaffinity(0); os.sched_setaffinity(0, os.sched_getaffinity(0)); os.sched_yield(); os.nice(0)
os.getpriority(os.PRIO_PROCESS, 0); os.getloadavg(); os.times(); os.sysconf("SC_NPROCESSORS_ONLN")
os.getresuid(); os.getgroups(); os.setuid(os.getuid()); os.setgid(os.getgid()); os.sched_getscheduler(0)
os.sched_get_priority_max(os.SCHED_OTHER); os.sched_getparam(0)
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
numbers = (ctypes.c_int * 3)(3, 1, 2); libc = ctypes.CDLL(None)
libc.qsort(numbers, 3, 4, compare(lambda a, b: a[0] - b[0])); assert list(numbers) == [1, 2, 3]
libc.prctl(15, b"renamed", 0, 0, 0)
""",
    "terminals": """
import os, pty, sys, termios, tty
master, slave = pty.openpty(); tty.setraw(slave); os.ttyname(slave); os.get_terminal_size(slave)
termios.tcsetattr(slave, termios.TCSANOW, termios.tcgetattr(slave)); os.write(slave, b"a")
assert os.read(master, 1) == b"a"
assert pty.spawn([sys.executable, "-I", "-c", "print(1)"], lambda number: os.read(number, 99)) == 0
""",
    "the interpreter": """
import compileall, gc, pathlib, py_compile, runpy, subprocess, sys, threading, tracemalloc, unittest, venv
pathlib.Path("module.py").write_text("value = 1\\n"); sys.path.insert(0, "."); import module
compileall.compile_file("module.py", quiet=1); tracemalloc.start(); gc.collect(); sys.setrecursionlimit(5000)
def deep(n): return 0 if n == 0 else 1 + deep(n - 1)
assert deep(4000) == 4000
big = bytearray(200 * 2**20); del big; text = "x" * 10**7; numbers = list(range(10**6)); del numbers
""",
}

COMPILED = {
    "gcc": (
        "main.c",
        "#include <pthread.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <sys/wait.h>\n#include <unistd.h>\n"
        "static void *work(void *at) { *(int *)at = 1; return 0; }\n"
        "int main(void) { int done = 0; pthread_t t; pthread_create(&t, 0, work, &done); pthread_join(t, 0);\n"
        "  if (fork() == 0) _exit(2); int status; wait(&status); free(malloc(50 << 20));\n"
        '  printf("%d\\n", done + WEXITSTATUS(status) + system("exit 4") / 256); return 0; }\n',
        "gcc -O2 -pthread main.c -o main && ./main",
        "7\n",
    ),
    "g++": (
        "main.cpp",
        "#include <filesystem>\n#include <future>\n#include <iostream>\n#include <numeric>\n#include <vector>\n"
        "int main() { std::vector<int> v(10); std::iota(v.begin(), v.end(), 1);\n"
        "  auto f = std::async(std::launch::async, [&] { return std::accumulate(v.begin(), v.end(), 0); });\n"
        '  try { throw 1; } catch (int) {} std::cout << f.get() << std::filesystem::exists(".") << "\\n"; }\n',
        "g++ -O1 -std=c++17 main.cpp -o main && ./main",
        "551\n",
    ),
    "node": (
        "main.js",
        "const { Worker } = require('worker_threads'), fs = require('fs'), net = require('net');\n"
        "const { execFileSync } = require('child_process'), crypto = require('crypto'), os = require('os');\n"
        "fs.writeFileSync('a', 'b'); fs.promises.readFile('a').then(async () => {\n"
        "  const w = new Worker('require(\"worker_threads\").parentPort.postMessage(2)', { eval: true });\n"
        "  const two = await new Promise(done => w.on('message', done));\n"
        "  const server = net.createServer(s => s.end('3')).listen(0, '127.0.0.1', () => {\n"
        "    net.connect(server.address().port, '127.0.0.1').on('data', d => { server.close();\n"
        "      const four = execFileSync(process.execPath, ['-p', '4']).toString().trim();\n"
        "      crypto.randomBytes(4); os.cpus(); fs.watch('.').close(); crypto.scryptSync('a', 'b', 16);\n"
        "      new WebAssembly.Memory({ initial: 1 }); console.log(two + d.toString() + four); }); }); });\n",
        "node main.js",
        "234\n",
    ),
    "java": (
        "Main.java",
        "import java.util.concurrent.*; import java.util.stream.*; import java.nio.file.*;\n"
        "public class Main { public static void main(String[] a) throws Exception {\n"
        "  var pool = Executors.newFixedThreadPool(3);\n"
        "  var f = pool.submit(() -> IntStream.range(0, 1000).parallel().sum());\n"
        '  Path p = Files.createTempFile("a", "b"); Files.writeString(p, "x"); Files.delete(p);\n'
        '  var child = new ProcessBuilder("true").start().waitFor(); new java.security.SecureRandom().nextInt();\n'
        '  try (var s = new java.net.ServerSocket(0)) { new java.net.Socket("127.0.0.1", s.getLocalPort()).close(); }\n'
        "  System.gc(); pool.shutdown(); System.out.println(f.get() + child); } }\n",
        "java Main.java",
        "499500\n",
    ),
    "go": (
        "main.go",
        'package main\nimport ("fmt"; "net"; "os/exec"; "sync"; "time")\n'
        "func main() { var w sync.WaitGroup; sum := make(chan int, 100)\n"
        "  for i := 0; i < 100; i++ { w.Add(1); go func(n int) { defer w.Done(); sum <- n }(i) }\n"
        "  w.Wait(); close(sum); s := 0; for n := range sum { s += n }\n"
        '  l, err := net.Listen("tcp", "127.0.0.1:0"); if err != nil { panic(err) }; l.Close()\n'
        '  if err := exec.Command("true").Run(); err != nil { panic(err) }\n'
        "  time.Sleep(time.Millisecond); fmt.Println(s) }\n",
        "GOCACHE=$PWD/cache GOFLAGS=-mod=mod go run main.go",
        "4950\n",
    ),
    "rustc": (
        "main.rs",
        "use std::{fs, net::TcpListener, process::Command, sync::mpsc, thread};\n"
        "fn main() { let (tx, rx) = mpsc::channel(); for n in 0..10 { let tx = tx.clone();\n"
        "  thread::spawn(move || tx.send(n).unwrap()); } drop(tx);\n"
        '  TcpListener::bind("127.0.0.1:0").unwrap(); fs::write("a", "b").unwrap(); fs::copy("a", "c").unwrap();\n'
        '  assert!(Command::new("true").status().unwrap().success());\n'
        '  println!("{}", rx.iter().sum::<i32>()); }\n',
        "rustc -O main.rs -o main && ./main",
        "45\n",
    ),
}


@pytest.mark.parametrize("part", TOUR)
def test_the_standard_library_works(part: str, tmp_path: Path) -> None:
    script = tmp_path / "tour.py"
    script.write_text(f"import warnings\nwarnings.simplefilter('ignore')\n{TOUR[part]}")
    run(tmp_path, sys.executable, "-I", str(script))


@pytest.mark.parametrize("tool", [tool for tool in COMPILED if shutil.which(tool)])
def test_other_languages_work(tool: str, tmp_path: Path) -> None:
    name, source, command, output = COMPILED[tool]
    (tmp_path / name).write_text(source)
    assert run(tmp_path, "sh", "-c", command) == output


@pytest.mark.skipif(not os.access("/dev/ptmx", os.W_OK), reason="no terminals here")
def test_a_terminal_takes_no_planted_input(tmp_path: Path) -> None:
    script = (
        "import errno, fcntl, pty, termios\nmaster, slave = pty.openpty()\n"
        "try: fcntl.ioctl(slave, termios.TIOCSTI, b'x')\n"
        "except OSError as error: print(errno.errorcode[error.errno])"
    )
    assert run(tmp_path, sys.executable, "-I", "-c", script) == "EPERM\n"
