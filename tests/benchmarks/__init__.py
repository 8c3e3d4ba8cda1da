"""The project's benchmarks: `python -m tests.benchmarks` prints every figure of the goals.

They are no tests: a slow machine must not fail them. A figure of speed is a ratio to a bare FastAPI
endpoint measured in the same run, since absolute figures change with the machine and its load.
"""
