"""The build's look at what is installed: it finds what is wrong, and owns up where it could not look."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

AUDIT = Path(__file__).parent.parent / ".ci/audit"
KNOWN = {"name": "some", "version": "1.0", "vulns": []}
FLAWED = KNOWN | {"vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
UNKNOWN = {"name": "other", "skip_reason": "not found"}


def audit(folder: Path, **answers: list[dict[str, object]]) -> subprocess.CompletedProcess[str]:
    """Run it with sources that answer so; one that is not told of can't be reached."""
    script = folder / "pip-audit"
    told = json.dumps({source: {"dependencies": found} for source, found in answers.items()})
    script.write_text(
        f"#!{sys.executable}\nimport json, sys\ntold = json.loads({told!r})\n"
        "found = told.get(sys.argv[sys.argv.index('--vulnerability-service') + 1])\n"
        "sys.exit('no way there') if found is None else print(json.dumps(found))\n"
    )
    script.chmod(0o755)
    return subprocess.run(
        [AUDIT, script, sys.executable], capture_output=True, text=True, check=False, timeout=60, cwd=folder
    )


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        ({"pypi": [KNOWN, UNKNOWN]}, 0, "1 packages looked up at pypi, 0 with known vulnerabilities"),
        ({"pypi": [KNOWN, FLAWED]}, 1, "some 1.0: PYSEC-1, fixed in 1.1"),
        ({"pypi": [UNKNOWN], "osv": [FLAWED]}, 1, "looked up at osv, 1 with"),
        ({"pypi": [UNKNOWN]}, 0, "NOT DONE, no source of advisories could be reached (pypi: none of 1 packages"),
        ({}, 0, "osv: no way there"),
    ],
)
def test_it_says_what_it_found_and_where_it_looked(
    tmp_path: Path, answers: dict[str, list[dict[str, object]]], code: int, words: str
) -> None:
    ran = audit(tmp_path, **answers)
    assert (ran.returncode, ran.stderr) == (code, ""), ran.stderr
    assert words in ran.stdout
    assert ran.stdout.startswith("AUDIT: everything is bounded, and fits together")
