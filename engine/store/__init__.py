"""The durable queue and history of runs: SQLite, one writer. What was accepted is never lost."""
