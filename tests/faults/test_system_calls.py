"""Every call that writes, and some that read, fails or kills the command: nothing is lost, and the next one finishes.

`IFAN_BENCH_HOSTILE=full` tries ten times as many of them.
"""

import errno
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fault_cases import COUNTS, FULL, SEED, Ended, Fault, Host
from scenarios import SCENARIOS, Scenario, hashes, unchanged

pytestmark = pytest.mark.slow
CASES = 60 if FULL else 6
"""Faults of each command."""
KINDS: dict[str, Fault] = {
    "a disk that is full": Fault(0, "from then on", error=errno.ENOSPC),
    "a disk that becomes read-only": Fault(0, "from then on", error=errno.EROFS),
    "one write that fails": Fault(0, "once", error=errno.EIO),
    "one write that is refused": Fault(0, "once", error=errno.EACCES),
    "SIGKILL before a write": Fault(0, "kill before"),
    "SIGKILL within a write": Fault(0, "kill halfway"),
    "one read that fails": Fault(0, "once", "reads", errno.EIO),
    "reads that fail": Fault(0, "from then on", "reads", errno.ESTALE),
    "SIGKILL before a read": Fault(0, "kill before", "reads"),
}


def chosen(calls: dict[str, int], name: str) -> Iterator[tuple[str, Fault]]:
    """Faults of every kind, at calls that a seed draws."""
    draw = random.Random(f"{SEED} {name}")
    possible = {kind: list(range(1, calls[fault.kind] + 1)) for kind, fault in KINDS.items()}
    for places in possible.values():
        draw.shuffle(places)
    kinds = list(KINDS)
    draw.shuffle(kinds)
    for number in range(CASES):
        kind = kinds[number % len(kinds)]
        if possible[kind]:
            yield kind, replace(KINDS[kind], at=possible[kind].pop())


def copied(template: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)


def check_words(ended: Ended, fault: Fault, goes_on: bool) -> None:
    """One sentence with status 2, none with 0 or 1, or the death that was asked for."""
    assert not ended.hung, ended.said
    assert "Traceback" not in ended.said, ended.said
    # A command that beats or waits makes a call more or less from time to time: the last ones may not come.
    if fault.manner.startswith("kill") and ended.calls >= fault.at:
        assert ended.status == -9, (ended.status, ended.said)
        return
    assert ended.status in (0, 1, 2), (ended.status, ended.said)
    if goes_on and ended.status == 2 and not ended.refusals:
        assert " is left out: " in ended.said, ended.said
        return
    assert len(ended.refusals) == (ended.status == 2), (ended.status, ended.said)
    assert all(len(sentence) < 1300 for sentence in ended.refusals)


def whole(scenario: Scenario, folder: Path, undisturbed: dict[str, str]) -> None:
    """Every file of the results is one that an undisturbed command writes, whole."""
    for place, digest in hashes(folder, *scenario.products).items():
        if not any(part.startswith(".") for part in Path(place).parts):
            assert undisturbed.get(place) == digest, f"{place} is not as an undisturbed command writes it"


@pytest.mark.parametrize("name", SCENARIOS)
def test_whatever_call_fails_nothing_is_lost_and_the_next_command_finishes(
    name: str, host: Host, tmp_path: Path
) -> None:
    scenario = SCENARIOS[name]
    folder, template = tmp_path / "w", tmp_path / "template"
    folder.mkdir()
    scenario.prepare(folder, host)
    folder.rename(template)
    calls = {}
    for kind in ("changes", "reads"):
        copied(template, folder)
        ended = host(folder, scenario.words(folder), Fault(0, "count", kind), before=scenario.before)
        assert ended.status == 0, ended.said
        calls[kind] = ended.calls
    figures, products = scenario.figures(folder), hashes(folder, *scenario.products) if scenario.products else {}
    copied(template, folder)
    inputs, kept = unchanged(folder, scenario.inputs), scenario.kept(folder)
    problems = []
    for kind, fault in chosen(calls, name):
        copied(template, folder)
        ended = host(folder, scenario.words(folder), fault, before=scenario.before)
        COUNTS[kind] += 1
        try:
            check_words(ended, fault, scenario.goes_on)
            assert unchanged(folder, scenario.inputs) == inputs, "an input was changed"
            assert kept <= scenario.kept(folder), "finished work was lost"
            lacking = fault.kind == "reads" and scenario.lacking(folder)
            if scenario.products and not lacking:
                whole(scenario, folder, products)
            if ended.status == 0 and scenario.claims:
                assert hashes(folder, *scenario.products) == products, "status 0, but other products"
            elif ended.status == 0 and not lacking:
                assert scenario.figures(folder) == figures, "status 0, but other figures"
            again = host(folder, scenario.words(folder), before=scenario.before)
            assert again.status == 0, again.said
            assert scenario.figures(folder) == figures, "other figures after the next command"
        except AssertionError as problem:
            problems.append(f"{name}: {kind}, call {fault.at} of {calls[fault.kind]}: {problem}")
    assert not problems, f"{len(problems)} of {CASES}:\n" + "\n\n".join(problems)
