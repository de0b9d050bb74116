"""Every fault that wardsim zigbee has, while sensors of each kind report: what the link carried arrives, each value as
often as it was said and in its order, and nothing else does."""
import pytest

from ward.alarms import Alarms
from ward.base import wait_until
from ward.wiretap import Wiretap
from ward.zigbee_hall import WARD, Hall

# What becomes of frames, and what of it the radio's log shows.
LINE = (
    ({"action": "drop", "For": "800ms", "Amount": "30%"}, "frame-dropped"),
    ({"action": "drop-in", "For": "800ms", "Amount": "30%"}, "frame-dropped-in"),
    ({"action": "drop", "Times": "7"}, "frame-dropped"),
    ({"action": "corrupt", "For": "800ms", "Amount": "30%"}, "frame-corrupted"),
    ({"action": "corrupt-in", "For": "800ms", "Amount": "30%"}, "frame-corrupted-in"),
    ({"action": "delay", "For": "1s", "Amount": "300ms"}, None),
    ({"action": "noise", "Times": "20"}, None),
    ({"action": "cancel", "Times": "20"}, None),
    ({"action": "substitute", "For": "800ms", "Amount": "30%"}, None),
    ({"action": "flow-bytes", "Times": "40"}, None),
    ({"action": "repeat", "Times": "20"}, None),
    ({"action": "nak", "Times": "3"}, None),
    ({"action": "stall", "For": "1500ms"}, None),
    ({"action": "silence", "For": "1500ms"}, None),
)


def title(x):
    return "-".join(str(x[k]) for k in ("action", "Times", "Amount") if k in x) if isinstance(x, dict) else ""


def first_is_fast(rows, fast=()):
    return [pytest.param(*row, id=title(row[0]), marks=[] if row[0]["action"] in fast else pytest.mark.slow)
            for row in rows]


@pytest.mark.parametrize("fault, sign", first_is_fast(LINE, ("corrupt", "repeat")))
def test_a_bad_line(ward, fault, sign):
    """Nothing is lost by it, and the radio is not started anew."""
    h = Hall(ward)
    h.happen(**fault)
    if sign:
        wait_until(lambda: h.mesh.events(sign), sign)
    h.report(8)
    assert h.daemon.count_log("is started anew") == 0
    h.judge()


# The radio starts anew: of itself, or because it is of no use. What the gateway says of it.
RESETS = (
    ({"action": "reset", "Amount": "0x03"}, "watchdog"),
    ({"action": "reset", "Amount": "0x0b"}, "by itself"),
    ({"action": "reset", "Amount": "0x02"}, "by itself"),
    ({"action": "reset", "Amount": "0x06"}, ""),
    ({"action": "reset", "Amount": "0x00"}, ""),
    ({"action": "reset", "Amount": "0x85"}, ""),
    ({"action": "error", "Amount": "0x51"}, "did not acknowledge"),
    ({"action": "error", "Amount": "0x52"}, ""),
    ({"action": "silence", "For": "9s"}, ""),
    ({"action": "stall", "For": "25s"}, ""),
)


@pytest.mark.parametrize("fault, words", first_is_fast(RESETS, ("error",)))
def test_a_radio_that_starts_anew(ward, fault, words):
    """Lost is what the radio lost; everybody is heard again, nobody asked to join again."""
    h = Hall(ward)
    at = h.happen(**fault)
    line = h.daemon.wait_log("the Zigbee radio is started anew", at)
    assert words in line, line
    h.up(at)
    h.report(8, deadline=90)
    assert h.daemon.count_log("a Zigbee network is formed") == 1
    assert len(h.mesh.events("joined")) == len(h.devices)
    h.judge()


def test_the_cable_is_out_and_in_again(ward):
    h = Hall(ward)
    at = h.happen("unplug", For="1s")
    h.daemon.wait_log("the Zigbee radio cannot be used", at)
    h.up(at)
    h.report(8)
    assert len(h.mesh.events("joined")) == len(h.devices)
    h.judge()


def test_messages_that_the_radio_has_no_room_for(ward):
    h = Hall(ward)
    at = h.happen("overflow", Times=6)
    h.daemon.wait_log("the Zigbee radio had no room and has lost messages", at)
    h.report(8)
    h.mesh.stop()
    assert [v for v in h.mesh.values() if v.get("dropped") == "overflow"]
    assert h.bus.run("network")["radio"]["lost"] >= 1
    h.judge()


ODD = (
    ({"action": "strange-callback", "Amount": "0x1234"}, "unknown"),
    ({"action": "network-status", "Amount": "0x0b"}, None),
    ({"action": "refuse", "Amount": "0x31", "Times": "3"}, None),
    ({"action": "busy", "Times": "4"}, None),
    ({"action": "late", "Amount": "2s"}, None),
)


def unknown(h):
    return h.bus.run("network").get("radio", {}).get("unknown", 0)


@pytest.mark.parametrize("fault, count", first_is_fast(ODD, ("strange-callback",)))
def test_odd_answers(ward, fault, count):
    """They are counted, and nothing comes of them."""
    h = Hall(ward)
    h.happen(**fault)
    if count:
        wait_until(lambda: unknown(h) == 1, "the count")
    h.report(8)
    assert h.daemon.count_log("is started anew") == 0
    h.judge()


@pytest.mark.slow
def test_an_answer_that_comes_when_nobody_waits_for_it(ward):
    """It is not taken for that of the next command."""
    h = Hall(ward, devices={"room": WARD["room"]})
    h.joined()
    h.happen("late", Amount="4s")
    wait_until(lambda: h.mesh.events("late-answer"), "the late answer")
    wait_until(lambda: unknown(h) == 1, "the count")
    h.let_in()
    h.report(8)
    assert h.daemon.count_log("is started anew") == 0
    h.judge()


@pytest.mark.slow
def test_a_radio_that_answers_resets_and_nothing_else(ward):
    """It is of no use, and after a while that is said with the reason and the remedy."""
    h = Hall(ward, devices={"room": WARD["room"]}, sections={"Device room": {"ExpectEvery": "1s"}}, speed=10)
    h.happen("dumb")
    h.daemon.wait_log("the Zigbee radio is lost", deadline=90)
    words = h.bus.run("network")["problem"]
    assert words == "the radio does not answer; if that goes on, unplug it and plug it in again"
    assert Alarms(h.sub, h.daemon).phase("adapter-lost.gateway", "start")["text"] == words
    h.sub.wait_topic(h.daemon.gateway_topic("status"), lambda m: m.json["drivers"]["zigbee"].get("problem") == words)
    h.sub.wait_topic(h.topic("room"), lambda m: m.json["state"] == "silent", deadline=40)
    at = h.daemon.mark()
    h.again()
    h.up(at, 90)
    Alarms(h.sub, h.daemon).phase("adapter-lost.gateway", "end")
    h.report(3)
    h.judge(ordered=False)


FLAWS = (
    {"action": "duplicate", "Times": "20"},
    {"action": "reorder"},
    {"action": "special", "Amount": "invalid", "For": "1s"},
    {"action": "deaf", "Times": "3"},
    {"action": "rejoin"},
    {"action": "announce"},
    {"action": "address-change"},
    {"action": "address-conflict"},
    {"action": "silence", "For": "1s"},
)


@pytest.mark.parametrize("flaw", FLAWS, ids=title)
@pytest.mark.slow
def test_devices_that_do_otherwise(ward, flaw):
    """One kind of flaw, of each of the devices in turn."""
    h = Hall(ward)
    h.joined()
    for name in h.reporting:
        h.mesh.do(name, **flaw)
        h.report(2, of=[d for d in h.reporting if d != name])
    h.report(4, deadline=90)
    h.judge()


@pytest.mark.slow
def test_devices_that_go_and_come_back(ward):
    """Without power for a while, and out of the network and in again: nothing of the others is lost."""
    h = Hall(ward)
    h.joined()
    for name in ("room", "air", "far", "fridge"):
        others = [d for d in h.reporting if d != name]
        h.mesh.do(name, "vanish")
        h.report(3, of=others)
        h.mesh.do(name, "vanish")
        h.report(2)
        h.mesh.do(name, "leave")
        h.daemon.wait_log("a device has left the network")
        h.report(3, of=others)
        h.mesh.do(name, "join")
        h.report(2)
    h.joined()
    h.judge()


@pytest.mark.slow
def test_bytes_that_may_mean_anything(ward):
    """Of the device that says them nothing is judged but that it is heard again; nothing becomes of the others."""
    h = Hall(ward)
    h.joined()
    spoiled = {"room", "fridge", "button"}
    for name in spoiled:
        h.mesh.do(name, "malformed", Times=40)
    h.report(25, of=[d for d in h.reporting if d not in spoiled])
    h.report(3)
    h.judge(but=spoiled)


@pytest.mark.slow
@pytest.mark.parametrize("action", ["forget-network", "another-network"])
def test_a_radio_that_has_lost_its_network(ward, action):
    """It stays as it is until somebody decides, and what it had said before has arrived."""
    h = Hall(ward)
    at = h.happen(action)
    h.daemon.wait_log("network is not the gateway's", at)
    h.bus.run("network-restore")
    h.up(at)
    h.report(5)
    assert len(h.mesh.events("joined")) == len(h.devices)
    h.judge()


CODE = "83FED3407A939723A5C639B26916D505C3B5"
VERSIONS = [pytest.param(v, marks=[] if v in (8, 19) else pytest.mark.slow) for v in (8, 13, 14, 15, 16, 17, 18, 19)]


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_of_ezsp(ward, version):
    """A network is formed, a sensor joins by its install code and reports, and all of it is resumed after the gateway
    was killed; bytes behind the last field are of no matter."""
    h = Hall(ward, devices={"room": {**WARD["room"], "InstallCode": CODE}}, radio={"Version": version, "Trailing": 2},
             join=False)
    h.bus.run("permit-join", seconds=120, device="room", install_code=CODE)
    h.report(3)
    h.joined()
    assert h.bus.run("network")["coordinator"].split(", ")[1] == f"EZSP {version}"
    h.daemon.stop()
    h.start()
    h.report(3)
    h.joined()
    assert h.daemon.count_log("a Zigbee network is formed") == 0
    assert len(h.mesh.events("joined")) == 1
    h.judge(least=10)


# ---- what the radio is told

SET_UP = {0x0053: "setConfigurationValue", 0x0055: "setPolicy", 0x00ab: "setValue", 0x0015: "setManufacturerCode",
          0x0064: "setMulticastTableEntry", 0x0002: "addEndpoint", 0x0017: "networkInit"}
WHILE_UP = {0x0010: "setConcentrator", 0x005a: "setSourceRouteDiscoveryMode", 0x0022: "permitJoining"}
KEYS = (0x00af, 0x0111)   # addTransientLinkKey, importTransientKey


@pytest.mark.parametrize("version", [pytest.param(8, marks=pytest.mark.slow), 14])
def test_all_of_the_configuration_after_each_reset(ward, version):
    """What a radio forgets with a reset it is told anew: settings, endpoints, groups, policies; and, while the network
    is open, that, and the keys of those who may join."""
    h = Hall(ward, radio={"Version": version}, start=False,
             devices={"room": {**WARD["room"], "InstallCode": CODE, "Join": "event"}})
    tap = ward.keep(Wiretap(h.mesh.dir, h.mesh.link))
    h.daemon.set("Zigbee", {"Port": tap.link})
    h.start()
    h.bus.run("permit-join", seconds=200, device="room", install_code=CODE)
    told = []
    for way, how in (("reset", {"Amount": "3"}), ("error", {}), ("reset", {"Amount": "0x0b"})):
        h.up(h.happen(way, **how))
        wait_until(lambda: any(i in KEYS for i, _ in tap.commands[-1]) and
                   set(WHILE_UP) <= {i for i, _ in tap.commands[-1]}, "keys and window again")
        told.append([c for c in tap.commands[-1] if c[0] in {**SET_UP, **WHILE_UP} or c[0] in KEYS])
        assert set(SET_UP) <= {i for i, _ in told[-1]}
        before = [c for c in told[-1][:[i for i, _ in told[-1]].index(0x0017)]]
        assert sum(i == 0x0002 for i, _ in before) >= 1   # endpoints come before the network
        assert told[-1][:len(before)] == told[0][:len(before)]
        assert [c for c in told[-1] if c[0] in KEYS] == [c for c in told[0] if c[0] in KEYS]
    # the very first time the same was said, but that nobody might join yet
    formed = next(commands for commands in tap.commands if any(i == 0x001e for i, _ in commands))
    first, again = ([c for c in commands[:[i for i, _ in commands].index(0x0017)] if c[0] in SET_UP]
                    for commands in (formed, told[0]))
    assert {c for c in again if c not in first} == {c for c in again if c[0] == 0x0055 and c[1][0] == 0}
    # and it is of use: who could join before the resets can
    h.mesh.do("room", "join")
    h.report(2)
    h.joined()
    h.judge(least=2)


# ---- who says that it is so

@pytest.mark.slow
def test_a_radio_that_is_away_for_long(ward):
    """Devices are silent when what they promised does not come, the radio's absence is a condition with its reason,
    and all of that ends when it is back."""
    h = Hall(ward, sections={"Device room": {"ExpectEvery": "5s"}}, speed=5)
    h.joined()
    h.sub.wait_topic(h.topic("room"), lambda m: m.json["state"] == "present")
    alarms, at, seen = Alarms(h.sub, h.daemon), h.daemon.mark(), h.sub.mark()
    h.mesh.do(None, "unplug", For="120s")
    start = alarms.phase("adapter-lost.gateway", "start", seen)
    assert "is the radio plugged in?" in start["text"]
    h.sub.wait_topic(h.topic("room"), lambda m: m.json["state"] == "silent", seen)
    h.sub.wait_topic(h.daemon.gateway_topic("status"), lambda m: "plugged in" in m.json["drivers"]["zigbee"].get(
        "problem", ""), seen, 60)
    assert h.bus.run("network")["state"] == "off"
    back = h.sub.mark()
    h.up(at, 90)
    h.report(3)
    h.sub.wait_topic(h.topic("room"), lambda m: m.json["state"] == "present", back)
    assert alarms.phase("adapter-lost.gateway", "end", back, 60)["alarm"] == start["alarm"]
    h.joined()
    h.judge()
