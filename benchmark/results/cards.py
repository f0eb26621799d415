"""The cards of runs' figures: those of installed metrics, or else those stored in the runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark import registry
from benchmark.metrics.card import MetricCard
from benchmark.metrics.iqa.catalogue import is_installed, is_pyiqa


@dataclass(frozen=True)
class KnownCard:
    """A card, and whether the metric that it describes is installed."""

    card: MetricCard
    installed: bool


def known_cards(protocol: str, scored: Iterable[str], kept: Mapping[str, MetricCard]) -> dict[str, KnownCard]:
    """Find the card of each figure of runs under one protocol, by column.

    Parameters
    ----------
    protocol
        Name of the protocol, which need not be installed.
    scored
        Names of the scores in the runs' records.
    kept
        Cards in the runs' ``run.json``; runs of the first release have none.

    Returns
    -------
    dict
        The protocol's metrics first, then the others by name; scores without any card are left out.
    """
    names = set(scored)
    found_protocol = registry.find_protocol(protocol)
    beside = () if found_protocol is None else found_protocol.beside
    own = {card.name: card for card in beside if card.recorded_as(card.name) in names}
    metrics = () if found_protocol is None else found_protocol.metrics
    found: dict[str, KnownCard] = {}
    for column in dict.fromkeys([*(name for name in metrics if name in names), *own, *sorted(names), *kept]):
        registered = column if found_protocol is None else found_protocol.registered(column)
        installed = own.get(column) or registry.find_metric_card(registered)
        if installed is not None:
            found[column] = KnownCard(installed, True)
        elif column in kept:
            # The stored card is used, because pyiqa takes seconds to import and the card holds the run's facts.
            found[column] = KnownCard(kept[column], is_pyiqa(column) and is_installed())
    return found
