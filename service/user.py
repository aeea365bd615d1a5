"""Who runs this process."""

from __future__ import annotations

import getpass
import socket


def current_user() -> str:
    """``user@machine``, for the audit log."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):  # an account without a name, as containers have
        name = "unknown"
    return f"{name}@{socket.gethostname()}"
