"""What runs inside the box: a supervisor, a trusted process with the tests, and the candidate, never in one process.

The folder is bind-mounted alone and started as `python -I -S -B <folder>/main.py`. It must import nothing but the
standard library, not even `sandbox.types`.
"""
