"""What a site says gets through a cut line and a publisher that is killed again and again."""

from pathlib import Path

import pytest

from streams.local.kafka import Cluster
from tests.sites.line import cut


@pytest.mark.usefixtures("site_gate")
def test_nothing_is_lost_or_twice_after_a_cut_line_and_five_kills(site_cluster: Cluster, tmp_path: Path) -> None:
    report = cut(site_cluster, tmp_path, seconds=9, rate=200, kills=5)
    assert (report.lost, report.twice, report.disordered) == (0, 0, [])
    assert report.sent == 2600
    assert 100_000 < report.most_disk < 16 << 20
