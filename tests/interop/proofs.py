"""What another host than ours proves of `wardsim zigbee`, and what passes between it and wardgated. Each proof
gets a world (tests/integration/ward) and the directory of the packages, and returns a sentence with its figures."""
import json
import os
import re

from herdsman import Herdsman, Failed, address, judged
from ward.base import wait_until

PROOFS = []
VERSIONS = (13, 14, 15, 16, 17, 18, 19)     # those that herdsman's adapter speaks
ROOM, DOOR, CALL, PLUG = (f"A4:C1:38:00:00:00:00:{n:02X}" for n in range(1, 5))
BITE = {"When": "command", "Command": "0x0111", "Nth": "2", "Do": "reset", "Amount": "0x03"}  # a watchdog
CODE = "83FED3407A939723A5C639B26916D505C3B5"


def scanned(eui):
    """As a label's square of dots says it."""
    return f"{eui.replace(':', '')}|{CODE}"


def proof(title):
    def keep(fn):
        PROOFS.append((title, fn))
        return fn
    return keep


def quick(kind, eui, **more):
    return {"Kind": kind, "EUI64": eui, "Interval": "300ms", "Poll": "20ms", "FastPoll": "10min", **more}


def four():
    return {"room": quick("climate", ROOM), "door": quick("contact", DOOR), "call": quick("button", CALL),
            "plug": quick("plug", PLUG)}


class Run:
    """A simulator and a herdsman on it."""

    def __init__(self, world, modules, devices, network=None, **kwargs):
        self.world, self.modules, self.network = world, modules, network
        self.mesh = world.mesh(devices, **kwargs)
        self.directory = world._sub("h")
        self.windows = []       # lines of the simulator's log while herdsman listens
        self.herdsman = self.other()

    def other(self, directory=None):
        """A process anew, by default with what the last one left behind."""
        self.herdsman = self.world.keep(Herdsman(self.modules, directory or self.directory, self.mesh.link))
        return self.herdsman

    def begin(self, wanted, **kwargs):
        got = self.herdsman.start(self.network, **kwargs)
        assert got["result"] == wanted, f"the network was {got['result']}, not {wanted}"
        self.windows.append([len(self.mesh.lines()), 1 << 40])
        return got

    def leave(self):
        """Herdsman stops; what comes meanwhile it acknowledges and throws away."""
        self.windows[-1][1] = min(self.windows[-1][1], len(self.mesh.lines()))
        self.herdsman.ask("stop")

    def settle(self, least=1):
        """All that was acknowledged to a herdsman that listened has been decoded with its value."""
        self.windows[-1][1] = min(self.windows[-1][1], len(self.mesh.lines()))
        wait_until(lambda: not self.judged()[0], lambda: f"what was sent: {self.judged()[0]}")
        count = self.judged()[1]
        assert count >= least, f"only {count} reports were sent"
        return count

    def judged(self):
        return judged(self.mesh, self.herdsman.messages(), self.windows)

    def join(self, *names):
        names = names or tuple(self.mesh.devices)
        start = len(self.herdsman.said)
        self.herdsman.ask("permit", seconds=200)
        return self.herdsman.interviewed([self.mesh.devices[n]["EUI64"] for n in names], start)

    def ask(self, do, name, **order):
        return self.herdsman.ask(do, ieee=address(self.mesh.devices[name]["EUI64"]), **order)

    def report(self, name, cluster, *attributes, change=1, most=60):
        self.ask("bind", name, cluster=cluster)
        self.ask("configure", name, cluster=cluster, items=[
            {"attribute": a, "minimumReportInterval": 0, "maximumReportInterval": most, "reportableChange": change}
            for a in attributes])

    def reports(self, name, cluster, count=3):
        """So many more of them."""
        ieee = address(self.mesh.devices[name]["EUI64"])
        start = len(self.herdsman.said)

        def more():
            return [m for m in self.herdsman.messages(start)
                    if m["ieee"] == ieee and m["cluster"] == cluster and m["type"] == "attributeReport"]
        wait_until(lambda: len(more()) >= count, lambda: f"{count} reports of {name}", 90)
        return more()

    def quiet(self):
        """Herdsman had nothing to complain of, and the simulator knew every command."""
        bad = [line for line in self.herdsman.errors_logged()]
        assert not bad, bad
        unknown = self.mesh.events("invalid-command")
        assert not unknown, f"commands that the simulator did not know: {unknown}"


def whole_life(world, modules, version):
    run = Run(world, modules, four(), radio={"Version": str(version)}, events=[BITE])
    got = run.begin("reset")
    assert got["version"]["meta"]["ezsp"] == version, got
    devices = run.join()
    for name, model in (("room", "ws-climate"), ("door", "ws-contact"), ("call", "ws-button"), ("plug", "ws-plug")):
        d = devices[address(run.mesh.devices[name]["EUI64"])]
        assert (d["maker"], d["model"], d["interview"]) == ("wardsim", model, "SUCCESSFUL"), d
    assert devices[address(PLUG)]["type"] == "Router" and devices[address(ROOM)]["type"] == "EndDevice", devices
    read = run.ask("read", "room", cluster="msTemperatureMeasurement", attributes=["measuredValue"])
    assert isinstance(read["measuredValue"], int), read
    run.report("room", "msTemperatureMeasurement", "measuredValue")
    run.report("room", "msRelativeHumidity", "measuredValue")
    run.report("plug", "haElectricalMeasurement", "activePower")
    run.reports("room", "msTemperatureMeasurement")
    run.reports("plug", "haElectricalMeasurement")
    run.quiet()
    run.leave()
    run.begin("resumed")
    run.reports("room", "msTemperatureMeasurement")
    start = len(run.herdsman.said)
    try:
        run.herdsman.ask("code", text=scanned(PLUG))
    except Failed:
        pass        # the answer went with the radio
    run.herdsman.event("disconnected", start)
    run.leave()
    run.begin("resumed")
    run.reports("room", "msTemperatureMeasurement")
    run.ask("read", "door", cluster="ssIasZone", attributes=["zoneState"])
    assert len(run.mesh.events("joined")) == 4, "somebody joined twice"
    count = run.settle(10)
    return f"{count} reports acknowledged, each decoded with its value"


for _v in VERSIONS:
    PROOFS.append((f"EZSP {_v}: forms, lets in, interviews, reads, gets reports, resumes, outlives a reset",
                   lambda world, modules, v=_v: whole_life(world, modules, v)))
