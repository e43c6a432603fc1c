"""The threads of the server share few pools of memory and wait little for each other."""

import subprocess
import sys

import pytest

# Threads that take and free memory at the same time: without a limit each gets a pool of its own,
# which `malloc_info` lists.
COUNTED = """
import ctypes, threading
from serve import process
assert process.limit_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
barrier = threading.Barrier(12)
def take():
    barrier.wait()
    for _ in range(200):
        libc.free(libc.malloc(1000))
    barrier.wait()
threads = [threading.Thread(target=take) for _ in range(12)]
for one in threads: one.start()
for one in threads: one.join()
libc.fopen.restype = ctypes.c_void_p
libc.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.malloc_info(0, libc.fopen(b"/dev/stdout", b"w"))
libc.fflush(None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's pools")
def test_the_pools_are_limited(monkeypatch):
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)

    def pools(code: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        return done.stdout.count("<heap nr=")

    assert pools(COUNTED) <= 2
    assert pools(COUNTED.replace("assert process.limit_arenas()", "")) > 2


def test_a_limit_of_the_users_own_stays(monkeypatch):
    monkeypatch.setenv("MALLOC_ARENA_MAX", "4")
    from serve import process

    monkeypatch.setattr(process.ctypes, "CDLL", None)
    assert process.limit_arenas()


def test_no_thread_keeps_the_lock_for_long():
    code = (
        "import sys; from serve import process; process.prepare(); print(sys.getswitchinterval())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.001
