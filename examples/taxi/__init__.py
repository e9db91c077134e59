"""A second trade: taxi rides, with intents, slots and an answer model of their own. See ``docs/taxi.md``."""
