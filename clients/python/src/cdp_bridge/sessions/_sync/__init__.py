"""Sessions without asyncio. `http`, `locator`, `page`, `download` and `browser` are written by scripts/generate_sync.py."""
