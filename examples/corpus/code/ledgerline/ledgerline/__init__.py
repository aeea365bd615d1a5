"""Invoices in, balanced books out."""

from ledgerline.invoice import Invoice, InvoiceLine, post_invoice, post_payment
from ledgerline.journal import Entry, Journal, Posting
from ledgerline.money import Money

__all__ = ["Entry", "Invoice", "InvoiceLine", "Journal", "Money", "Posting", "post_invoice", "post_payment"]
