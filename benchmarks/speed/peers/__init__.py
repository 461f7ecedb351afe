"""Other harnesses, each run in a process of its own by `python -m benchmarks.speed.peers NAME JOB RESULT`.

They run the programs on this machine with little or no isolation, as they do for their users.
"""
