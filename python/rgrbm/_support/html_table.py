"""Tables in HTML, as notebooks show them: readable without a style sheet, every text escaped."""

from collections.abc import Sequence
from html import escape

MOST_ROWS = 40


def html_table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a caption; of more than 40 rows the middle is left out.

    Examples
    --------
    >>> from rgrbm._support.html_table import html_table
    >>> print(html_table("x < y", ["observable", "value"], [["J", "0.663(12)"]]))
    <figure style="margin: 0">
    <figcaption>x &lt; y</figcaption>
    <table cellpadding="3">
    <thead><tr><th>observable</th><th>value</th></tr></thead>
    <tbody>
    <tr><th style="text-align: left">J</th><td>0.663(12)</td></tr>
    </tbody>
    </table>
    </figure>
    """
    shown = [_row(cells) for cells in rows]
    if len(shown) > MOST_ROWS:
        half, left_out = MOST_ROWS // 2, len(shown) - MOST_ROWS
        shown[half:-half] = [f'<tr><td colspan="{len(header)}">… {left_out} rows …</td></tr>']
    head = "".join(f"<th>{escape(text)}</th>" for text in header)
    return "\n".join([
        '<figure style="margin: 0">',  # a caption of the table itself would be as narrow as the table
        f"<figcaption>{escape(caption)}</figcaption>",
        '<table cellpadding="3">',
        f"<thead><tr>{head}</tr></thead>",
        "<tbody>",
        *shown,
        "</tbody>",
        "</table>",
        "</figure>",
    ])  # fmt: skip


def _row(cells: Sequence[str]) -> str:
    first, *others = cells
    return (
        f'<tr><th style="text-align: left">{escape(first)}</th>'
        + "".join(f"<td>{escape(text)}</td>" for text in others)
        + "</tr>"
    )
