"""Check the shutters, apertures, focal lengths and cameras of scenes that can be built.

The checks use EXIF alone; ``realdof.matching.quality`` judges the images themselves after alignment.
"""

from collections.abc import Iterator, Sequence
from statistics import median

from realdof.captures.scene import CAMERAS, MEMBERS, Complaint, Pair, Scene, same_aperture

SLOWEST_SHUTTER = 1 / 125
"""Longest exposure, s: the paper's limit against motion blur (supplement, section 1)."""

CLOCK_TOLERANCE = 0.5
"""Largest drift between the clocks of two bodies over a day of shooting, s."""

TRIGGER_TOLERANCE = 0.05
"""Largest delay between two shutters opened by a common trigger, s."""

# With fewer scenes than this, the median delay does not estimate the offset of the clocks better than zero does.
_SCENES_FOR_OFFSET = 3
_SAME_SHUTTER = 1.1
_SAME_FOCAL_LENGTH = 1.005
_CHECKED = {
    "time": "time",
    "exposure_time": "shutter time",
    "f_number": "aperture",
    "focal_length": "focal length",
    "body_serial": "body's serial number",
}


def doubts(scenes: Sequence[Scene]) -> list[Complaint]:
    """Return non-fatal complaints about scenes shot with one pair of cameras.

    The clocks of the cameras need not agree: with three or more scenes, their median offset is subtracted.
    """
    pairs = [pair for scene in scenes if scene.rig == "dual" for pair in scene.pairs.values()]
    delays = [delay for pair in pairs if (delay := _delay(pair)) is not None]
    offset = median(delays) if len(scenes) >= _SCENES_FOR_OFFSET and delays else 0.0
    return [Complaint(scene.name, words, fatal=False) for scene in scenes for words in _doubts(scene, offset)]


def _doubts(scene: Scene, offset: float) -> Iterator[str]:
    yield from _unknown(scene)
    if scene.rig == "single":
        yield from _focal_lengths(scene)
        yield from _two_bodies(scene)
        return
    yield from _unsynchronised(scene, offset)
    yield from _shutters(scene)
    yield from _apertures(scene)
    yield from _focal_lengths(scene)
    yield from _bodies(scene)


def _unknown(scene: Scene) -> Iterator[str]:
    captures = scene.captures.values()
    unknown = [words for name, words in _CHECKED.items() if any(getattr(c.exif, name) is None for c in captures)]
    if unknown:
        *others, last = unknown
        told = f"{', '.join(others)} and {last}" if others else last
        yield f"not every file says its {told}, which could therefore not be checked"


def _unsynchronised(scene: Scene, offset: float) -> Iterator[str]:
    delays = {kind: delay for kind, pair in scene.pairs.items() if (delay := _delay(pair)) is not None}
    step = max(c.exif.time_step or 0.0 for c in scene.captures.values())
    late = {kind: delay for kind, delay in delays.items() if abs(delay - offset) > CLOCK_TOLERANCE + step}
    for kind, delay in late.items():
        clocks = f", where the clocks differ by {offset:.3g} s" if offset else ""
        yield f"the {kind} pair's shutters opened {delay:.3g} s apart{clocks}; trigger both cameras at once"
    if not late and len(delays) == 2:
        change = abs(delays["reference"] - delays["target"])
        if change > TRIGGER_TOLERANCE + step:
            yield (
                f"the shutters opened {delays['reference']:.3g} s apart in the reference pair but "
                f"{delays['target']:.3g} s in the target pair; trigger both cameras at once"
            )


def _shutters(scene: Scene) -> Iterator[str]:
    for kind, camera in MEMBERS:
        exposure = scene.captures[kind, camera].exif.exposure_time
        # Cameras write 1/125 s as 0.008, some as 10/1250 or 1/124.
        if exposure is not None and exposure > SLOWEST_SHUTTER * 1.02:
            yield f"{kind}/{camera} was exposed for {_seconds(exposure)}, slower than 1/125 s"
    for kind, pair in scene.pairs.items():
        a, b = pair.a.exif.exposure_time, pair.b.exif.exposure_time
        if a is not None and b is not None and max(a, b) / min(a, b) > _SAME_SHUTTER:
            yield f"the {kind} pair was exposed for {_seconds(a)} in A and {_seconds(b)} in B; use one time"


def _apertures(scene: Scene) -> Iterator[str]:
    a, b = scene.reference.a.exif.f_number, scene.reference.b.exif.f_number
    if a is not None and b is not None and not same_aperture(a, b):
        yield f"the reference pair has F{a:g} in A and F{b:g} in B; use one aperture"
    sharp = scene.target.of(scene.sharp).exif.f_number
    before = scene.reference.of(scene.sharp).exif.f_number
    if sharp is not None and before is not None and not same_aperture(sharp, before):
        yield f"camera {scene.sharp} has F{before:g} in the reference but F{sharp:g} in the target pair"


def _focal_lengths(scene: Scene) -> Iterator[str]:
    lengths = [c.exif.focal_length for c in scene.captures.values() if c.exif.focal_length is not None]
    if lengths and max(lengths) / min(lengths) > _SAME_FOCAL_LENGTH:
        yield f"focal lengths of {min(lengths):g} and {max(lengths):g} mm; use one in all shots"


def _bodies(scene: Scene) -> Iterator[str]:
    serials = {member: capture.exif.body_serial for member, capture in scene.captures.items()}
    for camera in CAMERAS:
        reference, target = serials["reference", camera], serials["target", camera]
        if reference is not None and target is not None and reference != target:
            yield f"camera {camera} is body {reference} in the reference pair but {target} in the target pair"
    for kind in scene.pairs:
        if serials[kind, "A"] is not None and serials[kind, "A"] == serials[kind, "B"]:
            yield f"both shots of the {kind} pair are from body {serials[kind, 'A']}; give one of each camera"


def _two_bodies(scene: Scene) -> Iterator[str]:
    wide, narrow = scene.target.a.exif.body_serial, scene.target.b.exif.body_serial
    if wide is not None and narrow is not None and wide != narrow:
        yield f"the wide shot is from body {wide} and the narrow one from {narrow}; use one camera, or --rig dual"


def _delay(pair: Pair) -> float | None:
    """Return the shutter delay of camera B after camera A by their own clocks, s."""
    a, b = pair.a.exif.clock, pair.b.exif.clock
    return None if a is None or b is None else b - a


def _seconds(exposure: float) -> str:
    return f"1/{1 / exposure:.0f} s" if exposure < 0.4 else f"{exposure:g} s"
