"""wardgatectl with the real daemon on a private bus: every verb once, and what the two agree on."""
import json
import os
import select
import signal
import subprocess

import pytest

from ward import coapwire, dtls, senml
from ward.bus import served
from ward.ctl import CTL, Terminal, ctl, environment, one_line


@pytest.fixture
def gateway(ward):
    broker = ward.broker()
    daemon, caller = served(ward, broker)
    daemon.wait_log("connected to the broker")
    return Gateway(ward, broker, daemon, caller)


class Gateway:
    def __init__(self, ward, broker, daemon, caller):
        self.ward, self.broker, self.daemon, self.caller = ward, broker, daemon, caller

    def ctl(self, *arguments, **env):
        """With the address from the configuration."""
        return ctl("--config", self.daemon.config_path, *arguments, **env)

    def good(self, *arguments, **env):
        status, out, err = self.ctl(*arguments, **env)
        assert (status, err) == (0, ""), err
        return out

    def json(self, *arguments):
        return json.loads(self.good("--json", *arguments))

    def post(self, value, identity="bed3-oximeter", key=None):
        path = dtls.Session("127.0.0.1", self.daemon.coap_port, identity,
                            key=key or self.daemon.devices[identity])
        try:
            return coapwire.Client(path).exchange(senml.as_json(senml.heart_rate(value))).text
        finally:
            path.vanish()


def test_what_it_shows(gateway):
    assert gateway.post(61) == "2.04"
    shown = gateway.json("status")
    assert shown["gateway"] == "ward7-gw1" and shown["epoch"] == gateway.caller.get("Epoch")
    out = gateway.good("status", COLUMNS="80")
    assert "connected to mqtts://" in out and max(map(len, out.splitlines())) <= 80
    devices = gateway.json("devices")["devices"]
    assert [d["device"] for d in devices] == ["bed3-oximeter"] and devices[0]["state"] == "present"
    assert gateway.json("device", "bed3-oximeter")["device_sequence"] == 1
    out = gateway.good("devices", COLUMNS="80")
    assert "present" in out and max(map(len, out.splitlines())) <= 80
    assert "1 since" in gateway.good("device", "bed3-oximeter")
    status, _, err = gateway.ctl("device", "bed9")
    assert status == 1 and one_line(err)
    status, _, err = gateway.ctl("device", "No Name")
    assert status in (1, 64) and one_line(err)


def test_the_outbox_of_both(gateway):
    gateway.broker.stop()
    assert gateway.post(61) == "2.04"
    shown = gateway.json("outbox")
    assert shown["readings"] == 1 and shown["daemon"]["depth"] >= 1
    out = gateway.good("outbox", COLUMNS="80")
    assert "1 reading" in out and "NOT CONNECTED" in out
    assert gateway.json("outbox", "retry") == {"count": 0}


def test_live(gateway):
    p = subprocess.Popen([CTL, "--config", gateway.daemon.config_path, "--json", "watch"], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, env=environment())
    # The watch may not have begun when the first comes.
    while not select.select([p.stdout], [], [], 0.5)[0]:
        assert gateway.post(61) == "2.04" and p.poll() is None
    while True:
        event = json.loads(p.stdout.readline())
        if event["event"] == "reading":
            break
    assert event["reading"]["metric"] == "heart-rate" and event["reading"]["value"] == 61
    p.send_signal(signal.SIGINT)
    _, err = p.communicate(timeout=30)
    assert (p.returncode, err) == (0, "")
    status, _, err = gateway.ctl("watch", "bed9")
    assert status == 1 and one_line(err)


def test_live_on_a_terminal(gateway):
    t = Terminal("--config", gateway.daemon.config_path, "watch")
    t.wait("Nothing has come yet")
    assert gateway.post(61) == "2.04"
    t.wait("heart-rate +61")
    t.send("\x03")
    assert t.ends() == 0
    t.end()


def test_a_device_comes_and_goes(gateway):
    t = Terminal("--config", gateway.daemon.config_path, "adopt")
    t.wait("n: a new CoAP device")
    t.line("n")
    t.wait("Its identity")
    t.line("ox-9")
    t.wait("Name of the device")
    t.line("bed3-oximeter")
    t.wait("Bed \\[")
    t.line("")
    at = t.wait("wardgatectl: ").end()   # that name is taken
    t.wait("Name of the device", start=at)
    t.line("bed9-ox")
    t.wait("Bed \\[", start=at)
    t.line("9")
    key = bytes.fromhex(t.wait(r"key +([0-9a-f]{32})\b").group(1))
    assert t.ends() == 0
    t.end()
    assert gateway.post(61, "ox-9", key) == "2.04"
    assert gateway.json("device", "bed9-ox")["adopted"] is True
    # what is in /etc is not ours to forget
    status, _, err = gateway.ctl("forget", "bed3-oximeter", "--yes")
    assert status == 1 and one_line(err)
    status, _, err = gateway.ctl("forget", "bed8", "--yes")
    assert status == 1 and one_line(err)
    assert "is forgotten" in gateway.good("forget", "bed9-ox", "--yes")
    assert [d["device"] for d in gateway.json("devices")["devices"]] == ["bed3-oximeter"]
    assert not os.listdir(os.path.join(gateway.daemon.state, "devices.d"))


def test_one_that_has_a_key_and_no_section_is_heard(gateway):
    gateway.daemon.devices["ox-8"] = "key-of-ox-8-0123456789"
    gateway.daemon.write_config()
    gateway.good("reload")
    gateway.post(61, "ox-8")
    assert [u["address"] for u in gateway.json("discover", "0")["unknown"]] == ["ox-8"]
    out = gateway.good("adopt", "ox-8", "bed8-ox", "8")
    assert "key" not in out
    assert gateway.post(62, "ox-8") == "2.04"
    assert gateway.json("discover", "0") == {"unknown": []}


def test_one_that_was_heard_is_adopted_at_a_terminal(gateway):
    """From the first time that it speaks to its first reading at a bed, in one step."""
    gateway.daemon.devices["ox-7"] = "key-of-ox-7-0123456789"
    gateway.daemon.write_config()
    gateway.good("reload")
    t = Terminal("--config", gateway.daemon.config_path, "adopt")
    t.wait("No unknown device was heard yet")
    t.line("")
    gateway.daemon.wait_log("serving on the message bus")
    gateway.post(61, "ox-7")
    t.wait("Which one")
    assert "ox-7" in t.text
    t.line("1")
    t.wait("Name of the device")
    t.line("bed7-ox")
    t.wait("Bed \\[")
    t.line("7")
    assert t.ends() == 0, t.text
    t.end()
    assert gateway.post(62, "ox-7") == "2.04"
    assert (gateway.json("device", "bed7-ox")["bed"], gateway.json("discover", "0")) == ("7", {"unknown": []})
    t = Terminal("--config", gateway.daemon.config_path, "forget", "bed7-ox")
    t.wait("\\[y/N\\]")
    t.line("y")
    assert t.ends() == 0 and "is forgotten" in t.text
    t.end()


@pytest.mark.parametrize("arguments", [
    ["adopt", "ox-9", "Bed 9", "--transport", "coap"], ["adopt", "ox-9", "bed9", "--transport", "carrier-pigeon"],
    ["adopt", "ox-9", "bed9", "a bed", "--transport", "coap"],
    ["adopt", "ox-9", "bed9", "Usage=worn", "--transport", "coap"],
    ["adopt", "bed3-oximeter", "bed9", "--transport", "coap"],
    ["adopt", "ox-9", "bed3-oximeter", "--transport", "coap"]])
def test_wrong_adoptions_change_nothing(gateway, arguments):
    status, out, err = gateway.ctl(*arguments)
    assert status in (1, 64) and out == "" and one_line(err), err
    assert len(gateway.json("devices")["devices"]) == 1


def test_reload(gateway):
    assert "has taken" in gateway.good("reload")
    gateway.daemon.set("Store", {"MaxAgee": "7d"})
    gateway.daemon.set("CoAP", {"Ratee": "7"})
    gateway.daemon.write_config()
    status, out, err = gateway.ctl("reload")
    assert (status, out) == (1, "")
    assert "MaxAgee" in err and "Ratee" in err and "goes on with the one it has" in err.splitlines()[-1]
    status, _, err = gateway.ctl("check-config")
    assert status == 1 and len(err.splitlines()) == 2
    status, out, _ = gateway.ctl("--json", "check-config")
    assert status == 1 and len(json.loads(out)["errors"]) == 2
    gateway.daemon.set("Store", None)
    gateway.daemon.set("CoAP", {"Ratee": None})
    gateway.daemon.write_config()
    assert "is good: 1 device" in gateway.good("check-config")
    assert gateway.json("reload") == {"warnings": []}


def test_a_test_alarm_all_the_way(gateway):
    subscriber = gateway.ward.subscriber(gateway.broker)
    result = gateway.json("test-alarm", "3")
    assert result["confirmed"] is True
    subscriber.wait_topic(f"{gateway.daemon.prefix}/alarms/ward7-gw1/{result['key']}")
    assert "has confirmed" in gateway.good("test-alarm")
    gateway.broker.freeze()
    status, _, err = gateway.ctl("test-alarm", "3")
    assert status == 1 and one_line(err), err
    status, _, err = gateway.ctl("test-alarm", "bed three")
    assert status in (1, 64) and one_line(err)


def test_audit_is_listed_or_said_to_be_missing(gateway):
    status, out, err = gateway.ctl("audit")
    assert (status == 0 and out and not err) or (status == 1 and one_line(err)), err


def test_doctor_with_the_daemon(gateway):
    gateway.post(61)
    status, out, err = gateway.ctl("--json", "doctor")
    report = json.loads(out)
    bad = [f for f in report["findings"] if f["level"] == "wrong"]
    # This machine may have too little disk for KeepFree=, and nothing else.
    assert not [f for f in bad if f["area"] != "disk"], bad
    assert any("all heard" in f["found"] for f in report["findings"]), report
    assert gateway.json("status")["publish"]["failures"] == 0
