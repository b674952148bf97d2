"""Sessions without asyncio: all but `transport` and `keeper` is written by
scripts/generate_sync.py.
"""
