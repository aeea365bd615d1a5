"""Everything that ledgerline raises on purpose."""


class LedgerError(Exception):
    """The root of the tree."""


class CurrencyMismatch(LedgerError):
    """Two amounts of different currencies met."""


class UnbalancedEntry(LedgerError):
    """The postings of an entry do not add up to zero."""


class StaleRate(LedgerError):
    """The exchange rate is missing or older than the limit."""


class BrokenChain(LedgerError):
    """A line of the book was altered, removed or moved."""


class TemporaryFailure(LedgerError):
    """The other side may answer later; ``retry.call`` tries again."""
