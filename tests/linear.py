"""Whether time grows with the input, on a machine that others use too."""

import gc
import time

SLOWER = 9  # times at most, for four times the input: 4 if time is linear, 16 if it is a square
ROUNDS = 3  # at least
PATIENCE = 2.0  # seconds of the processor, after which no further round begins


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
    clear: a busy machine may slow any of them down, the more the shorter, but a square stays one.
    """
    short = long = float("inf")
    spent, rounds = 0.0, 0
    while rounds < ROUNDS or spent < PATIENCE:
        times = [processor_seconds(read, given) for given in (often, once, once)]
        long, short = min(long, times[0]), min(short, *times[1:])
        if long < max(enough, slower * short):
            return True
        spent, rounds = spent + sum(times), rounds + 1
    return False
