"""A connection to the broker that goes dead without being closed, as behind a firewall."""

from pathlib import Path

from lab import Lab, closing
from silent_proxy import SilentProxy
from waiting import wait_until


def test_a_connection_that_went_silent_is_found_out(broker_url: str, tmp_path: Path) -> None:
    start, _, port = broker_url.removesuffix("/0").rpartition(":")
    proxy = SilentProxy(int(port))
    how = {"worker_broker_url": f"{start}:{proxy.port}/0", "health_check_interval": 1}
    ours = Lab("watchful", broker_url, tmp_path, **how, socket_timeout=1)
    deaf = Lab("deaf", broker_url, tmp_path, **how, without=["socket_timeout"])

    def takes_work() -> bool:
        """Asks again each time, as the ledger does: what a connection was handed while others were
        still to be found dead is lost with it."""
        for lab in (ours, deaf):
            lab.send("nap", 0, lab.diary("after"))
        return bool(ours.words("after"))

    try:
        with closing(ours, deaf):
            for lab in (ours, deaf):
                lab.nap("before", 0)
                wait_until(lab.is_idle)
            proxy.fall_silent()
            wait_until(lambda: "dropping stale connection" in ours.log.read_text())

            wait_until(takes_work)

            assert deaf.words("after") == []
    finally:
        proxy.close()
