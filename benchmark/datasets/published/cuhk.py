"""Data set `cuhk`: 704 defocused photographs without ground truth, for visual comparison and timing."""

from benchmark.datasets.base import Dataset, Entry, list_images
from benchmark.datasets.card import Archive, DatasetCard
from benchmark.datasets.get.archive import Limits
from benchmark.datasets.layout import check_count, find_images


class CUHK(Dataset):
    """One folder of JPEG files without all-in-focus images, so nothing can be scored."""

    card = DatasetCard(
        name="cuhk",
        title="CUHK",
        summary="704 photographs of the web with real defocus; no ground truth: pictures and time only",
        licence="not verified here; ask its authors before you pass images on",
        citation="Shi, Xu and Jia, Discriminative Blur Detection Features, CVPR 2014",
        count=704,
        layout="one folder of *.jpg",
        size="about 640x480, 8-bit JPEG",
        notes=("Neither the link, nor the folders inside the archive, nor its size could be verified here.",),
        archive=Archive(
            "CUHK.zip",
            ("https://www.dropbox.com/s/zxjhzuxsxh4v0cv/CUHK.zip?dl=1",),
            Limits(bytes=2 * 10**9, files=5_000),
        ),
        group="without all-in-focus images",
    )

    def entries(self) -> list[Entry]:
        """Return the images by name."""
        folder = find_images(self.root, self.card.title)
        images = list_images(folder)
        check_count(images, self.card.count or 0, self.card.title, folder)
        return [Entry(name, path) for name, path in images.items()]
