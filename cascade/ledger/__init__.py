"""What decisions cost: counted by a listener, told by a snapshot, kept by sinks. One sink a file in :mod:`.sinks`."""

from cascade.ledger.listener import Ledger
from cascade.ledger.snapshot import LedgerSnapshot

__all__ = ["Ledger", "LedgerSnapshot"]
