"""Answers the requests of patchwise: serve(Simulator). Needs numpy alone; `print` goes to standard error.

A simulator is a class with name, dimension, dtype ("u1" or "f4"), observables, perhaps parameters, starts and numbers (of a
site, 1 by default; systems of more are [count, numbers, side, …]), and
  __init__(self, patch, **values)           the side of patches, and the parameters
  initial(self, count, side, rng, common)   systems [count, side, …]; common[k]: a generator that systems of a cohort have alike
  evolve(self, x, time, rng, mask)          moves the sites where the mask is True (None: all), the rest stays as it is; returns the systems
  observe(self, x)                          [count, observables]
"""
import json
import signal
import sys

import numpy as np

PROTOCOL = 1


def region(count, side, dimension, corners, length):
    """True inside a cube of so many sites from each corner on, closed periodically: [count, side, …]."""
    mask = np.ones((count,) + (side,) * dimension, bool)
    for axis in range(dimension):
        inside = (np.arange(side)[None, :] - corners[:, axis, None]) % side < length
        shape = [count] + [1] * dimension
        shape[1 + axis] = side
        mask &= inside.reshape(shape)
    return mask


def answer(make, state, head, parts):
    verb = head["verb"]
    if head["protocol"] != PROTOCOL:
        raise ValueError(f"patchwise speaks protocol {head['protocol']}, this helper {PROTOCOL}: copy the helper again")
    if verb == "hello":
        sites = "floats" if np.dtype(make.dtype) == np.float32 else "bytes"
        starts = list(getattr(make, "starts", {}))
        said = dict(name=make.name, dimension=make.dimension, observables=make.observables, sites=sites)
        said["numbers"] = getattr(make, "numbers", 1)
        return dict(said, parameters=getattr(make, "parameters", {}), starts=starts), []
    if verb == "open":
        state["simulator"] = make(head["side"], **head["values"])
        return {}, []
    simulator, count, side = state["simulator"], head["count"], head["side"]
    numbers = getattr(make, "numbers", 1)
    shape = (count,) + ((numbers,) if numbers > 1 else ()) + (side,) * make.dimension
    if verb == "initial":
        rng = np.random.default_rng(head["stream"])
        common = [np.random.default_rng(head["common"] + [int(c)]) for c in np.frombuffer(parts[0], "<u4")]
        return {}, [checked(simulator.initial(count, side, rng, common), shape, make.dtype)]
    if verb == "start":
        fill = list(make.starts.values())[head["index"]]
        return {}, [checked(fill(simulator, count, side, np.random.default_rng(head["stream"])), shape, make.dtype)]
    x = np.frombuffer(parts[0], np.dtype(make.dtype)).reshape(shape).copy()
    if verb == "observe":
        return {}, [np.ascontiguousarray(simulator.observe(x), "<f8")]
    if verb == "evolve":
        mask = None
        if head["region"] is not None:
            corners = np.frombuffer(parts[1], "<i4").reshape(count, make.dimension)
            mask = region(count, side, make.dimension, corners, head["region"])
            mask = mask if numbers == 1 else mask[:, None]
        return {}, [checked(simulator.evolve(x, head["time"], np.random.default_rng(head["stream"]), mask), shape, make.dtype)]
    raise ValueError(f"unknown verb {verb}")


def checked(x, shape, dtype):
    x = np.ascontiguousarray(x, dtype)
    if x.shape != shape:
        raise ValueError(f"the systems have the shape {x.shape}, not {shape}")
    return x


def serve(make):
    source, out, state = sys.stdin.buffer, sys.stdout.buffer, {}
    sys.stdout = sys.stderr
    # Ctrl-C is for patchwise, which then closes the input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while line := source.readline():
        head = json.loads(line)
        parts = [source.read(size) for size in head["parts"]]
        try:
            said, arrays = answer(make, state, head, parts)
        except Exception as error:
            said, arrays = {"error": f"{type(error).__name__}: {error}"}, []
        blobs = [array.tobytes() for array in arrays]
        out.write((json.dumps({**said, "parts": [len(blob) for blob in blobs]}) + "\n").encode())
        for blob in blobs:
            out.write(blob)
        out.flush()
