"""A connection to the broker that goes dead without being closed, as behind a firewall."""

from pathlib import Path

import pytest
from lab import Lab, closing
from silent_proxy import SilentProxy
from waiting import wait_until


# It passed with two queues and has failed in each run since there are three; why is not known yet.
@pytest.mark.xfail(strict=False, reason="under examination since the queue of matches came")
def test_a_connection_that_went_silent_is_found_out(broker_url: str, tmp_path: Path) -> None:
    start, _, port = broker_url.removesuffix("/0").rpartition(":")
    proxy = SilentProxy(int(port))
    through = {"worker_broker_url": f"{start}:{proxy.port}/0"}
    waits = {"health_check_interval": 1, "socket_timeout": 1}
    ours = Lab("watchful", broker_url, tmp_path, **through, **waits)
    deaf = Lab("deaf", broker_url, tmp_path, **through, without=["socket_timeout"])
    try:
        with closing(ours, deaf):
            for lab in (ours, deaf):
                lab.nap("before", 0)
                wait_until(lab.is_idle)

            proxy.fall_silent()
            wait_until(lambda: "dropping stale connection" in ours.log.read_text())
            for lab in (ours, deaf):
                lab.send("nap", 0, lab.diary("after"))

            wait_until(lambda: ours.words("after"))
            assert deaf.waiting() == 1
    finally:
        proxy.close()
