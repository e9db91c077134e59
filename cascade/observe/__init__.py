"""What a running cascade tells: decisions, signals, audits. One exporter a file."""
