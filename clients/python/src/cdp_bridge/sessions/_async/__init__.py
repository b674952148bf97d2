"""Sessions with asyncio."""
