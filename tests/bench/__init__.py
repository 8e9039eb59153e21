"""The benchmarks: what the speed budget promises, measured beside pybotters in one run.

``uv run python -m tests.bench`` prints one table; `docs/benchmarks.md` holds the last one and says how to read it.
"""
