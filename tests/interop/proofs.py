"""What another host than ours proves of `wardsim zigbee`, and what passes between it and wardgated. Each proof
gets a world (tests/integration/ward) and the directory of the packages, and returns a sentence with its figures."""
import json
import os
import re

from decoded import address, judged
from herdsman import Failed, Herdsman, NETWORK
from ward.base import wait_until
from ward.ble_judge import arrived
from ward.ctl import ctl
from ward.dbus import PrivateBus

PROOFS = []
VERSIONS = (13, 14, 15, 16, 17, 18, 19)     # those that herdsman's adapter speaks
ROOM, DOOR, CALL, PLUG = (f"A4:C1:38:00:00:00:00:{n:02X}" for n in range(1, 5))
SIGN = {"When": "command", "Command": "0x0111", "Nth": "2"}     # a key besides the one that permitting takes
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
        assert self.mesh.process.alive(), self.mesh.process.text()
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
        count = sum(self.judged()[1].values())
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
    run = Run(world, modules, four(), radio={"Version": str(version)}, events=[
        {**SIGN, "Do": "reset", "Amount": "0x03"}])
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
    counters = run.herdsman.ask("counters")
    assert counters[8] > 10 and counters[9] > 10 and max(counters) < 10000, counters     # messages in and out
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


# Kind: the metrics that it is there for.
KINDS = {
    "temperature": ["ambient-temperature"], "climate": ["ambient-temperature", "humidity"],
    "weather": ["ambient-temperature", "humidity", "pressure"], "light": ["illuminance"], "occupancy": ["occupancy"],
    "fridge": ["ambient-temperature", "contact"], "motion": ["motion"], "contact": ["contact"],
    "water": ["water-leak"], "smoke": ["smoke"], "emergency": ["emergency"], "key-fob": ["emergency"],
    "pull-cord": ["emergency"], "button": ["button"], "multi-button": ["button"],
    "air": ["ambient-temperature", "humidity", "ambient-co2", "pm2-5"], "plug": ["voltage", "current", "power"],
    "router": [], "aqara-weather": ["ambient-temperature", "humidity", "pressure", "battery-voltage"],
    "aqara-t1": ["ambient-temperature", "humidity", "pressure", "battery-voltage"],
    "tuya-climate": ["ambient-temperature", "humidity", "battery"]}
ENROLLED = ("request", "auto", "both")


def all_kinds(world, modules, kinds, version):
    devices = {kind: quick(kind, f"A4:C1:38:00:00:00:01:{n:02X}", Interval="400ms", Toggle="50%", Reporting="always",
                           Enroll=ENROLLED[n % 3]) for n, kind in enumerate(kinds)}
    run = Run(world, modules, devices, radio={"Version": str(version)})
    run.begin("reset")
    known = run.join()
    for kind, keys in devices.items():
        d = known[address(keys["EUI64"])]
        assert d["interview"] == "SUCCESSFUL" and d["maker"] and d["model"] and len(d["endpoints"]) == 1, d
        assert d["type"] == ("Router" if kind in ("air", "plug", "router") else "EndDevice"), d
    run.windows[-1][0] = len(run.mesh.lines())

    def waiting():
        counts = run.judged()[1]
        return [(kind, m) for kind in kinds for m in KINDS[kind] if counts[kind, m] < 2]
    wait_until(lambda: not waiting(), lambda: f"values of {waiting()}", 120)
    run.quiet()
    return f"{run.settle(50)} values acknowledged, each decoded as it was sent"


# More at once than an NCP passes on messages for is herdsman's trouble, with real ones too.
for _n, _v in enumerate((13, 14, 18)):
    _kinds = list(KINDS)[_n::3]
    PROOFS.append((f"kinds of devices: {', '.join(_kinds)}",
                   lambda world, modules, kinds=_kinds, v=_v: all_kinds(world, modules, kinds, v)))


@proof("install codes, leaving, coming back, another address")
def coming_and_going(world, modules):
    devices = {"room": quick("climate", ROOM, InstallCode=CODE, Reporting="always"),
               "wrong": quick("climate", DOOR, InstallCode="83FED3407A939723A5C639B26916D5065887"),
               "plug": quick("plug", PLUG, Reporting="always")}
    rules = [{"When": "configure", "Device": "plug", "Do": "address-change"}]
    run = Run(world, modules, devices, events=rules)
    run.begin("reset")
    for eui in (ROOM, DOOR):
        run.herdsman.ask("code", text=scanned(eui))
    before = run.join("room", "plug")
    wait_until(lambda: [e for e in run.mesh.events("join-refused") if e["device"] == "wrong"], "the one refused")
    start = len(run.herdsman.said)
    run.report("plug", "haElectricalMeasurement", "activePower")
    run.herdsman.event("announced", start, ieee=address(PLUG))
    run.reports("plug", "haElectricalMeasurement")
    node = {d["ieee"]: d["node"] for d in run.herdsman.ask("devices")}[address(PLUG)]
    assert node != before[address(PLUG)]["node"], node
    start = len(run.herdsman.said)
    run.ask("leave", "room")
    wait_until(lambda: run.mesh.events("left"), "that it has left")
    # While the network is open it comes back by itself; the code it joined with is still known.
    run.herdsman.interviewed([ROOM], start)
    run.reports("room", "msRelativeHumidity")
    run.quiet()
    return "one let in by its code, one refused for its code, one moved, one sent away and back"


@proof("a line that loses and spoils frames")
def bad_line(world, modules):
    # From when all are members: herdsman gives up an interview when one message of it comes to nothing.
    faults = [{**SIGN, "For": "10min", "Do": do, "Amount": "2%"}
              for do in ("drop", "drop-in", "corrupt", "corrupt-in")]
    run = Run(world, modules, {"room": quick("climate", ROOM), "plug": quick("plug", PLUG)}, events=faults)
    run.begin("reset")
    run.join("room", "plug")
    run.herdsman.ask("code", text=scanned(PLUG))    # the rules' sign
    run.report("room", "msTemperatureMeasurement", "measuredValue")
    run.report("plug", "haElectricalMeasurement", "activePower", "rmsCurrent", "rmsVoltage")
    run.reports("room", "msTemperatureMeasurement", 30)
    count = run.settle(30)
    run.mesh.stop()
    again = int(re.search(r"(\d+) frames sent again", run.mesh.process.text()).group(1))
    assert again, run.mesh.process.text()
    return f"{count} reports acknowledged, each decoded; {again} frames were sent again"


# ---- from one host to the other, by their backups

def another_radio(mesh, eui):
    """While the simulator is stopped: the stick is another one, as it comes from the shop. The devices are who they
    were, and ignore whoever counts frames from below what they have heard."""
    with open(mesh.state_path, encoding="ascii") as f:
        text = f.read()
    members = text[text.index("\n[Member"):]
    heard = max(int(n) for n in re.findall(r"^Heard=(\d+)$", members, re.M))
    with open(mesh.state_path, "w", encoding="ascii") as f:
        f.write(f"[Ncp]\nEUI64={bytes.fromhex(eui.replace(':', ''))[::-1].hex().upper()}\nNetwork=0\nCounter=0\n")
        f.write(members)
    return heard


def network_of(backup):
    """A backup, and what herdsman is to be told of its network."""
    with open(backup, encoding="utf-8") as f:
        b = json.load(f)
    return b, {"panID": int(b["pan_id"], 16), "extendedPanID": list(bytes.fromhex(b["extended_pan_id"])),
               "channelList": [b["channel"]], "networkKey": list(bytes.fromhex(b["network_key"]["key"]))}


class Gateway:
    """wardgated on the simulator, with wardgatectl and a subscriber."""

    def __init__(self, world, mesh):
        self.mesh = mesh
        self.broker = world.broker()
        self.sub = world.subscriber(self.broker)
        self.bus = PrivateBus(world._sub("bus"))
        world.keep(self.bus)
        sections = mesh.sections()
        sections["Zigbee"]["AllowWellKnownKey"] = "yes"
        self.daemon = world.daemon(self.broker, devices={}, sections={
            "Control": {"Bus": self.bus.address}, **sections, "CoAP": {"Enabled": "no"}})
        self.daemon.wait_log("serving on the message bus")

    def ctl(self, *arguments):
        status, out, err = ctl("--bus", self.bus.address, *arguments)
        assert status == 0, f"wardgatectl {' '.join(arguments)}: {status} {out}{err}"
        return out

    def readings(self, device, metric):
        return [r for r in arrived(self.sub) if r["device"] == device and r["metric"] == metric]

    def more(self, device, metric, count=3):
        n = len(self.readings(device, metric))
        wait_until(lambda: len(self.readings(device, metric)) >= n + count, lambda: f"{metric} of {device}", 90)

    def network(self):
        return json.loads(self.ctl("--json", "network"))


ANOTHER = "00:12:4B:00:AA:AA:AA:01"


def moved_to_the_gateway(world, run):
    """herdsman's network and devices, in another radio, under wardgated."""
    run.herdsman.ask("backup")
    run.leave()
    run.herdsman.end()
    run.mesh.stop()
    heard = another_radio(run.mesh, ANOTHER)
    run.mesh.start()
    gateway = Gateway(world, run.mesh)
    gateway.daemon.wait_log("the Zigbee network is up")     # one of its own, in a radio without any
    at = gateway.daemon.mark()
    gateway.ctl("network", "restore", run.herdsman.backup_path(), "--other-radio", "--yes")
    gateway.daemon.wait_log("the Zigbee network is up", at)
    return gateway, heard


@proof("herdsman's network and devices move to wardgated, in another radio, and back")
def there_and_back(world, modules):
    run = Run(world, modules, {"room": quick("climate", ROOM, Reporting="always"),
                               "plug": quick("plug", PLUG, Reporting="always")})
    mine = run.begin("reset")
    run.join()
    run.reports("room", "msTemperatureMeasurement")
    gateway, heard = moved_to_the_gateway(world, run)
    gateway.more("room", "ambient-temperature")
    gateway.more("plug", "power")
    assert not run.mesh.events("joined"), "somebody had to join anew"
    for name in run.mesh.devices:       # its interview has reached them: they heed its frames
        gateway.daemon.wait_log(re.compile(f'a device is set up WARDGATE_DEVICE="{name}"'))
    backup, herdsmans = (os.path.join(run.directory, name) for name in ("of-wardgate.json", "for-herdsman.json"))
    gateway.ctl("network", "backup", backup)
    gateway.ctl("network", "backup", "--zigbee2mqtt", herdsmans)
    first, _ = network_of(run.herdsman.backup_path())
    second, _ = network_of(backup)
    # The format has addresses forwards. Herdsman has them backwards, where it is for this kind of radio.
    for key in ("coordinator_ieee", "extended_pan_id"):
        assert bytes.fromhex(first[key])[::-1].hex() == second[key].lower(), (key, first[key], second[key])
    assert second["coordinator_ieee"].lower() == mine["ieee"][2:], second["coordinator_ieee"]
    for key in ("pan_id", "channel", "nwk_update_id", "security_level"):
        assert str(first[key]).lower() == str(second[key]).lower(), (key, first[key], second[key])
    assert first["network_key"]["key"].lower() == second["network_key"]["key"].lower()
    assert first["stack_specific"]["ezsp"]["hashed_tclk"].lower() == \
        second["stack_specific"]["ezsp"]["hashed_tclk"].lower()
    assert second["network_key"]["frame_counter"] > max(heard, first["network_key"]["frame_counter"]), second
    assert {d["ieee_address"].lower() for d in second["devices"]} >= \
        {k["EUI64"].replace(":", "").lower() for k in run.mesh.devices.values()}
    # And to itself again: what was written for herdsman the gateway takes as well.
    at = gateway.daemon.mark()
    gateway.ctl("network", "restore", herdsmans, "--yes")
    gateway.daemon.wait_log("the Zigbee network is up", at)
    gateway.more("room", "ambient-temperature", 1)
    os.remove(herdsmans)
    gateway.ctl("network", "backup", "--zigbee2mqtt", herdsmans)
    gateway.daemon.stop()
    # Back, in a radio with the network's address and nothing else. Herdsman has its database still.
    run.mesh.stop()
    heard = another_radio(run.mesh, ":".join(re.findall("..", mine["ieee"][2:])))
    run.mesh.start()
    network = network_of(herdsmans)[1]
    os.replace(herdsmans, run.herdsman.backup_path())
    run.network = network
    run.other()
    got = run.begin("restored")
    assert got["parameters"] == mine["parameters"] and got["ieee"] == mine["ieee"], (got, mine)
    for name, cluster, attribute in (("room", "msTemperatureMeasurement", "measuredValue"),
                                     ("plug", "haElectricalMeasurement", "activePower")):
        run.reports(name, cluster)
        assert isinstance(run.ask("read", name, cluster=cluster, attributes=[attribute])[attribute], int)
    assert not run.mesh.events("joined"), "somebody had to join anew"
    run.herdsman.ask("backup")
    third, _ = network_of(run.herdsman.backup_path())
    assert third["network_key"]["frame_counter"] > heard, third["network_key"]
    return (f"frame counters {first['network_key']['frame_counter']}, {second['network_key']['frame_counter']}, "
            f"{third['network_key']['frame_counter']}; nobody joined anew")


@proof("wardgated's network moves to a herdsman that is a stranger to its devices")
def to_a_stranger(world, modules):
    again = [{"At": f"{at}s", "Device": "*", "Do": "rejoin"} for at in (8, 16, 32, 64)]
    run = Run(world, modules, {"room": quick("climate", ROOM, Reporting="always", InstallCode=CODE),
                               "door": quick("contact", DOOR, Toggle="50%")}, radio={"Version": "16"}, events=again)
    gateway = Gateway(world, run.mesh)
    gateway.daemon.wait_log("the Zigbee network is up")
    gateway.ctl("permit-join", "--device", "room", "--install-code", CODE, "--anyone")
    for name in run.mesh.devices:
        gateway.daemon.wait_log(re.compile(f'a device is set up WARDGATE_DEVICE="{name}"'))
    gateway.ctl("network", "backup", "--zigbee2mqtt", run.herdsman.backup_path())
    backup, run.network = network_of(run.herdsman.backup_path())
    gateway.daemon.stop()
    run.mesh.stop()
    heard = another_radio(run.mesh, bytes.fromhex(backup["coordinator_ieee"])[::-1].hex(":"))
    assert backup["network_key"]["frame_counter"] > heard, backup["network_key"]
    run.mesh.start()
    run.begin("restored")
    run.herdsman.interviewed([ROOM, DOOR])      # as they come back with the key that they have
    run.windows[-1][0] = len(run.mesh.lines())  # before, it does not listen to strangers
    run.reports("room", "msRelativeHumidity")
    assert not run.mesh.events("joined"), "somebody had to join anew"
    run.quiet()
    return f"{run.settle()} values decoded as they were sent; nobody joined anew"
