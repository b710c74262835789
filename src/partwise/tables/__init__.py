"""Tables as people and programs write them, read on DuckDB."""
