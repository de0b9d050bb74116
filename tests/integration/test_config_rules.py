"""[Rule] sections: all that is wrong is told at once, the examples are good once they are enabled, and a
reload that fails leaves the rules that run, and their alarms, alone."""
import glob
import os
import re

import pytest

from ward import senml
from ward.daemon import ROOT, status
from ward.senml import heart_rate

PLAIN = {"MQTT": {"Broker": "mqtt://127.0.0.1:1", "AllowPlaintext": "yes"}}
EXAMPLES = sorted(glob.glob(os.path.join(ROOT, "conf", "examples", "*.conf")))
FAST = {"Type": "limit", "Metric": "heart-rate", "Above": "120", "Hysteresis": "5", "Priority": "medium"}


def drop_in(daemon, text):
    directory = os.path.join(daemon.dir, "conf.d")
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "rules.conf"), "w", encoding="utf-8") as f:
        f.write(text)


@pytest.fixture
def offline(ward):
    return ward.daemon(start=False, sections=PLAIN)


@pytest.mark.parametrize("path", EXAMPLES, ids=[os.path.basename(p) for p in EXAMPLES])
@pytest.mark.parametrize("enable", [False, True], ids=["as it is", "all enabled"])
def test_examples(offline, monkeypatch, path, enable):
    """A line is disabled by a # with no blank behind it; prose has one."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    if enable:
        text, count = re.subn(r"(?m)^#(?=[A-Z\[])", "", text)
        assert count
    for identity in re.findall(r"(?m)^Address=(.+)", text):
        offline.devices[identity] = f"key-of-{identity}-0123456789"
    offline.set("BLE", {"Enabled": "yes"})
    offline.set("Zigbee", {"Enabled": "yes", "Port": "/dev/serial/by-id/usb-radio-if00-port0"})
    for name in re.findall(r"(?m)^BindKey=credential:(.+)", text):
        with open(os.path.join(offline.dir, name), "w", encoding="ascii") as f:
            os.chmod(f.fileno(), 0o600)
            f.write("00112233445566778899aabbccddeeff\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", offline.dir)
    drop_in(offline, text)
    r = offline.run("--check-config")
    assert r.returncode == 0, r.stderr
    if enable:
        assert not r.stderr, "an example that is not whole"
    printed = offline.run("--print-config")
    rules = re.findall(r"(?m)^\[Rule (.+)\]", text)
    assert re.findall(r"(?m)^\[Rule (.+)\]", printed.stdout) == sorted(rules)
    assert bool(rules) == ((enable or "adult-ward" not in path) and "ble-ward" not in path), \
        "rules on vital signs come disabled"


def test_every_fault_in_one_pass(offline):
    drop_in(offline, """[Rule hr]
Type=limit
Metric=heart-rat
Above=high
For=15
Priority=high
After=5min
[Rule loop-a]
Type=combination
Rules=loop-b hr
Priority=low
[Rule loop-b]
Type=combination
Rules=loop-a hr
Priority=low
[Rule strange]
Type=limits
Bellow=3
Priority=low
[Rule glucose]
Type=limit
Metric=glucose
Below=4
Above=3
Priority=high
[Rule lost]
Type=combination
Rules=hr hhr
Priority=low
""")
    r = offline.run("--check-config")
    assert r.returncode == 78
    for line, said in [
            (3, "[Rule hr] Metric=heart-rat: names no metric that is known; did you mean heart-rate?"),
            (4, "[Rule hr] Above=high: is no number; give e.g. 90 or 37.5"),
            (5, "[Rule hr] For=15: has no unit; give ms, s, min, h or d, e.g. 10s"),
            (6, "[Rule hr] Priority=high: needs Latching=yes or Latching=no"),
            (7, "[Rule hr] After=5min: is for Type=absent or stuck, and this rule has Type=limit; leave it out"),
            (14, "[Rule loop-b] Rules=loop-a hr: closes a loop"),
            (17, "[Rule strange] Type=limits: is not known; did you mean limit?"),
            (18, "[Rule strange] Bellow=3: no such setting; did you mean Below?"),
            (23, "[Rule glucose] Below=4: cannot be: the lower limit 4 is above the upper limit 3"),
            (25, "[Rule glucose] Priority=high: needs Latching="),
            (25, "[Rule glucose] Priority=high: needs Unit=: glucose comes in several units"),
            (28, "[Rule lost] Rules=hhr: names hhr, of which there is no [Rule] section"),
    ]:
        assert f"rules.conf:{line}: {said}" in r.stderr, (said, r.stderr)
    assert r.stderr.count("rules.conf:") == 12, r.stderr


def test_names_of_computed_values_are_no_devices(offline):
    offline.set("Rule bed3-oximeter", {"Type": "score", "Priority": "low", "AtLeast": "7"})
    r = offline.run("--check-config")
    assert r.returncode == 78 and "is the name under which [Rule bed3-oximeter]" in r.stderr, r.stderr


def test_print_config_has_the_defaults_of_the_type(offline):
    offline.set("Rule fridge", {"Type": "coldchain", "Metric": "ambient-temperature", "Priority": "medium"})
    r = offline.run("--print-config")
    section = r.stdout.split("[Rule fridge]")[1]
    for line in ("Above=8", "Below=2", "Freeze=0", "AboveFor=1h", "BelowFor=15min", "Latching=no", "Devices=*"):
        assert re.search(rf"(?m)^# default\n{re.escape(line)}$", section), (line, section)


def test_a_reload_with_faults_leaves_the_alarm_alone(ward):
    """The rule goes on with its limit: the next readings are judged by it, and the alarm ends by it."""
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, devices={"first": "key-of-first-0123"}, sections={"Rule fast": FAST})
    status(sub, daemon, lambda s: s["status"] == "online")
    first = ward.session(daemon, "first")
    topic = f"{daemon.prefix}/alarms/{daemon.name}/fast.first/events"

    def alarm(phase, start=0):
        return sub.wait_topic(topic, lambda m: m.payload and m.json["phase"] == phase, start).json
    assert first.exchange(senml.as_json(heart_rate(130))).text == "2.04"
    began = alarm("start")
    assert began["state"] == "active" and began["limits"] == {"high": 120}

    daemon.set("Rule fast", {"Above": "9999", "For": "soon"})
    daemon.set("Rule other", {"Type": "combination", "Rules": "fast nobody", "Priority": "low"})
    at = daemon.reload()
    daemon.wait_log(re.compile(r"wardgate\.conf:\d+: \[Rule fast\] Above=9999: is an impossible limit"), at)
    daemon.wait_log(re.compile(r"\[Rule fast\] For=soon: "), at)
    daemon.wait_log(re.compile(r"\[Rule other\] Rules=nobody: names nobody"), at)
    daemon.wait_log(re.compile(r"(?i)stays in force|not applied|kept"), at)

    mark = sub.mark()
    assert first.exchange(senml.as_json(heart_rate(119))).text == "2.04"  # within the hysteresis
    assert first.exchange(senml.as_json(heart_rate(100))).text == "2.04"
    ended = alarm("end", mark)
    assert ended["alarm"] == began["alarm"] and ended.get("reason") is None
    assert not [m for m in sub.messages.items[mark:] if m.topic == topic and m.json["phase"] == "start"]

    daemon.set("Rule other", None)
    daemon.sections["Rule fast"] = dict(FAST, Above="140")
    daemon.wait_log("configuration reloaded", daemon.reload())
    mark = sub.mark()
    assert first.exchange(senml.as_json(heart_rate(130))).text == "2.04"
    assert first.exchange(senml.as_json(heart_rate(150))).text == "2.04"
    again = alarm("start", mark)
    assert again["value"] == 150 and again["limits"] == {"high": 140}
