"""The named sets of a method's weights and their locations; readable without torch."""

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
        Name of the authors' file in ``weights/official`` of the cache; None if they released none.
    source
        Source of that file, as the end of "put FILE ...".
    synthetic
        Path of our weights, if they come with the package.
    instead
        Name of a method with a smaller network whose weights come with the package; empty if there is none.
    url
        URL from which a program can download the authors' file, or the archive with it; empty if there is none.
    archive
        Whether ``url`` is a zip archive.
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
        """The shell command that downloads the authors' file to its place; empty if it cannot be downloaded so."""
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
        """Path at which the authors' file is expected; None if none was released."""
        return None if self.official is None else cache_folder() / "weights" / "official" / self.official

    @property
    def at_hand(self) -> str:
        """``official`` if that file exists, else ``synthetic`` if ours come with the package, else ``official``."""
        path = self.official_path
        there = path is not None and path.is_file()
        return "synthetic" if not there and self.synthetic.is_file() else "official"

    def find(self, name: str) -> Path:
        """Find the file of a set of weights.

        Parameters
        ----------
        name
            ``official``, ``synthetic``, or the path of a file.

        Raises
        ------
        InputError
            The file does not exist; no other set is substituted.
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
