# Tries: compute in a pool of processes
# Test: assert f([1, 2, 3]) == [1, 4, 9]
# Expect: passed
# Limits: cpu_s=5 wall_s=20
import multiprocessing


def square(x):
    return x * x


def f(values):
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    worker = context.Process(target=lambda: writer.send([square(value) for value in values]))
    worker.start()
    found = reader.recv()
    worker.join()
    return found
