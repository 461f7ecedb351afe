"""The doctor's programs, each in the role of an attacker: `attack(bait)` returns what it got hold of.

Each is harmless where nothing holds it, also to root: it reaches only for what the doctor has laid out (`Bait`), asks
the kernel only for what cannot take effect, and has a deadline of its own.
"""

HONEST = """
def attack(bait):
    return [name for name in bait if name == ""]
"""

LIAR = """
class Everything:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __len__(self): return 0
    def __iter__(self): return iter(())
    def __bool__(self): return True

def attack(bait):
    return Everything()
"""

EXIT = """
import json, os

def attack(bait):
    body = json.dumps({"end": True, "status": "passed", "tests": [], "doubts": [], "tampered": ""}).encode()
    for number in range(3, 64):
        for line in (body + b"\\n", len(body).to_bytes(4, "big") + body):
            try: os.write(number, line)
            except OSError: pass
    os._exit(0)
"""

READ = """
def attack(bait):
    found = []
    for path in bait["files"]:
        for start in ("", "/proc/1/root", "/proc/self/root", "/proc/self/cwd/../../../../.."):
            try:
                with open(start + path, "rb") as file: file.read(1)
            except OSError: continue
            found.append("read " + start + path)
            break
    return found
"""

WRITE = """
import os, sys

def attack(bait):
    found = []
    for folder in bait["folders"]:
        for start in ("", "/proc/1/root"):
            try: open(start + folder + "/written", "x").close()
            except OSError: continue
            found.append("wrote in " + start + folder)
            break
    for path in (sys.executable or os.__file__, os.__file__, "/etc/hosts", "/proc/sys/kernel/core_pattern", "/dev/mem"):
        try: os.close(os.open(path, os.O_WRONLY))  # nothing is written, nothing is made
        except OSError: continue
        found.append("may write " + path)
    return found
"""

ENVIRONMENT = """
import glob, os

def attack(bait):
    found = ["variable " + name for name, value in os.environ.items() if value == bait["secret"]]
    for path in glob.glob("/proc/[0-9]*/environ"):
        try:
            with open(path, "rb") as file: text = file.read()
        except OSError: continue
        if bait["secret"].encode() in text: found.append("read " + path)
    return found
"""

PROCESSES = """
import glob, os, signal

def attack(bait):
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file: text = file.read()
        except OSError: continue
        if bait["victim_mark"].encode() in text: found.append("saw " + path)
    if bait["victim"] not in (os.getpid(), os.getppid()):  # a number of the host may be another's in here
        try: os.kill(bait["victim"], signal.SIGKILL)
        except OSError: pass
    return found
"""

NETWORK = """
import socket

def attack(bait):
    found = []
    for family, address in bait["listeners"]:
        try:
            with socket.socket(getattr(socket, family)) as sock:
                sock.settimeout(1)
                sock.connect(tuple(address) if isinstance(address, list) else address)
        except (OSError, AttributeError): continue
        found.append("reached " + str(address).replace("\\0", "@"))
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sock: sock.connect((address, 9))  # sends nothing
        except OSError: continue
        found.append(f"found a route to {address}")
    return found
"""

KERNEL = """
import ctypes, errno, os, sys

MACHINES = ("x86_64", "aarch64")
CALLS = {  # the numbers, and arguments with which the call does nothing where it is let in
    "unshare": ((272, 97), (0x10000000,)),
    "mount": ((165, 40), (b"none", b"/", b"no such file system", 0, None)),
    "fsopen": ((430, 430), (b"no such file system", 0)),
    "setns": ((308, 268), (-1, 0)),
    "ptrace": ((101, 117), (2, 0, None, None)),
    "process_vm_readv": ((310, 270), (0, None, 0, None, 0, 0)),
    "bpf": ((321, 280), (0xFFFF, None, 0)),
    "keyctl": ((250, 219), (0xFFFF, 0, 0, 0, 0)),
    "perf_event_open": ((298, 241), (None, 0, -1, -1, 0)),
    "userfaultfd": ((323, 282), (0xFFFF,)),
    "io_uring_setup": ((425, 425), (0, None)),
    "init_module": ((175, 105), (None, 0, None)),
    "clock_settime": ((227, 112), (0, None)),
}
REFUSED = (errno.EPERM, errno.EACCES, errno.ENOSYS)

def call(libc, number, arguments):
    ready = [ctypes.c_long(each) if isinstance(each, int) else ctypes.c_char_p(each) for each in arguments]
    child = os.fork()
    if child == 0:
        os._exit(0 if libc.syscall(ctypes.c_long(number), *ready) != -1 else ctypes.get_errno())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def attack(bait):
    if sys.platform != "linux": raise NotImplementedError("the numbers are Linux's")
    column = MACHINES.index(os.uname().machine)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    codes = {name: call(libc, numbers[column], arguments) for name, (numbers, arguments) in CALLS.items()}
    return [name for name, code in codes.items() if code >= 0 and code not in REFUSED]
"""

FORKS = """
import os, time

def attack(bait):
    end = time.monotonic() + 10
    for _ in range(100):
        if os.fork() == 0:
            time.sleep(max(0, end - time.monotonic()))
            os._exit(0)
    return ["100 processes"]
"""

MEMORY = """
def attack(bait):
    return [f"{len(bytearray(2**28)) >> 20} MiB"]
"""

TIME = """
import time

def attack(bait):
    end = time.monotonic() + 20
    while time.monotonic() < end: pass
    return ["20 s"]
"""

DISK = """
import time

def attack(bait):
    for number in range(32):
        with open(f"filler-{number}", "wb") as file: file.write(bytes(2**20))
    time.sleep(1)  # some limits are kept by who looks at intervals
    return ["32 MiB"]
"""

PLANT = """
import builtins, ctypes, os, socket, sys, time

def attack(bait):
    for folder in bait["places"]:
        try: open(folder + "/" + bait["seed"], "x").close()
        except OSError: pass
    builtins.planted = sys.planted = bait["seed"]
    if sys.platform == "linux": ctypes.CDLL(None).shmget(bait["key"], 4096, 0o1666)
    ready, told = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            if sys.platform == "linux": ctypes.CDLL(None).prctl(15, bait["seed"].encode(), 0, 0, 0)
            sock = socket.socket()
            sock.bind(("127.0.0.1", bait["seed_port"]))
            sock.listen()
            os.write(told, b"!")
            time.sleep(60)
        os._exit(0)
    os.close(told)
    return [] if os.read(ready, 1) else ["nothing could be planted"]
"""

HARVEST = """
import builtins, ctypes, glob, os, socket, sys

def attack(bait):
    found = []
    for folder in bait["places"]:
        try: os.unlink(folder + "/" + bait["seed"])
        except OSError: continue
        found.append("file in " + folder)
    if hasattr(builtins, "planted") or hasattr(sys, "planted"): found.append("a changed interpreter")
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        segment = libc.shmget(bait["key"], 0, 0)
        if segment >= 0:
            libc.shmctl(segment, 0, None)
            found.append("shared memory")
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path) as file: name = file.read().strip()
        except OSError: continue
        if name == bait["seed"]: found.append("process " + path)
    with socket.socket() as sock:
        if sock.connect_ex(("127.0.0.1", bait["seed_port"])) == 0: found.append("a listener")
    return found
"""
