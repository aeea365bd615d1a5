"""How many areas of memory the threads of a process take."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNTED = """
import ctypes, re, tempfile
from threading import Barrier, Thread
from service.arenas import share_arenas

{first}
here = Barrier(17)
def take() -> None:
    held = [bytes(1_000) for _ in range(1_000)]
    here.wait()
    here.wait()
threads = [Thread(target=take) for _ in range(16)]
for thread in threads:
    thread.start()
here.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as file:
    out = libc.fopen(file.name.encode(), b"w")
    libc.malloc_info(0, ctypes.c_void_p(out))
    libc.fclose(ctypes.c_void_p(out))
    print(len(re.findall(b"<heap nr", file.read())))
here.wait()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_all_threads_share_two() -> None:
    def arenas(first: str) -> int:
        command = [sys.executable, "-c", COUNTED.format(first=first)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert arenas("share_arenas()") <= 2
    assert arenas("") > 2
