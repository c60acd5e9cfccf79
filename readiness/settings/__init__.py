"""Settings of a stack: model, files, validation. `from_engine.py` alone reads the engine's configuration."""
