from collections.abc import Iterator

import pytest

from streams.local.monitoring import Monitoring
from tests.alerts.story import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def monitoring(receiver: Receiver) -> Iterator[Monitoring]:
    with Monitoring(receiver.url) as monitoring:
        yield monitoring
