"""A library on a disk that becomes full or read-only, in a small file system of its own."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.crash.full_disk import SCENARIOS

ROOT = Path(__file__).resolve().parents[2]
# In a mount namespace of its own: no right is needed but that to make one, and the file system is
# gone with the process.
SMALL_DISK = "mount -t tmpfs -o size=40m tmpfs '{folder}' && {command}"


def in_namespace(folder: Path, command: str) -> list[str]:
    return ["unshare", "-Urm", "sh", "-c", SMALL_DISK.format(folder=folder, command=command)]


@cache
def small_disks_work(folder: Path) -> bool:
    """Whether this system lets the user mount a file system of a given size."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(in_namespace(folder, "true"), capture_output=True).returncode == 0


LONG = {"commands", "full_in_the_middle"}  # the others fill a disk too


@pytest.mark.timeout(300)  # seconds, unless other programs are busy
@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(one, marks=[pytest.mark.long] * (one.__name__ in LONG), id=one.__name__)
        for one in SCENARIOS
    ],
)
def test_a_full_disk_is_a_state_and_not_an_end(scenario, tmp_path):
    if not small_disks_work(tmp_path):
        pytest.skip("no small disk: `unshare -Urm mount -t tmpfs` does not work on this system")
    command = f"'{sys.executable}' -m tests.crash.full_disk {scenario.__name__} '{tmp_path}'"
    done = subprocess.run(
        in_namespace(tmp_path, command), cwd=ROOT, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr[-3000:]
