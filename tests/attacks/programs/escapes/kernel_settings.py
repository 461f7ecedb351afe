# Tries: write the kernel's settings: the core pattern, modprobe's path, magic keys, hot-plug helpers
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import glob
import os

PATHS = (
    "/proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/kernel/hotplug /proc/sysrq-trigger "
    "/proc/sys/kernel/hostname /proc/sys/vm/drop_caches /proc/sys/net/ipv4/ip_forward /proc/sys/fs/binfmt_misc/register "
    "/proc/irq/0/smp_affinity /proc/1/oom_score_adj /proc/mtrr /proc/acpi/wakeup /proc/latency_stats "
    "/sys/kernel/uevent_helper /sys/power/state /sys/kernel/mm/ksm/run /sys/fs/cgroup/cgroup.procs /proc/self/uid_map "
    "/sys/fs/cgroup/release_agent /sys/fs/cgroup/memory/release_agent /proc/1/uid_map /proc/self/gid_map "
    "/proc/timer_list /proc/bus/pci/devices"
).split()


def f():
    opened = []
    for path in [*PATHS, *glob.glob("/proc/sys/kernel/*")[:200], *glob.glob("/sys/*/*")[:200]]:
        if not os.path.isfile(path) or path.endswith("/ns_last_pid"):  # of the box alone
            continue
        try:
            descriptor = os.open(path, os.O_WRONLY)
        except OSError:
            continue
        os.close(descriptor)
        opened.append(path)
    return [path for path in opened if "map" not in path] + [path for path in opened if "map" in path and mapped(path)]


def mapped(path):
    try:
        with open(path, "w") as file:
            file.write("0 0 1")
    except OSError:
        return False
    return True
