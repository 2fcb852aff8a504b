"""Fits the tail of the normal quantile that src/random/normal-quantile.ts uses, and prints its coefficients.

The tail function is z(s) = -quantile(s^16) for s from (2^-33)^(1/16) to 0.075^(1/16): the 16th root of the probability is four square
roots, which IEEE 754 makes exact, where a logarithm would differ between platforms in the last bits. z(s) is smooth
there, so a rational function of degree 8 over 8 in t = (s - 0.545) / 0.31 fits it to 6e-12 of its value.
Least squares with reweighting by the last denominator (Sanathanan & Koerner 1963). Needs numpy and scipy.
"""

import numpy as np
from scipy.special import ndtri

DEGREE = 8
low, high = 2.0 ** (-33 / 16) * 0.999, 0.075 ** (1 / 16) * 1.001
centre, half = 0.545, 0.31
nodes = np.cos(np.pi * (np.arange(4000) + 0.5) / 4000)
s = (low + high) / 2 + (high - low) / 2 * nodes
t = (s - centre) / half
z = -ndtri(s**16)
powers = t[:, None] ** np.arange(DEGREE + 1)
weight = 1 / z
for _ in range(12):
    # P(t) - z Q(t) = 0 with Q = 1 + q1 t + ..., weighted by 1 / (z Q_last).
    matrix = np.hstack([powers, -z[:, None] * powers[:, 1:]]) * weight[:, None]
    solution, *_ = np.linalg.lstsq(matrix, z * weight, rcond=None)
    p, q = solution[: DEGREE + 1], np.concatenate([[1], solution[DEGREE + 1 :]])
    weight = 1 / (z * np.abs(powers @ q))
error = np.abs(powers @ p / (powers @ q) / z - 1).max()
print("p =", [float(v) for v in p])
print("q =", [float(v) for v in q])
print("largest relative error", error, "smallest |q|", np.abs(powers @ q).min())
