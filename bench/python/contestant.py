"""One case of the benchmark in Python, for as long as it is measured.

    python3 contestant.py FOLDER THREADS

FOLDER holds case.json and the inputs, NAME.bin each. Requests come one a line, and each is answered by one line of JSON:

    names               the contestants there are: ["torch", "numpy"]
    results NAME        {"loss": 1, ...}: how many numbers each result has; they are written to KEY.out as float64
    time NAME CALLS     the nanoseconds that so many calls took

The clock runs here, so the way between the processes is not counted.
"""

import json
import os
import sys
import time

import numpy

import numpy_formulas
import torch_formulas

NUMBERS = {"float32": numpy.float32, "float64": numpy.float64, "int32": numpy.int32}


def read_case(folder):
    with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:
        case = json.load(file)
    inputs = {}
    for name, tensor in case["inputs"].items():
        numbers = numpy.fromfile(os.path.join(folder, name + ".bin"), NUMBERS[tensor["type"]])
        inputs[name] = numbers.reshape(tensor["dims"])
    return case, inputs


def write_results(folder, results):
    lengths = {}
    for name, result in results.items():
        numbers = numpy.asarray(result.detach() if hasattr(result, "detach") else result, numpy.float64)
        numbers.tofile(os.path.join(folder, name + ".out"))
        lengths[name] = numbers.size
    return lengths


def time_calls(run, calls):
    start = time.perf_counter_ns()
    for _ in range(calls):
        run()
    return time.perf_counter_ns() - start


def main(folder, threads):
    case, inputs = read_case(folder)
    # NumPy itself has one thread only, outside its matrix products.
    contestants = torch_formulas.contestants(case, inputs, threads)
    if threads == 1 or case["operation"] == "linearCrossEntropy":
        contestants.update(numpy_formulas.contestants(case, inputs))
    for line in sys.stdin:
        request, *words = line.rstrip("\n").split("\t")
        if request == "names":
            answer = list(contestants)
        elif request == "results":
            answer = write_results(folder, contestants[words[0]]())
        else:
            answer = time_calls(contestants[words[0]], int(words[1]))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
