"""How the tests run: the same examples every time in CI, new ones for who asks for them."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=60,
)
settings.register_profile("exploring", deadline=None, max_examples=400)
settings.load_profile(os.environ.get("LECTERN_TEST_HYPOTHESIS", "repeatable"))
