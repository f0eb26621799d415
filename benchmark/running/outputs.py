"""Find existing outputs to score, pair them with the data set by name, and check their sizes."""

from collections.abc import Mapping
from pathlib import Path

from benchmark import registry
from benchmark.datasets.base import Entry, list_images
from benchmark.results.record import Record
from benchmark.results.run import OUTPUTS, Run
from benchmark.results.storage import DESCRIPTION
from benchmark.running.task import Task
from realdof.common.errors import InputError
from realdof.images.headers import read_header


def outputs_to_score(task: Task, outputs: Path) -> dict[str, Path]:
    """Find the output of each entry in a folder, or in a run's folder, by name.

    Raises
    ------
    InputError
        An image is missing, has no entry, or has another size; or the run is on other data or under another protocol.
    """
    if (outputs / DESCRIPTION).exists():
        ran = Run(outputs).settings
        if (ran.protocol, ran.dataset) != (task.protocol.name, task.dataset.card.name):
            raise InputError(
                f"{outputs} is a run on {ran.dataset} under {ran.protocol}, not on {task.dataset.card.name} "
                f"under {task.protocol.name}; give --dataset {ran.dataset} --protocol {ran.protocol}"
            )
        outputs = outputs / OUTPUTS
    images = list_images(outputs)
    extra = sorted(images.keys() - {entry.name for entry in task.entries})
    paired = paired_outputs(task, images, outputs)
    if extra:
        raise InputError(f"{images[extra[0]]} belongs to no image of {task.dataset.card.name}; remove it")
    return paired


def paired_outputs(task: Task, images: Mapping[str, Path], folder: Path | None = None) -> dict[str, Path]:
    """Pair each entry with its output, by name.

    Parameters
    ----------
    images
        Output files by name.
    folder
        Folder of the outputs, for error messages; None for the folder of each file.

    Raises
    ------
    InputError
        An image is missing or has another size.
    """
    names = [entry.name for entry in task.entries]
    missing = sorted(name for name in names if name not in images or not images[name].is_file())
    if missing:
        place = folder if folder is not None else images[missing[0]].parent
        raise InputError(f"{place} has no image named {missing[0]} ({len(missing)} of {len(names)} are missing)")
    for entry in task.entries:
        _check_size(task, entry, images[entry.name])
    return {name: images[name] for name in sorted(names)}


def check_rescoring(origin: Run, task: Task, records: Mapping[str, Record]) -> None:
    """Refuse to rescore a run's outputs if the result would differ from a run under the task's protocol.

    Raises
    ------
    InputError
        The run is on other images, its protocol reads images differently, the task's protocol does not clip, or an
        image has no result.
    """
    name, settings = task.protocol.name, origin.settings
    if (settings.dataset, settings.images) != (task.dataset.card.name, task.identity):
        raise InputError(
            f"{origin.label} is on other images than {task.dataset.card.name} in {task.dataset.root}; give the --root "
            f"it ran on ({settings.dataset}, {settings.images[:8]})"
        )
    before = registry.find_protocol(settings.protocol)
    if before is None or before.reading != task.protocol.reading:
        raise InputError(
            f"{origin.label} ran under {settings.protocol}, which reads images otherwise than {name}; its outputs "
            f"cannot be scored under {name}, so run the method with --protocol {name}"
        )
    if not task.protocol.clips:
        raise InputError(f"protocol {name} scores what a method returned beyond [0, 1], and saved outputs are clipped")
    missing = {entry.name for entry in task.entries} - records.keys()
    if missing:
        raise InputError(f"{origin.label} has no result for {min(missing)} ({len(missing)} are missing); finish it")


def _check_size(task: Task, entry: Entry, path: Path) -> None:
    found, image = read_header(path), read_header(entry.image)
    fitted = task.protocol.fitted_size(image.height, image.width)
    if (found.height, found.width) not in {fitted, (image.height, image.width)}:
        raise InputError(
            f"{path} is {found.width}x{found.height}; {entry.name} of {task.dataset.card.name} needs "
            f"{image.width}x{image.height}"
        )
