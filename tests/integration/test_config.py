"""The configuration contract: what is refused and how it is said, and what a reload leaves alone."""
import os
import re

import pytest

from ward import dtls, senml
from ward.base import wait_until
from ward.daemon import status
from ward.load import Load, no_loss
from ward.senml import heart_rate

PLAIN = {"MQTT": {"Broker": "mqtt://127.0.0.1:1", "AllowPlaintext": "yes"}}


@pytest.fixture
def offline(ward):
    """A daemon that is configured and not started."""
    return ward.daemon(start=False, sections=PLAIN)


def text_with(daemon, text):
    with open(daemon.config_path, "w", encoding="utf-8") as f:
        f.write(text)


def test_a_good_one_is_0(offline):
    r = offline.run("--check-config")
    assert (r.returncode, r.stdout) == (0, ""), r.stderr


def test_a_bad_one_is_78_whether_checked_or_started(offline):
    offline.set("MQTT", {"Window": "many"})
    for options in (["--check-config"], [], ["--print-config"]):
        r = offline.run(*options)
        assert r.returncode == 78, (options, r)
        assert re.search(r"wardgate\.conf:\d+: \[MQTT\] Window=many: .+; .+", r.stderr), r.stderr


def test_a_missing_file_is_78(offline):
    r = offline.run("--check-config", write=False)
    assert r.returncode == 78 and offline.config_path in r.stderr


def test_unknown_options_are_no_configuration_error(offline):
    r = offline.run("--chekc-config")
    assert r.returncode not in (0, 78) and "Usage" in r.stderr
    assert offline.run("surplus").returncode not in (0, 78)
    assert re.fullmatch(r"wardgated \d+\.\d+\.\d+\n", offline.run("--version").stdout)


def test_every_error_in_one_pass(offline):
    offline.write_config()
    text_with(offline, f"""[Gateway]
Name=Ward_7
Site=st elsewhere
Mode=trainig
[MQTT]
Broker=mqtts://b.example:99999
KeepAlive=10 parsecs
Windwo=20
Protocol=4
[CoAP]
Enabled=maybe
Listen=nowhere
[Device bed3]
Transport=carrier-pigeon
[Devcie bed4]
Transport=coap
[Store]
MaxSize=-1
StateDirectory={offline.state}
""")
    r = offline.run("--check-config", write=False)
    assert r.returncode == 78
    lines = r.stderr.splitlines()
    for number, what in [(2, "Name=Ward_7"), (3, "Site=st elsewhere"), (4, "Mode=trainig"),
                         (6, "Broker="), (7, "KeepAlive=10 parsecs"), (8, "Windwo"), (9, "Protocol=4"),
                         (11, "Enabled=maybe"), (12, "Listen=nowhere"), (14, "Transport=carrier-pigeon"),
                         (15, "Devcie"), (18, "MaxSize=-1"), (19, "StateDirectory")]:
        assert [line for line in lines if f":{number}: " in line and what in line], (number, what, lines)
    assert any("Window" in line for line in lines if "Windwo" in line), "no suggestion"
    assert any("Device" in line for line in lines if "Devcie" in line), "no suggestion"


BAD_LINES = [
    ("indented", "[MQTT]\n  Window=20\n"), ("colon", "[MQTT]\nWindow: 20\n"),
    ("no equals", "[MQTT]\nWindow 20\n"), ("no section", "Window=20\n"),
    ("repeated", "[MQTT]\nWindow=20\nWindow=21\n"),
    ("long section", "[Device " + "a" * 60 + "]\nTransport=coap\n"),
    ("long line", "[MQTT]\nClientId=" + "a" * 5000 + "\n"),
    ("inline comment", "[MQTT]\nWindow=20 # many\n"), ("unclosed", "[MQTT\nWindow=20\n"),
    ("control characters", "[MQTT]\nClientId=a\x01b\n"), ("not UTF-8", "[MQTT]\nClientId=a\udcffb\n"),
    ("empty section name", "[]\nWindow=20\n"), ("empty key", "[MQTT]\n=20\n"),
]


@pytest.mark.parametrize("text", [b[1] for b in BAD_LINES], ids=[b[0] for b in BAD_LINES])
def test_what_a_lenient_reader_would_let_pass(offline, text):
    offline.write_config()
    with open(offline.config_path, "ab") as f:
        f.write(b"\n" + text.encode("utf-8", "surrogateescape"))
    r = offline.run("--check-config", write=False)
    assert r.returncode == 78 and re.search(r"wardgate\.conf:\d+: ", r.stderr), r
    assert r.stderr.isprintable() or "\n" in r.stderr and "\x01" not in r.stderr


def test_print_config_names_origins_and_reads_back(offline):
    offline.set("MQTT", {"Window": "77"})
    r = offline.run("--print-config")
    assert r.returncode == 0
    assert re.search(r"^Window=77\b", r.stdout, re.M)
    assert re.search(r"wardgate\.conf:\d+", r.stdout) and "default" in r.stdout
    copy = offline.config_path + ".copy"
    with open(copy, "w", encoding="utf-8") as f:
        f.write(r.stdout)
    first, offline.config_path = offline.config_path, copy
    again = offline.run("--print-config", write=False)
    offline.config_path = first
    assert again.returncode == 0, again.stderr

    def values(text):
        return [line for line in text.splitlines() if line and line[0] not in "#;"]
    assert values(again.stdout) == values(r.stdout)


def test_drop_ins_override_and_are_named(offline):
    offline.write_config()
    directory = os.path.join(offline.dir, "conf.d")
    os.makedirs(directory)
    for name, window in (("10-a.conf", 30), ("20-b.conf", 40), ("ignored.txt", 50)):
        with open(os.path.join(directory, name), "w", encoding="ascii") as f:
            f.write(f"[MQTT]\nWindow={window}\n")
    r = offline.run("--print-config", write=False)
    assert re.search(r"^Window=40\b", r.stdout, re.M), r
    with open(os.path.join(directory, "20-b.conf"), "a", encoding="ascii") as f:
        f.write("Windwo=1\n")
    r = offline.run("--check-config", write=False)
    assert r.returncode == 78 and re.search(r"20-b\.conf:3: ", r.stderr)


@pytest.mark.parametrize("uri", ["mqtt://b.example:1883", "http://b.example", "mqtts://", "b.example:8883"])
def test_brokers_that_are_refused(offline, uri):
    """Plaintext only when it is asked for in so many words."""
    offline.set("MQTT", {"Broker": uri, "AllowPlaintext": None})
    r = offline.run("--check-config")
    assert r.returncode == 78 and "Broker=" in r.stderr


def test_plaintext_coap_beyond_loopback_is_refused(offline, certs):
    pair = certs.gateway()
    offline.set("MQTT", {"Broker": "mqtts://b.example", "AllowPlaintext": None, "CAFile": pair.ca})
    offline.set("CoAP", {"PlaintextListen": "[::]:5683"})
    r = offline.run("--check-config")
    assert r.returncode == 78 and "PlaintextListen" in r.stderr
    offline.set("CoAP", {"PlaintextListen": "127.0.0.1:5683"})
    assert offline.run("--check-config").returncode == 0


@pytest.mark.parametrize("line", ["no-colon", "dev:xyz", "dev:" + "00" * 4, ":" + "00" * 16,
                                  "a:" + "00" * 16 + "\na:" + "11" * 16])
def test_bad_lines_of_the_psk_file(offline, line):
    offline.write_config()
    with open(offline.psk_path, "w", encoding="ascii") as f:
        f.write(line + "\n")
    r = offline.run("--check-config", write=False)
    assert r.returncode == 78 and re.search(r"coap\.psk:\d", r.stderr), r
    assert "11" * 16 not in r.stderr and "00" * 16 not in r.stderr, "a key in the output"


def test_a_psk_file_that_others_can_read(offline):
    offline.write_config()
    os.chmod(offline.psk_path, 0o644)
    r = offline.run("--check-config", write=False)
    assert "coap.psk" in r.stderr and re.search(r"(?i)(others|readable|permission|mode)", r.stderr)


# --- reload ---

@pytest.fixture
def running(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, devices={"first": "key-of-first-0123", "second": "key-of-second-012"})
    status(sub, daemon, lambda s: s["status"] == "online")
    return broker, sub, daemon


def reloaded(daemon, at):
    return daemon.wait_log("configuration reloaded", at)


def test_reload_under_load_keeps_everything(ward, running):
    """Ten times the same configuration: no reconnect, no handshake, nothing lost."""
    broker, sub, daemon = running
    load = Load(ward, daemon, identity="first")
    load.progress()
    for _ in range(10):
        reloaded(daemon, daemon.reload())
        load.progress(5)
    no_loss(load, sub)
    assert broker.connects() == 1
    # the load ran over one DTLS session from beginning to end


def test_reload_that_adds_a_device_keeps_sessions(ward, running):
    broker, sub, daemon = running
    first = ward.session(daemon, "first")
    assert first.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    daemon.devices["third"] = "key-of-third-0123"
    daemon.set("Device third", {"Transport": "coap", "Address": "third", "Bed": "9"})
    reloaded(daemon, daemon.reload())
    assert ward.session(daemon, "third").exchange(senml.as_json(heart_rate(71))).text == "2.04"
    assert first.exchange(senml.as_json(heart_rate(72))).text == "2.04"
    assert sub.reading("third").topic.endswith("/beds/9/third/heart-rate")
    assert broker.connects() == 1


def test_a_device_that_moves_to_another_bed_keeps_its_session(ward, running):
    broker, sub, daemon = running
    first = ward.session(daemon, "first")
    assert first.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    daemon.set("Device first", {"Bed": "window"})
    reloaded(daemon, daemon.reload())
    assert first.exchange(senml.as_json(heart_rate(71))).text == "2.04"
    m = sub.reading("first", where=lambda r: r["value"] == 71)
    assert "/beds/window/" in m.topic and m.json["bed"] == "window"
    assert broker.connects() == 1


def test_a_broken_reload_keeps_the_running_configuration(ward, running):
    broker, sub, daemon = running
    first = ward.session(daemon, "first")
    good = dict(daemon.sections["MQTT"])
    daemon.set("MQTT", {"Window": "many", "Windwo": "3"})
    at = daemon.reload()
    daemon.wait_log(re.compile(r"wardgate\.conf:\d+: \[MQTT\] Window=many"), at)
    daemon.wait_log("Windwo", at)
    daemon.wait_log(re.compile(r"(?i)stays in force|not applied|kept"), at)
    assert first.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    assert broker.connects() == 1
    daemon.sections["MQTT"] = good
    reloaded(daemon, daemon.reload())
    assert first.exchange(senml.as_json(heart_rate(71))).text == "2.04"


def test_a_changed_mqtt_setting_reconnects_mqtt_only(ward, running):
    broker, sub, daemon = running
    first = ward.session(daemon, "first")
    assert first.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    at = sub.mark()
    daemon.set("MQTT", {"KeepAlive": "33s"})
    reloaded(daemon, daemon.reload())
    broker.wait_connects(2)
    status(sub, daemon, lambda s: s["status"] == "online", at)
    assert first.exchange(senml.as_json(heart_rate(71))).text == "2.04"
    sub.reading("first", where=lambda r: r["value"] == 71)
    assert broker.connects() == 2


def test_live_settings_of_mqtt_need_no_reconnect(ward, running):
    broker, sub, daemon = running
    daemon.set("MQTT", {"Window": "33", "AckTimeout": "7s", "NoSubscriber": "keep"})
    reloaded(daemon, daemon.reload())
    assert ward.session(daemon, "first").exchange(senml.as_json(heart_rate(71))).text == "2.04"
    assert broker.connects() == 1


def test_a_removed_key_ends_that_session_only(ward, running):
    broker, sub, daemon = running
    first, second = ward.session(daemon, "first"), ward.session(daemon, "second")
    assert first.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    assert second.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    del daemon.devices["first"]
    reloaded(daemon, daemon.reload())
    assert second.exchange(senml.as_json(heart_rate(71))).text == "2.04"

    def ended():
        try:
            sent = first.post(senml.as_json(heart_rate(72)))
            answer = first.wait(sent, deadline=0.5, retransmit=False)
        except dtls.Closed:
            return True
        assert answer is None or answer.text == "4.03", answer
        return False
    wait_until(ended, "the end of the session whose key was removed")
    with pytest.raises(dtls.HandshakeFailed):
        ward.session(daemon, "first", key="key-of-first-0123", deadline=2)
    assert not [r for r in sub.readings("first") if r["value"] == 72]


def test_a_changed_key_ends_the_session_made_with_the_old_one(ward, running):
    broker, sub, daemon = running
    first = ward.session(daemon, "first")
    assert first.exchange(senml.as_json(heart_rate(70))).text == "2.04"
    daemon.devices["first"] = "another-key-of-first"
    reloaded(daemon, daemon.reload())
    again = ward.session(daemon, "first")
    assert again.exchange(senml.as_json(heart_rate(71))).text == "2.04"
    with pytest.raises(dtls.HandshakeFailed):
        ward.session(daemon, "first", key="key-of-first-0123", deadline=2)


def test_what_needs_a_restart_is_said(ward, running):
    broker, sub, daemon = running
    daemon.set("Gateway", {"StateDirectory": daemon.state + "2"})
    at = daemon.reload()
    daemon.wait_log(re.compile(r"(?i)StateDirectory.*restart|restart.*StateDirectory"), at)
    assert ward.session(daemon, "first").exchange(senml.as_json(heart_rate(70))).text == "2.04"


def test_coap_can_be_switched_off_and_on(ward, running):
    broker, sub, daemon = running
    assert ward.session(daemon, "first").exchange(senml.as_json(heart_rate(70))).text == "2.04"
    daemon.set("CoAP", {"Enabled": "no"})
    reloaded(daemon, daemon.reload())
    with pytest.raises((dtls.HandshakeFailed, OSError, dtls.Closed)):
        ward.session(daemon, "first", deadline=1)
    daemon.set("CoAP", {"Enabled": "yes"})
    reloaded(daemon, daemon.reload())
    assert ward.session(daemon, "first").exchange(senml.as_json(heart_rate(71))).text == "2.04"
