"""The contact process in numpy, in steps of time tau: an infected site heals at rate 1 and infects each neighbour at rate lam/4.

npm run learn -- --exec "python3 sis.py" --L 64 --patch 16 --horizon 15
"""
import numpy as np
from patchwise_simulator import serve


class SIS:
    name, dimension, dtype = "sis", 2, "u1"
    observables = [
        dict(name="infected fraction", symbol="ρ", unit="1", range=[0, 1]),
        dict(name="unlike bonds", symbol="c", unit="1", range=[0, 1]),
    ]
    parameters = {
        "lam": dict(default=2.5, min=0, max=10, meaning="rate of infection"),
        "tau": dict(default=0.05, min=0.001, max=0.5, meaning="length of a step"),
    }
    # Where predictions start from.
    starts = {
        "ρ = 0.2": lambda self, count, side, rng: rng.random((count, side, side)) < 0.2,
        "ρ = 1": lambda self, count, side, rng: np.ones((count, side, side)),
    }

    def __init__(self, patch, lam, tau):
        self.lam, self.tau = lam, tau

    def initial(self, count, side, rng, common):
        density = np.array([one.uniform(0.05, 1) for one in common])
        return rng.random((count, side, side)) < density[:, None, None]

    def evolve(self, x, time, rng, mask):
        steps = max(1, round(time / self.tau))
        for _ in range(steps):
            near = sum(np.roll(x, shift, axis) for shift in (1, -1) for axis in (1, 2))
            rate = np.where(x == 1, 1, self.lam / 4 * near)
            flip = rng.random(x.shape) < -np.expm1(-rate * time / steps)
            x = x ^ (flip if mask is None else flip & mask)
        return x

    def observe(self, x):
        unlike = ((x ^ np.roll(x, 1, 1)) + (x ^ np.roll(x, 1, 2)).astype(float)) / 2
        return np.stack([x.mean((1, 2)), unlike.mean((1, 2))], -1)


serve(SIS)
