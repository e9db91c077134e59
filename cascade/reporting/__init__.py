"""What a campaign cost, told from what sinks kept: one account, one page."""

from cascade.reporting.account import Account, Money, account

__all__ = ["Account", "Money", "account"]
