"""Equations that patchwise has learned, dz = f(z) dt + sigma(z) dW, in Python: numpy alone, no patchwise.

    model = load("models/equation.safetensors")   # variables, conditions, range, ...: see help(Equation)
    model = model.at(T=700)                       # equations that depend on conditions: these put in
    model.drift(z)                                # f, units of z per time
    model.diffusion(z)                            # sigma sigma^T, units of z^2 per time
    times, z = model.simulate(start, time=10)     # runs of the whole system

z has the shape [..., d]; values are computed in float64.
"""
import json
import struct
import sys

import numpy as np

REACH = 0.25  # of half the range of the data: how far beyond it a polynomial drift goes on along its slope
SHARE = 0.25  # steps are no longer than this part of the fastest relaxation
TYPES = {"F64": "<f8", "F32": "<f4", "I32": "<i4", "U32": "<u4", "U8": "u1"}


def load(path):
    """The equation in a .safetensors file of the folder models/ of a run."""
    with open(path, "rb") as file:
        text = file.read(8)
        size = struct.unpack("<Q", text)[0] if len(text) == 8 else 0
        head, body = json.loads(file.read(size) if 0 < size < 10**8 else "{}"), file.read()
    about = json.loads(head.pop("__metadata__", {}).get("sde", "null"))
    if about is None:
        raise ValueError(f"{path} holds no equation of patchwise")
    tensors = {}
    for name, entry in head.items():
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(body[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"]).astype(float)
    return Equation(about, tensors)


class Equation:
    """variables, conditions: names; units: of the variables; range: least and largest value of each in the training data;
    time: of the changes it was learned from; scheme: heun (f is the rate at an instant) or euler (the mean rate over `time`,
    which steps then have); lambda_: what the noise of the changes was divided by for that of the whole system."""

    def __init__(self, head, tensors, condition=()):
        self.head, self.tensors, self.condition = head, tensors, np.asarray(condition, float)
        about = head["about"]
        self.d = head["d"]
        self.variables = [one["name"] for one in about["variables"]]
        self.units = [one["unit"] for one in about["variables"]]
        self.conditions = [one["name"] for one in about["conditions"]]
        self.range = np.array(about["range"])
        self.condition_range = np.array(about["conditionRange"]).reshape(-1, 2)
        self.time, self.scheme, self.lambda_ = about["time"], about["scheme"], about["lambda"]
        self.center, self.spread = tensors["center"], tensors["spread"]
        self.f = FIELDS[head["drift"]["kind"]](head["drift"], within("drift ", tensors), self)
        self.s = FIELDS[head["diffusion"]["kind"]](head["diffusion"], within("diffusion ", tensors), self)

    def at(self, **values):
        """The equation at one condition, .at(T=700)."""
        if set(values) != set(self.conditions):
            raise ValueError(f"give a value for each of {self.conditions}")
        condition = [values[name] for name in self.conditions]
        for name, value, (low, high) in zip(self.conditions, condition, self.condition_range):
            room = 1e-6 * max(abs(low), abs(high))
            if not low - room <= value <= high + room:
                raise ValueError(f"{name} = {value} is outside the training data, {low:g} to {high:g}")
        return Equation(self.head, self.tensors, condition)

    def drift(self, z):
        """f, [..., d]"""
        return self.f.drift(self.points(z))

    def sigma(self, z):
        """A matrix whose square, sigma sigma^T, is the diffusion, [..., d, d]"""
        return self.s.sigma(self.points(z))

    def diffusion(self, z):
        """sigma sigma^T, [..., d, d]"""
        sigma = self.sigma(z)
        return sigma @ np.swapaxes(sigma, -1, -2)

    def inside(self, z):
        """Whether the training data reach there: where the leverage of z in a quadratic regression is none that they lack."""
        x = (self.points(z) - self.center) / self.spread
        i, j = np.triu_indices(self.d)
        curved = np.where(i == j, 2 * x[..., i] ** 2 - 1, x[..., i] * x[..., j])
        phi = np.concatenate([np.ones_like(x[..., :1]), x, curved], -1)
        solved = np.linalg.solve(self.tensors["hull"], phi[..., None])[..., 0]
        return np.sum(solved**2, -1) <= self.head["limit"] * (1 + 1e-6)

    def simulate(self, start, time, dt=None, seed=0):
        """Runs from `start` [runs, d] for a duration above 0: times [steps + 1] and states [steps + 1, runs, d]. `dt`: of a step, at most; by
        default a quarter of the fastest relaxation in the data (heun). Steps of what the equation was learned with (euler), as many as fit."""
        z, rng = np.array(self.points(start), float), np.random.default_rng(seed)
        heun = self.scheme == "heun"
        if not time > 0 or (dt is not None and not dt > 0):
            raise ValueError(f"time {time} and dt {dt} have to be above 0")
        if heun:
            steps = max(1, int(np.ceil(time / (dt or SHARE / max(self.fastest(z), 1e-300)) - 1e-9)))
            dt = time / steps
        elif dt is None or np.isclose(dt, self.time):
            dt = self.time
            steps = max(1, round(time / dt))
        else:
            raise ValueError(f"dt {dt}: f is the mean rate over {self.time}, steps have to be that long")
        states = [z]
        for _ in range(steps):
            kick = np.sqrt(dt) * np.einsum("...jk,...k", self.sigma(z), rng.standard_normal(z.shape))
            f = self.drift(z)
            if heun:
                f = (f + self.drift(z + dt * f + kick)) / 2
            z = z + dt * f + kick
            states.append(z)
        outside = np.mean(~self.inside(np.array(states)))
        if outside > 0.01:
            print(f"patchwise_model: {100 * outside:.0f} % of the states lie outside the training data", file=sys.stderr)
        return dt * np.arange(steps + 1), np.array(states)

    def fastest(self, z):
        """The fastest rate of relaxation where the data lie, and at the first of these states, per time."""
        low, high = self.range.T
        box = low + (high - low) * np.random.default_rng(0).random((512, self.d))
        box = np.concatenate([self.range.T, box[self.inside(box)]])
        z, reach = np.concatenate([z.reshape(-1, self.d)[:32], box]), 0.05 * self.spread
        slope = [(self.drift(z + step) - self.drift(z - step)) / (2 * r) for step, r in zip(np.diag(reach), reach)]
        return np.max(np.abs(np.linalg.eigvals(np.stack(slope, -1))))

    def points(self, z):
        z = np.asarray(z, float)
        if z.shape[-1:] != (self.d,):
            raise ValueError(f"states have the shape {z.shape}: the last axis is of the {self.d} variables {self.variables}")
        if len(self.condition) != len(self.conditions):
            raise ValueError(f"the equation depends on {self.conditions}: put them in with .at({'=…, '.join(self.conditions)}=…)")
        return z

    def inputs(self, z, tensors):
        """What networks see: z and the conditions in units of their spread."""
        x = (z - self.center) / self.spread
        if len(self.condition) == 0:
            return x
        c = (self.condition - tensors["condition center"]) / tensors["condition spread"]
        return np.concatenate([x, np.broadcast_to(c, x.shape[:-1] + c.shape)], -1)


def within(prefix, tensors):
    return {name[len(prefix):]: data for name, data in tensors.items() if name.startswith(prefix)}


class Polynomial:
    """Products of Chebyshev polynomials on the axes of the data."""

    def __init__(self, head, tensors, equation):
        self.tensors, self.equation, self.exponents = tensors, equation, tensors["exponents"].astype(int)

    def axes(self, z):
        c = self.equation.condition
        y = np.concatenate([z, np.broadcast_to(c, z.shape[:-1] + c.shape)], -1)
        return self.tensors["shift"] + y @ self.tensors["frame"].T

    def values(self, x):
        angle = np.arccos(np.clip(x, -1, 1))
        terms = np.prod(np.cos(self.exponents * angle[..., None, :]), -1)
        return terms @ self.tensors["coefficients"]

    def drift(self, z):
        x = self.axes(z)
        d = z.shape[-1]
        excess = np.clip(x - np.clip(x, -1, 1), -REACH, REACH)[..., :d]
        return self.values(x) + excess @ self.tensors["slope"][:d]

    def sigma(self, z):
        """The lower Cholesky factor; where there is none, pivots are lifted to a floor and entries cut to what their row has left."""
        entries, floor, d = self.values(self.axes(z)), self.tensors["floor"], z.shape[-1]
        matrix = np.zeros(z.shape + (d,))
        rows, columns = np.triu_indices(d)
        matrix[..., columns, rows] = entries
        left = np.diagonal(matrix, axis1=-2, axis2=-1).copy()
        s = np.zeros_like(matrix)
        for j in range(d):
            s[..., j, j] = np.sqrt(np.maximum(left[..., j], floor[j]))
            for k in range(j + 1, d):
                rest = matrix[..., k, j] - np.sum(s[..., j, :j] * s[..., k, :j], -1)
                most = np.sqrt(np.maximum(left[..., k], 0))
                s[..., k, j] = np.clip(rest / s[..., j, j], -most, most)
                left[..., k] -= s[..., k, j] ** 2
        return s


def requr(x):
    return np.maximum(x, 0) ** 2 - np.maximum(x - 0.5, 0) ** 2


def requr_slope(x):
    return 2 * np.maximum(x, 0) - 2 * np.maximum(x - 0.5, 0)


ACTIVATIONS = {"tanh": np.tanh, "relu": lambda x: np.maximum(x, 0), "requr": requr}


def layers_of(tensors, name=""):
    key = f"{name} layer".strip()
    count = sum(one.startswith(f"{key} ") and one.endswith(" weight") for one in tensors)
    return [(tensors[f"{key} {l} weight"], tensors[f"{key} {l} bias"]) for l in range(count)]


def sums(layers, x, activation):
    """What every layer adds up, before its activation."""
    out = []
    for weight, bias in layers:
        out.append((activation(out[-1]) if out else x) @ weight + bias)
    return out


class Network:
    """An affine map and a multilayer perceptron; or the entries of a matrix by one."""

    def __init__(self, head, tensors, equation):
        self.head, self.tensors, self.equation = head, tensors, equation
        self.layers, self.activation = layers_of(tensors), ACTIVATIONS[head["activation"]]

    def outputs(self, z):
        x = self.equation.inputs(z, self.tensors)
        return x, sums(self.layers, x, self.activation)[-1]

    def drift(self, z):
        x, outputs = self.outputs(z)
        t = self.tensors
        return t["offset"] + x @ t["slope"].T + t["scale"] * outputs[..., : z.shape[-1]]

    def sigma(self, z):
        d, form, (_, outputs) = z.shape[-1], self.head["form"], self.outputs(z)
        if form in ("constant", "diagonal"):
            inner = np.exp(np.clip(outputs[..., :d], -12, 12))[..., None] * np.eye(d)
        else:
            inner = outputs[..., : d * d].reshape(z.shape + (d,))
            if form == "full":
                inner = inner + np.eye(d)
            else:
                inner = np.tril(inner, -1) + np.exp(np.clip(inner, -12, 12)) * np.eye(d)
        return self.tensors["scale"][:, None] * (self.tensors["frame"] @ inner)


class Onsager:
    """A stochastic OnsagerNet: downhill in a potential, a part that only turns, and a small free one."""

    def __init__(self, head, tensors, equation):
        self.head, self.tensors, self.equation = head, tensors, equation
        self.energy = layers_of(tensors, "energy")
        self.matrices, self.free = layers_of(tensors, "coefficients 0"), layers_of(tensors, "coefficients 1")

    def inputs(self, z):
        x, d = self.equation.inputs(z, self.tensors), z.shape[-1]
        if x.shape[-1] == d:
            return x
        embedded = sums(layers_of(self.tensors, "embedding"), x[..., d:], requr)[-1]
        return np.concatenate([x[..., :d], embedded[..., : len(self.energy[0][0]) - d]], -1)

    def slope(self, x, d):
        """dV/dz'"""
        gamma, before = self.tensors["gamma"], sums(self.energy, x, requr)
        y = before[-1] + x @ gamma
        back = y
        for l in range(len(self.energy) - 1, -1, -1):
            back = back @ self.energy[l][0].T
            if l > 0:
                back = back * requr_slope(before[l - 1])
        return (back + y @ gamma.T)[..., :d] + 2 * self.head["beta"] * x[..., :d]

    def drift(self, z):
        x, d = self.inputs(z), z.shape[-1]
        q = self.slope(x, d)
        entries = sums(self.matrices, x, requr)[-1][..., : d * d].reshape(z.shape + (d,))
        lower, upper = np.tril(entries), np.triu(entries, 1)
        matrix = lower @ np.swapaxes(lower, -1, -2) + upper - np.swapaxes(upper, -1, -2) + self.head["alpha"] * np.eye(d)
        free = sums(self.free, x, requr)[-1][..., :d]
        return self.tensors["scale"] * (free - np.einsum("...jk,...k", matrix, q))


FIELDS = {"polynomial": Polynomial, "network": Network, "onsager": Onsager}
