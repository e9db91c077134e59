"""Where the cost of every turn is kept: one kind of file a module, one reader for all of them."""

from cascade.ledger.sinks.jsonl import JsonlSink
from cascade.ledger.sinks.parquet import ParquetSink
from cascade.ledger.sinks.reading import CostReader, read_costs
from cascade.ledger.sinks.sink import Sink
from cascade.ledger.sinks.sqlite import SqliteSink

__all__ = ["CostReader", "JsonlSink", "ParquetSink", "Sink", "SqliteSink", "read_costs"]
