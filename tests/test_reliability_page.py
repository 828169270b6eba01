"""docs/reliability.md says what was measured."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools" / "reliability"))
from page import page  # noqa: E402

RECORDS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "tools/reliability/measured").glob("*.json")}


def test_the_page_is_that_of_the_measurements():
    assert (ROOT / "docs/reliability.md").read_text() == page(RECORDS)


def test_nothing_was_lost():
    """What is wrong is mended or stands in the page's text as such, never only in a number."""
    assert RECORDS["kills"]["measured"]["kills"] >= 200
    assert RECORDS["kills"]["measured"]["wrong"] == []
    assert len(RECORDS["full_disk"]["measured"]["sizes"]) >= 20
    assert RECORDS["full_disk"]["measured"]["wrong"] == []
    assert RECORDS["fuzz"]["measured"]["findings"] == {}
    assert RECORDS["files"]["measured"]["attempts"] >= 9000
    assert RECORDS["files"]["measured"]["findings"] == {}
