"""The real servers that the tests talk to: Redis, PostgreSQL, daphne, workers, the clock, a browser."""
