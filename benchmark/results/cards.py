"""The cards of runs' figures: those of what is installed, or else those that the runs themselves keep."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark import registry
from benchmark.metrics.card import MetricCard
from benchmark.metrics.iqa.catalogue import is_installed, is_pyiqa


@dataclass(frozen=True)
class KnownCard:
    """A card, and whether what it describes is installed here."""

    card: MetricCard
    installed: bool


def known_cards(protocol: str, scored: Iterable[str], kept: Mapping[str, MetricCard]) -> dict[str, KnownCard]:
    """The card of each figure of runs under one protocol, by column.

    Parameters
    ----------
    protocol
        Its name; it may be one that is not installed.
    scored
        Names of the scores in the runs' records.
    kept
        Cards in the runs' ``run.json``; runs of the first release have none.

    Returns
    -------
    dict
        The protocol's metrics first, then the others by name; scores that nothing describes are left out.
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
            # pyiqa takes seconds to import, and its cards hold the facts of the run.
            found[column] = KnownCard(kept[column], is_pyiqa(column) and is_installed())
    return found
