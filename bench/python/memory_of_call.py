"""python3 memory_of_call.py FOLDER: prints by how many bytes the peak of this process grows in one call of PyTorch.

The inputs are there before; a small call has started what starts once.
"""

import re
import resource
import sys

import numpy

import torch_formulas
from contestant import read_case


def peak():
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open("/proc/self/status", encoding="latin1") as file:
        return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]) * 1024


def start_peak():
    """On Linux the kernel's mark of the peak can be put back to what is in use now."""
    if sys.platform == "linux":
        with open("/proc/self/clear_refs", "w", encoding="latin1") as file:
            file.write("5")
    return peak()


def call_with(case, inputs):
    return torch_formulas.contestants(case, inputs, 1)["torch"]


case, inputs = read_case(sys.argv[1])
small = {
    "hidden": inputs["hidden"][:8].copy(),
    "weight": inputs["weight"][:500].copy(),
    "target": numpy.zeros(8, numpy.int32),
}
call_with(case, small)()

run = call_with(case, inputs)
before = start_peak()
run()
print(peak() - before)
