"""What the service survives: faults done to it on purpose, with all its real parts, while many jobs are in flight.

`python -m benchmarks.reliability` does them and prints what came of each; the tests in `tests/faults` do the same, with
fewer jobs.
"""
