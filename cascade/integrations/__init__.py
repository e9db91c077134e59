"""One framework a module, each behind its extra; nothing is imported before it is asked for."""
