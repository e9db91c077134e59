"""Chat models behind one protocol: one server family a file."""
