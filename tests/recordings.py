"""The recordings by another hand, which come beside the project and not with it."""

from pathlib import Path

import pytest

RECORDINGS = Path(__file__).parents[2] / "shared" / "data" / "recordings"
needs_recordings = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="../shared/data/recordings is not here")
