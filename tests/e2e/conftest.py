from tests.fakes.browser import browser

__all__ = ["browser"]
