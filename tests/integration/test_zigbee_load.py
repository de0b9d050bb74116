"""Reports as fast as a radio without a limit of baud can give them: none is lost and none comes twice. Where the broker
does not keep up they wait in the ledger and come after newer ones."""
import os

import pytest

from ward.base import wait_until
from ward.zigbee_hall import Hall

DEVICES, REPORTS = 40, 20000
LINE = 190   # bytes of the simulator's log, at most


@pytest.mark.slow
@pytest.mark.parametrize("version", [13, 14])
def test_twenty_thousand_reports(ward, version):
    """From the moment on when the network is up, which is after that of the radio. Only one run of the radio reports:
    devices that begin to count their messages anew may say by chance what they have just said."""
    hall = Hall(ward, devices={f"tag{i}": {"Kind": "temperature", "Interval": "1h", "Poll": "20ms",
                                           "Reporting": "always"} for i in range(DEVICES)},
                radio={"Queue": "1000", "Overflow": "wait"}, options=("--version", str(version)), join=False)
    hall.let_in()
    wait_until(lambda: hall.daemon.count_log("a device is set up") == DEVICES, "all to be set up", 120, 0.1)
    hall.mesh.stop()
    hall.mesh.options = ("--version", str(version), "--rate", "1000000")
    hall.mesh.start()
    log = hall.mesh.logs[-1]   # a line for each that was sent, and one when it is acknowledged
    wait_until(lambda: os.path.getsize(log) > 2 * REPORTS * LINE, lambda: f"{os.path.getsize(log)} bytes", 120, 0.02)
    hall.mesh.stop()
    sent = sum(v["acknowledged"] for v in hall.mesh.values())
    wait_until(lambda: len(hall.sub.messages) >= sent, lambda: f"{sent} readings, not {len(hall.sub.messages)}", 120,
               0.1)
    hall.judge(least=REPORTS, ordered=False)
