"""The system calls that a candidate may make: a list, which the kernel checks before each of them.

What CPython with its standard library, compiled programs, their compilers, Node, Go and Java need is on the list.
Nothing else is allowed, least of all what makes name spaces or mounts, looks into other processes, or is rare enough to
be reached by nobody but an exploit. A call that is refused fails with EPERM; one that no kernel is known to have, with
ENOSYS; one in the manner of another architecture ends the process.

Some calls are harmless in themselves, and still not on the list:

- `memfd_create`: what is written to such a file, and not mapped, is in no process's address space, so that no memory
  limit would count it. It fails with ENOSYS, for which whoever has a use for it has another way.
- `clone3`: its flags lie in memory, where a filter can't read them. It fails with ENOSYS, and C libraries use `clone`.
- System V's and POSIX's message queues, semaphores and shared memory objects, which live on when the process has ended.
- `io_setup`: its contexts are counted for the whole machine, which could run out of them.
- `sync` and `syncfs` would write back the whole machine's disks. They succeed at once: what a candidate can write has
  no disk.
- `setsockopt` of a buffer's size: what lies in the buffers of sockets is in no address space either. It succeeds, and
  the size stays what it was, as it does where the kernel has a lower limit.
- `name_to_handle_at`, `vmsplice`, `landlock_*`, the NUMA calls, `ioprio_set`, `seccomp`: nobody honest here needs them.

Linux on x86_64 and aarch64 only. How the list is made into a filter is told in `seccomp`.
"""

from typing import NamedTuple

# For each outcome, the calls that have it: name, number on x86_64, number on aarch64. An outcome is `allow`, `enosys`,
# `nothing` (say that it is done), or the name of a check of the arguments, in `seccomp`.
CALLS = {
    "allow": """
    read 0 63, write 1 64, open 2 -, close 3 57, creat 85 -, openat 257 56, openat2 437 437, readv 19 65,
    writev 20 66, pread64 17 67, pwrite64 18 68, preadv 295 69, pwritev 296 70, preadv2 327 286, pwritev2 328 287,
    lseek 8 62, stat 4 -, fstat 5 80, lstat 6 -, newfstatat 262 79, statx 332 291, statfs 137 43, fstatfs 138 44,
    access 21 -, faccessat 269 48, faccessat2 439 439, getdents 78 -, getdents64 217 61, getcwd 79 17, chdir 80 49,
    fchdir 81 50, umask 95 166, rename 82 -, renameat 264 38, renameat2 316 276, mkdir 83 -, mkdirat 258 34,
    rmdir 84 -, link 86 -, linkat 265 37, unlink 87 -, unlinkat 263 35, symlink 88 -, symlinkat 266 36, readlink 89 -,
    readlinkat 267 78, mknod 133 -, mknodat 259 33, chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452,
    chown 92 -, fchown 93 55, lchown 94 -, fchownat 260 54, utime 132 -, utimes 235 -, futimesat 261 -,
    utimensat 280 88, truncate 76 45, ftruncate 77 46, fallocate 285 47, fadvise64 221 223, readahead 187 213,
    fsync 74 82, fdatasync 75 83, sync_file_range 277 84, flock 73 32, fcntl 72 25, dup 32 23, dup2 33 -, dup3 292 24,
    close_range 436 436, sendfile 40 71, copy_file_range 326 285, splice 275 76, tee 276 77, setxattr 188 5,
    lsetxattr 189 6, fsetxattr 190 7, getxattr 191 8, lgetxattr 192 9, fgetxattr 193 10, listxattr 194 11,
    llistxattr 195 12, flistxattr 196 13, removexattr 197 14, lremovexattr 198 15, fremovexattr 199 16,
    setxattrat 463 463, getxattrat 464 464, listxattrat 465 465, removexattrat 466 466,

    pipe 22 -, pipe2 293 59, poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create 213 -,
    epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22, epoll_pwait2 441 441, eventfd 284 -,
    eventfd2 290 19, signalfd 282 -, signalfd4 289 74, timerfd_create 283 85, timerfd_settime 286 86,
    timerfd_gettime 287 87, inotify_init 253 -, inotify_init1 294 26, inotify_add_watch 254 27,
    inotify_rm_watch 255 28,

    connect 42 203, accept 43 202, accept4 288 242, sendto 44 206, recvfrom 45 207, sendmsg 46 211, recvmsg 47 212,
    sendmmsg 307 269, recvmmsg 299 243, shutdown 48 210, bind 49 200, listen 50 201, getsockname 51 204,
    getpeername 52 205, getsockopt 55 209,

    mmap 9 222, mprotect 10 226, munmap 11 215, brk 12 214, mremap 25 216, msync 26 227, mincore 27 232,
    madvise 28 233, mlock 149 228, mlock2 325 284, munlock 150 229, mlockall 151 230, munlockall 152 231,
    membarrier 324 283, mseal 462 462, pkey_mprotect 329 288, pkey_alloc 330 289, pkey_free 331 290,
    map_shadow_stack 453 453,

    fork 57 -, vfork 58 -, execve 59 221, execveat 322 281, exit 60 93, exit_group 231 94, wait4 61 260,
    waitid 247 95, getpid 39 172, getppid 110 173, gettid 186 178, getpgid 121 155, getpgrp 111 -, setpgid 109 154,
    getsid 124 156, setsid 112 157, pidfd_open 434 434, pidfd_send_signal 424 424, set_tid_address 218 96,
    set_robust_list 273 99, rseq 334 293, arch_prctl 158 -, uretprobe 335 -, uprobe 336 -, futex 202 98,
    futex_waitv 449 449, futex_wake 454 454, futex_wait 455 455, futex_requeue 456 456, restart_syscall 219 128,
    sched_yield 24 124, sched_getparam 143 121, sched_getscheduler 145 120, sched_get_priority_max 146 125,
    sched_get_priority_min 147 126, sched_rr_get_interval 148 127, sched_getaffinity 204 123, sched_getattr 315 275,
    getpriority 140 141, getcpu 309 168, getrlimit 97 163, setrlimit 160 164, getrusage 98 165, times 100 153,

    rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136, rt_sigtimedwait 128 137,
    rt_sigqueueinfo 129 138, rt_tgsigqueueinfo 297 240, rt_sigsuspend 130 133, sigaltstack 131 132, kill 62 129,
    tkill 200 130, tgkill 234 131, pause 34 -,

    nanosleep 35 101, clock_nanosleep 230 115, clock_gettime 228 113, clock_getres 229 114, gettimeofday 96 169,
    time 201 -, getitimer 36 102, setitimer 38 103, alarm 37 -, timer_create 222 107, timer_settime 223 110,
    timer_gettime 224 108, timer_getoverrun 225 109, timer_delete 226 111,

    getuid 102 174, geteuid 107 175, getgid 104 176, getegid 108 177, getgroups 115 158, getresuid 118 148,
    getresgid 120 150, setuid 105 146, setgid 106 144, setreuid 113 145, setregid 114 143, setresuid 117 147,
    setresgid 119 149, setfsuid 122 151, setfsgid 123 152, setgroups 116 159, capget 125 90, capset 126 91,
    uname 63 160, sysinfo 99 179, getrandom 318 278
    """,
    "enosys": "clone3 435 435, memfd_create 319 279",
    "nothing": "sync 162 81, syncfs 306 267",
    "clone": "clone 56 220",
    "ioctl": "ioctl 16 29",
    "personality": "personality 135 92",
    "prctl": "prctl 157 167",
    "setpriority": "setpriority 141 140",
    "process": "prlimit64 302 261, sched_setparam 142 118, sched_setscheduler 144 119, sched_setaffinity 203 122, "
    "sched_setattr 314 274",
    "setsockopt": "setsockopt 54 208",
    "socket": "socket 41 198",
    "socketpair": "socketpair 53 199",
}

# CLONE_NEW*, and CLONE_UNTRACED, by which a process would escape from being counted.
CLONE_REFUSED = 0x7E020080 | 0x00800000
FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
PERSONALITIES = (0, 0xFFFFFFFF)  # the usual one, and the question which one it is
STREAM, DATAGRAM, TYPE_BITS = 1, 2, 0xF
PROTOCOLS = (0, 6, 17)  # any other (SCTP, DCCP, …) would make the kernel load a module that nobody looks after
SOCKET_LEVEL, BUFFER_SIZES = 1, (7, 8)  # SOL_SOCKET: SO_SNDBUF, SO_RCVBUF
SOCKET_PROGRAMS = (26, 50, 51, 52)  # SO_ATTACH_*: programs for the kernel to compile
TCP_LEVEL, TCP_ULP = 6, 31  # hands the connection to another protocol in the kernel
# TIOCSTI types into a terminal, TIOCLINUX and TIOCCONS reach the console, TIOCSETD makes the kernel load a module.
IOCTLS_REFUSED = (0x5412, 0x541C, 0x541D, 0x5423)
# The first process of the box outlives the candidate: what slows it down, or ends it, would harm those that come after.
FIRST_PROCESS, ALL_OF_A_USER = 1, 2
# First and last of what is allowed. Not among them: PR_SET_DUMPABLE (4), since what the runner hid stays hidden;
# PR_SET_SECCOMP (22); PR_SET_MM (35); PR_SET_SPECULATION_CTRL (53); PR_SCHED_CORE (62); PR_SET_MEMORY_MERGE (67), with
# which a process finds out what others hold in memory; PR_SET_PTRACER; and what only ever configures a whole machine.
PRCTLS: tuple[tuple[int, int], ...] = (
    (1, 3), (15, 16), (21, 21), (23, 23), (25, 25), (27, 27), (29, 30), (36, 42), (47, 47), (50, 52), (54, 56),
    (60, 61), (63, 66), (74, 76), (0x53564D41, 0x53564D41),
)  # fmt: skip


class Architecture(NamedTuple):
    """What differs between machines.

    Attributes:
        audit: The kernel's number for it.
        column: Where its numbers are in `CALLS`.
        known: First and last of each range of numbers that calls have.
        seccomp: The number of the call that installs a filter.
    """

    audit: int
    column: int
    known: tuple[tuple[int, int], ...]
    seccomp: int


_NEWEST = 471
ARCHITECTURES = {
    "x86_64": Architecture(0xC000003E, 1, ((0, 336), (424, _NEWEST)), 317),
    "aarch64": Architecture(0xC00000B7, 2, ((0, 243), (260, 294), (424, _NEWEST)), 277),
}


def calls(architecture: Architecture) -> list[tuple[str, int, str]]:
    """The calls that are not refused: name, number, outcome."""
    found = []
    for outcome, rows in CALLS.items():
        for row in rows.split(","):
            fields = row.split()
            number = fields[architecture.column]
            if number != "-":
                found.append((fields[0], int(number), outcome))
    return found
