"""What ``--help`` prints: plain text, because loading Rich's help would nearly double the command's time."""

from typing import Any

from typer.core import TyperGroup


class GroupedCommands(TyperGroup):
    """A command line whose help lists its commands under their ``rich_help_panel``, with their whole first sentence."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each group, in the order in which its first command was added."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                group = getattr(command, "rich_help_panel", None)
                rows = groups.setdefault(group if isinstance(group, str) else "Commands", [])
                rows.append((name, command.get_short_help_str(limit=1000)))
        for group, rows in groups.items():
            with formatter.section(group):
                formatter.write_dl(rows)


def example(command: str) -> str:
    """Return a command as the last line of its help, which no terminal breaks in two, so that it can be copied."""
    return f"\b\nExample: {command}"
