"""Strategies tried out on recorded draws, in seconds and without a model.

`python -m benchmarks.simulation record RUN` makes a bank of what a `bench --strategy survey` run has drawn;
`python -m benchmarks.simulation curves BANK` plays strategies on it.
"""
