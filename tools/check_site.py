"""Check a built documentation site: ``python tools/check_site.py docs/_build``.

Pages must load nothing from the network (links that a reader follows are fine), every link inside the site must lead to
a file and an anchor that exist, and no label of a reference may be left as numpydoc writes it, as in [Rb2814-1].
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

REMOTE = re.compile(r"(https?:)?//")
REMOTE_STYLE = re.compile(r"""(?:@import\s+|url\()\s*["']?(?:https?:)?//[^"')\s]*""")
RAW_LABEL = re.compile(r"\[R[0-9a-f]{8,}-[^]]*\]")


class Page(HTMLParser):
    """What a page loads, where it links to, its anchors and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the addresses and the anchor of an element."""
        values = {name: value for name, value in attrs if value}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a":
            self.links += [values["href"]] if "href" in values else []
        else:
            self.loads += [values[name] for name in ("src", "href", "data", "poster") if name in values]

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


def problems(site: Path) -> list[str]:
    """Each problem of the site in a line."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    if not pages:
        raise SystemExit(f"no pages in {site}: build the site first")
    lines = []
    for path, page in sorted(pages.items()):
        name = path.relative_to(site)
        lines += [f"{name} loads {address} from the network" for address in page.loads if REMOTE.match(address)]
        lines += [f"{name} shows the raw label {label}" for label in RAW_LABEL.findall(page.text)]
        for link in page.links:
            file, anchor = (unquote(part) for part in urldefrag(link))
            if REMOTE.match(file) or file.startswith("mailto:"):
                continue
            target = (path.parent / file).resolve() if file else path
            if not target.exists():
                lines.append(f"{name} links to {link}: no such file")
            elif anchor and target in pages and anchor not in pages[target].anchors:
                lines.append(f"{name} links to {link}: no such anchor")
    for style in [*site.rglob("*.css"), *pages]:
        text = style.read_text(encoding="utf-8")
        lines += [f"{style.relative_to(site)} loads {match}" for match in REMOTE_STYLE.findall(text)]
    return lines


if __name__ == "__main__":
    failures = problems(Path(sys.argv[1]).resolve())
    print(*failures, sep="\n")
    raise SystemExit(bool(failures))
