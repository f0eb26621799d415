"""The mutants: which there are, a sample of them, and the changed source of each."""

import ast
import random
from functools import cache
from pathlib import Path
from types import CodeType

from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

PACKAGES = (
    "benchmark/metrics", "benchmark/metrics/lpips", "benchmark/protocols", "benchmark/results",
    "benchmark/leaderboards", "realdof/alignment",
)  # fmt: skip
# Bits and identities among numbers, and exchanged names, mostly give what fails at once or means the same.
_ARITHMETIC = {"Add", "Sub", "Mul", "Div", "FloorDiv"}
_ORDER = {"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"}
_OTHERS = {
    "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer", "ZeroIterationForLoop",
    "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub", "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is",
}  # fmt: skip

Mutant = tuple[str, str, int]
"""Module's path from the root, operator, number of its occurrence."""


def draw(count: int, seed: int) -> list[Mutant]:
    """A sample of all mutants, the same for the same source and seed."""
    every = [
        (str(path), name, occurrence)
        for package in PACKAGES
        for path in sorted(Path(package).glob("*.py"))
        for name in operators()
        for occurrence in range(occurrences(path, name))
    ]
    return random.Random(seed).sample(every, min(count, len(every)))


def operators() -> list[str]:
    """Those of cosmic-ray that make sense for numbers."""

    def is_wanted(name: str) -> bool:
        kind, *exchanged = name.partition("/")[2].split("_")
        among = {"ReplaceBinaryOperator": _ARITHMETIC, "ReplaceComparisonOperator": _ORDER}.get(kind, set())
        return name.partition("/")[2] in _OTHERS or (len(exchanged) == 2 and set(exchanged) <= among)

    return sorted(filter(is_wanted, operator_names()))


def occurrences(path: Path, name: str) -> int:
    """How many mutants an operator makes of a module."""
    operator = get_operator(name)()
    return sum(len(list(operator.mutation_positions(node))) for node in _nodes(path))


@cache
def _nodes(path: Path) -> list[object]:
    found = [get_ast(path.read_text())]
    for node in found:
        found += getattr(node, "children", ())
    return found


@cache
def source_of(mutant: Mutant) -> str:
    """The module's source with the one change."""
    path, name, occurrence = mutant
    changed = mutate_code(Path(path).read_text(), get_operator(name)(), occurrence)
    assert changed is not None, mutant
    return changed


def line_of(path: str, source: str) -> int:
    """The number of the line that is changed."""
    before, after = Path(path).read_text().splitlines(), source.splitlines()
    return next(number for number, (old, new) in enumerate(zip(before, after, strict=False), 1) if old != new)


def change_of(path: str, source: str) -> str:
    """The line that is changed, before and after."""
    number = line_of(path, source)
    before, after = Path(path).read_text().splitlines(), source.splitlines()
    return f"{number}: {before[number - 1].strip()}  ->  {after[number - 1].strip()}"


def statement_at(path: str, number: int) -> tuple[range, range]:
    """The lines of the statement that a line belongs to, without its body, and of the function around it."""
    statement, function = range(number, number + 1), range(number, number + 1)
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.stmt) and node.lineno <= number <= (node.end_lineno or node.lineno):
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if isinstance(body, list) else node.end_lineno
            if number <= max(end or 0, node.lineno):
                statement = range(node.lineno, max(end or 0, node.lineno) + 1)
            if isinstance(node, ast.FunctionDef):
                function = range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return statement, function


@cache
def changed_functions(path: str, source: str) -> list[tuple[CodeType, CodeType]] | None:
    """The code of each function that differs, before and after; None if what runs at the import differs."""
    file = str(Path(path).resolve())
    pairs: list[tuple[CodeType, CodeType]] = []
    old, new = (compile(text, file, "exec") for text in (Path(path).read_text(), source))
    return pairs if _differing(old, new, False, pairs) else None


def _differing(old: CodeType, new: CodeType, is_function: bool, pairs: list[tuple[CodeType, CodeType]]) -> bool:
    if old == new:
        return True
    if is_function:
        pairs.append((old, new))
    olds, news = ([const for const in code.co_consts if isinstance(const, CodeType)] for code in (old, new))
    if len(olds) != len(news):
        return is_function
    inside = [_differing(*both, bool(both[0].co_flags & 2), pairs) for both in zip(olds, news, strict=True)]
    # CO_NEWLOCALS, 2, is set for functions and not for modules and classes, whose own code runs at the import.
    return is_function or (all(inside) and _own(old) == _own(new))


def _own(code: CodeType) -> tuple[object, ...]:
    others = [(type(const), const) for const in code.co_consts if not isinstance(const, CodeType)]
    return code.co_code, others, code.co_names
