"""Where the named sets of a method's weights are looked for; readable without torch."""

from dataclasses import dataclass
from pathlib import Path

from realdof.common.errors import InputError
from realdof.common.files import cache_folder


@dataclass(frozen=True)
class WeightSets:
    """The sets of weights that a method knows by name.

    Parameters
    ----------
    method
        The method's name.
    official
        Name of the file that the authors released, in ``weights/official`` of the cache; None if there is none.
    source
        Where that file can be had, as the end of "put FILE ...".
    synthetic
        Where ours are, if they come with the package.
    instead
        Another method, of a smaller network, whose weights come with the package; empty if there is none.
    url
        Where the authors' file, or the archive that it is in, can be fetched without a click; empty if nowhere.
    archive
        Whether it is a zip archive.
    """

    method: str
    official: str | None
    source: str
    synthetic: Path
    instead: str = ""
    url: str = ""
    archive: bool = False

    @property
    def command(self) -> str:
        """The shell command that puts the authors' file where it belongs; empty if it cannot be fetched by one."""
        path = self.official_path
        if path is None or not self.url:
            return ""
        if not self.archive:
            return f'curl -L --create-dirs -o "{path}" "{self.url}"'
        return f'curl -L -o weights.zip "{self.url}" && unzip -j weights.zip -d "{path.parent}"'

    @property
    def ready(self) -> bool:
        """Whether the authors' file or ours is on this machine."""
        path = self.official_path
        return self.synthetic.is_file() or (path is not None and path.is_file())

    @property
    def official_path(self) -> Path | None:
        """Where the authors' file belongs; None if none was released."""
        return None if self.official is None else cache_folder() / "weights" / "official" / self.official

    @property
    def at_hand(self) -> str:
        """``official`` if that file is there, else ``synthetic`` if ours come with the package, else ``official``."""
        path = self.official_path
        there = path is not None and path.is_file()
        return "synthetic" if not there and self.synthetic.is_file() else "official"

    def find(self, name: str) -> Path:
        """The file of a set of weights.

        Parameters
        ----------
        name
            ``official``, ``synthetic``, or the path of a file.

        Raises
        ------
        InputError
            There is no such file; no other set is substituted.
        """
        if name == "official":
            return self._find_official()
        if name == "synthetic":
            if not self.synthetic.is_file():
                raise InputError(
                    f"there are no synthetic weights for {self.method}; name a file with --weights FILE{self._advice}"
                )
            return self.synthetic
        path = Path(name)
        if not path.is_file():
            raise InputError(f"no weights at {name}; --weights takes official, synthetic or the path of a file")
        return path

    def _find_official(self) -> Path:
        path = self.official_path
        if path is None:
            raise InputError(
                f"no weights were released for {self.method}; name a file with --weights FILE{self._advice}"
            )
        if not path.is_file():
            raise InputError(
                f"the released weights of {self.method} are not at {path}: put {self.official} {self.source} there, "
                f"or name a file with --weights FILE{self._advice}"
            )
        return path

    @property
    def _advice(self) -> str:
        if self.synthetic.is_file():
            return ", or use ours with --weights synthetic"
        if self.instead:
            return f", or use --method {self.instead}, a smaller network whose weights come with this package"
        return ""
