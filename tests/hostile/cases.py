"""How many cases are tried: a tenth, with a kept seed, unless `IFAN_BENCH_HOSTILE=full` asks for all."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings

FULL = os.environ.get("IFAN_BENCH_HOSTILE") == "full"
SEED = int(os.environ.get("IFAN_BENCH_HOSTILE_SEED", "16"))


def cases(full: int) -> Callable[[Any], Any]:
    """Try so many cases, or a tenth of them; the same ones each time."""
    chosen = settings(
        max_examples=full if FULL else full // 10,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        # A case of a results folder takes a second: the first failure is reported as it is.
        phases=(Phase.explicit, Phase.generate),
        report_multiple_bugs=False,
    )
    return lambda test: seed(SEED)(chosen(test))
