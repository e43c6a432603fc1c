"""Libraries whose processes are killed again and again lose nothing and show nothing half.

`make crash` plays 1,000 such lives and takes minutes; these are the first eight.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(400)  # a quarter of a minute, unless other programs are busy
@pytest.mark.skipif(not hasattr(os, "fork"), reason="lives are forks, which this system has not")
def test_eight_killed_processes_lose_nothing():
    command = [sys.executable, "-m", "tests.crash.lives", "8"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=380)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.startswith("8 lives killed"), done.stdout
