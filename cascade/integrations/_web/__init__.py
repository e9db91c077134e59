"""The parts of the HTTP service: requests, problems, keys, figures, the label queue, workers, the console."""
