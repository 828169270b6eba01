"""The README's snippet, word for word."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_snippet_finds_the_renormalized_coupling(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names = {}
    exec(code, names)
    result = names["correlation"]
    assert abs(result.J - names["J_exact"]) < 3 * result.J_stderr
    assert result.J_stderr < 0.02
    assert "exactly 0.6625" in capsys.readouterr().out


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)", README.read_text(encoding="utf-8")):
        assert (README.parent / target).exists(), target
