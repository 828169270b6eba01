"""Figures of a run as a page holds them: inside of it."""

import base64
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SIGNATURE, _END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
_PIXELS = 2  # dots of an image for one of the page's: figures have 200 dots per inch, and screens 96


@dataclass(frozen=True)
class Picture:
    """A figure, ready for a page.

    Attributes
    ----------
    name : str
        Its file.
    title, text : str
        First sentence of its caption, and the rest.
    data : str
        The image as a data URI; empty if the folder has lost it.
    width, height : int
        Its size on the page, in pixels of CSS.
    """

    name: str
    title: str
    text: str
    data: str
    width: int = 0
    height: int = 0


def pictures(folder: Path, results: dict[str, Any]) -> list[Picture]:
    """The figures of a finished run.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of the run.
    results : dict
        Its results, whose ``figures`` has a caption for each file; all PNGs of the folder if there is no such entry.

    Raises
    ------
    ValueError
        If a figure is no PNG, or ``figures`` names no files.
    """
    named = results.get("figures")
    if named is None:
        named = {path.name: "" for path in sorted(folder.glob("*.png"))}
    if not isinstance(named, dict) or not all(isinstance(caption, str) for caption in named.values()):
        raise ValueError(f"the results in {folder} are no run's: figures must be file names and captions")
    for name in named:
        if Path(name).name != name or not name.endswith(".png"):
            raise ValueError(f"the results in {folder} are no run's: {name!r} is no figure's file name")
    return [_from_file(folder / name, caption) for name, caption in named.items()]


def _from_file(path: Path, caption: str) -> Picture:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Picture(path.name, *_split(path.name, caption), data="")
    return picture(path.name, content, caption)


def picture(name: str, content: bytes, caption: str) -> Picture:
    """A figure of the bytes of a PNG.

    Raises
    ------
    ValueError
        If they are none, or not all of it.
    """
    if not (content.startswith(_SIGNATURE) and content[12:16] == b"IHDR" and content.endswith(_END)):
        raise ValueError(f"the figure {name} is no PNG, or not all of it")
    width, height = struct.unpack(">II", content[16:24])
    data = "data:image/png;base64," + base64.b64encode(content).decode()
    return Picture(name, *_split(name, caption), data, max(1, width // _PIXELS), max(1, height // _PIXELS))


def _split(name: str, caption: str) -> tuple[str, str]:
    title, _, text = caption.strip().partition(". ")
    return title.rstrip(".") or Path(name).stem.replace("_", " ").capitalize(), text
