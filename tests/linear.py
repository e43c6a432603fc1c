"""Whether time grows with the input, on a machine that others use too."""

import gc
import time

SLOWER = 9  # times at most, for four times the input: 4 if time is linear, 16 if it is a square
ROUNDS = 5


def processor_seconds(read, given):
    """Return the processor's time without collecting the garbage that other tests left."""
    gc.disable()
    started = time.process_time()
    try:
        read(given)
        return time.process_time() - started
    finally:
        gc.enable()


def grows_linearly(read, once, often, enough=0.0, slower=SLOWER):
    """Return whether ``often``, four times ``once``, takes less than ``slower`` times the time.

    Less than ``enough`` seconds for ``often`` are no hole. They are measured in turn until it is
    clear: a busy machine may slow any of them down, but a square stays one.
    """
    short = long = float("inf")
    for _ in range(ROUNDS):
        long = min(long, processor_seconds(read, often))
        if long < enough:
            return True
        short = min(short, *(processor_seconds(read, once) for _ in range(2)))
        if long < slower * short:
            return True
    return False
