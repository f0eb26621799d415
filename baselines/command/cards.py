"""The method ``command`` for the registry; the code that runs a program is imported only when one is given."""

from benchmark.method import Architecture, Method, MethodCard
from realdof.common.errors import InputError


class CommandFactory:
    """The entry point ``command``; `with_program` sets its program (see ``benchmark.loading.ProgramFactory``)."""

    def __init__(self) -> None:
        self.card = MethodCard(
            "command",
            "External program",
            "single",
            'any program in any environment: --exec "python run.py {input} {output}", or {input_dir} {output_dir}',
        )

    def with_program(self, line: str, name: str | None, timeout: float) -> "ProgramMethod":
        """Return the method that runs this program; tables call it ``command`` unless a name is given."""
        return ProgramMethod(line, name or self.card.name, timeout)

    def load(self, weights: str | None = None) -> Method:
        """Raise `InputError`: no program has been set."""
        raise InputError('command needs --exec, as in --exec "python run.py {input} {output}"')

    def architecture(self) -> Architecture | None:
        """Return None: the program's network is unknown."""
        return None


class ProgramMethod:
    """The method ``command`` with the program that it runs."""

    def __init__(self, line: str, name: str, timeout: float) -> None:
        from baselines.command.program import Program

        self.line = line
        self.program = Program.parse(line, timeout)
        self.card = MethodCard(name, name, self.program.inputs, line)

    def load(self, weights: str | None = None) -> Method:
        """Make the method ready to run.

        Raises
        ------
        InputError
            Weights are given; a program's weights belong in its own command line.
        """
        if weights is not None:
            raise InputError("command takes no --weights; name them in --exec as the program wants it")
        from baselines.command.method import Command, FolderCommand

        return (FolderCommand if self.program.folders else Command)(self.card, self.program, self.line)

    def architecture(self) -> Architecture | None:
        """Return None: the program's network is unknown."""
        return None


command = CommandFactory()
