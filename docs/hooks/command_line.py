"""Writes the reference of the command lines while the site is built, one page an app, from the Typer apps themselves.

mkdocs-click cannot do it: it looks for Click's classes, and Typer brings classes of its own.
"""

import re
from collections.abc import Iterator
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import benchmark.commands.app
import ifan.cli.app
import realdof.cli

APPS = {"ifan-bench": benchmark.commands.app.app, "ifan": ifan.cli.app.app, "realdof": realdof.cli.app}
FOLDER = "reference/cli"


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the generated pages to those in the folder."""
    for name, app in APPS.items():
        files.append(File.generated(config, f"{FOLDER}/{name}.md", content=page(name, app)))
    return files


def page(name: str, app: typer.Typer) -> str:
    """The page of one app as Markdown."""
    root = typer.main.get_command(app)
    commands = list(walk(name, root))
    links = [f"[`{path.partition(' ')[2]}`](#{anchor(path)})" for path, _ in commands]
    listed = [f"| {link} | {first_sentence(command)} |" for link, (_, command) in zip(links, commands, strict=True)]
    parts = [
        f"# `{name}`",
        f"```text\n{name} --help\n```",
        *paragraphs(root.help),
        "\n".join(["| command | what it does |", "| --- | --- |", *listed]),
    ]
    for path, command in commands:
        parts += section(path, command)
    return "\n\n".join(parts) + "\n"


def walk(path: str, group: Any) -> Iterator[tuple[str, Any]]:
    """Every command below a group with the words that call it; a group that does something itself comes first."""
    for name, command in group.commands.items():
        if command.hidden:
            continue
        words = f"{path} {name}"
        if hasattr(command, "commands"):
            if command.invoke_without_command:
                yield words, command
            yield from walk(words, command)
        else:
            yield words, command


def section(path: str, command: Any) -> Iterator[str]:
    """Heading, description, usage, arguments and options of a command."""
    context = command.make_context(path, [], resilient_parsing=True)
    yield f"## `{path}` {{ #{anchor(path)} }}"
    yield from paragraphs(command.help)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    example = re.sub(r"^Example: ", "", command.epilog or "")
    yield f"```text\n{usage}\n```"
    if example:
        yield f"For example:\n\n```text\n{example}\n```"
    records = [parameter.get_help_record(context) for parameter in command.params]
    entries = [entry(*record) for record in records if record is not None and not record[0].startswith("--help")]
    if entries:
        yield "\n\n".join(entries)


def entry(names: str, text: str) -> str:
    """One argument or option as an entry of a definition list, from what ``--help`` says of it."""
    words, _, facts = text.partition("  [")
    meaning = " ".join(filter(None, [escaped(" ".join(words.split())), f"*{escaped(facts[:-1])}*" if facts else ""]))
    return f"`{names}`\n:   {meaning or '&nbsp;'}"


def first_sentence(command: Any) -> str:
    """What a table says of a command."""
    text = " ".join((command.help or "").split("\n\n")[0].split())
    return escaped(re.split(r"(?<=[.:;]) ", text)[0].rstrip(".:;")).replace("|", r"\|")


def paragraphs(text: str | None) -> list[str]:
    """A docstring's paragraphs, without its sections of parameters, each on one line."""
    found = re.split(r"\n\s*\n", (text or "").partition("\f")[0])
    return [escaped(" ".join(part.split())) for part in found if part.strip()]


def escaped(text: str) -> str:
    """Words of a help text as Markdown: options become code, backticks stay, other signs lose their meaning."""
    text = re.sub(r"(?<![\w`-])(--[a-z][\w-]*)(?!`)", r"`\1`", text)
    parts = re.split(r"(`+[^`]+`+)", text)
    return "".join(part if at % 2 else re.sub(r"([*_<\[\]])", r"\\\1", part) for at, part in enumerate(parts))


def anchor(path: str) -> str:
    """The name that links to a command's section use: ``ifan-bench data get`` is ``data-get``."""
    return "-".join(path.split()[1:])
