"""PyTorch's side of the benchmarks, as JSON lines on standard input and output (see torch.ts).

Tasks come from the modules peer_*.py beside this file and in the folders named after the number of threads; each has
TASKS, a dictionary from a task's name to a function that takes the parameters (a dictionary) and returns a function that
runs the task once. What that function returns (a list of tensors or numbers) is only read when `values` is asked for; a
function with an attribute `values` gives that.
"""
import glob
import importlib
import json
import os
import sys
import time

import torch

torch.set_num_threads(int(sys.argv[1]))
HERE = os.path.dirname(os.path.abspath(__file__))
TASKS = {}
for folder in [HERE] + sys.argv[2:]:
    sys.path.insert(0, folder)
    for path in sorted(glob.glob(os.path.join(folder, "peer_*.py"))):
        TASKS.update(importlib.import_module(os.path.basename(path)[:-3]).TASKS)

loaded = {}


def answer(question):
    op = question["op"]
    if op == "version":
        return {"version": torch.__version__.split("+")[0]}
    if op == "load":
        handle = len(loaded) + 1
        loaded[handle] = TASKS[question["task"]](question["parameters"])
        return {"handle": handle}
    if op == "free":
        loaded[question["handle"]] = None
        return {}
    once = loaded[question["handle"]]
    if op == "values":
        return {"values": [float(value) for value in getattr(once, "values", once)()]}
    if op == "run":
        samples = []
        for _ in range(question["times"]):
            cpu = time.process_time()
            start = time.perf_counter()
            once()
            samples.append([1e3 * (time.perf_counter() - start), 1e3 * (time.process_time() - cpu)])
        return {"samples": samples}
    raise ValueError(f"unknown question {op}")


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # the other side must hear of it, whatever it was
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
