"""The audit trail: every command leaves an entry, on the disk and as a record, in one chain over all runs,
whatever kills the gateway; and what was changed of it is found. The chain is checked by Python's hashlib."""
import errno
import hashlib
import json
import os
import sqlite3
import subprocess

from ward.base import wait_until
from ward.bus import refused, served, wait_served
from ward.ctl import ctl
from ward.daemon import ROOT, program
from test_control_mqtt import Station, schemas

ZEROS = "0" * 64


def records(sub):
    """The audit records, by number; the same number only ever with the same entry."""
    found = {}
    for m in list(sub.messages):
        if m.topic.endswith("/records") and m.json["record"] == "audit":
            assert schemas.faults("record", m.json) == []
            body = {k: m.json[k] for k in ("number", "entry", "previous", "hash")}
            assert found.setdefault(body["number"], body) == body
    return found


def chain(sub, count, more=False):
    """Until so many came, or more of them: their entries in order, each hash checked."""
    wait_until(lambda: len(records(sub)) >= count, f"{count} audit records")
    found = records(sub)
    assert more or len(found) == count
    assert sorted(found) == list(range(1, len(found) + 1))
    previous = ZEROS
    for number in sorted(found):
        r = found[number]
        assert r["previous"] == previous
        assert r["hash"] == hashlib.sha256((previous + r["entry"]).encode()).hexdigest()
        assert json.loads(r["entry"])["number"] == number
        previous = r["hash"]
    return [json.loads(found[n]["entry"]) for n in sorted(found)]


def verify(daemon, option="--verify-audit"):
    got = subprocess.run([program("wardgated", "WARDGATED"), "--config", daemon.config_path, option],
                         capture_output=True, text=True, timeout=60, check=False)
    return got.returncode, got.stdout + got.stderr


def whole(daemon, count):
    code, text = verify(daemon)
    assert code == 0 and f"entries 1 to {count}," in text, text


def test_each_command_leaves_an_entry(ward):
    s = Station(ward)
    assert verify(s.daemon) == (0, "The audit trail is empty.\n")
    assert s.ask("test-alarm", "r1", bed="3")["ok"]
    assert not s.ask("forget", "r2", device="nobody")["ok"]
    assert not s.ask("adopt", "r3", device="x")["ok"]  # not in Commands=
    s.caller.run("test-alarm", bed="4")
    s.caller.run("status")  # looks only: nothing to say
    refused(s.caller.run, "forget", device="nobody")
    s.daemon.reload()
    entries = chain(s.sub, 6)
    assert [(e["kind"], e.get("verb"), e["outcome"]) for e in entries] == [
        ("command", "test-alarm", "Done"), ("command", "forget", "NotFound"), ("command", "adopt", "NotPermitted"),
        ("command", "test-alarm", "Done"), ("command", "forget", "NotFound"), ("reload", None, "Done")]
    first, third, fourth = entries[0], entries[2], entries[3]
    assert (first["way"], first["by"], first["request"], first["arguments"]) == \
        ("mqtt", "station-2", "r1", {"bed": "3"})
    assert first["origin"] == s.daemon.gateway_topic("commands/test-alarm")
    assert "error" not in first and third["error"]
    assert (fourth["way"], fourth["origin"]) == ("bus", f"uid {os.getuid()}")
    whole(s.daemon, 6)
    code, out, _ = ctl("--bus", s.daemon.sections["Control"]["Bus"], "--json", "audit")
    assert code == 0 and json.loads(out) == {"entries": entries}
    code, out, _ = ctl("--bus", s.daemon.sections["Control"]["Bus"], "audit")
    assert code == 0 and "station-2" in out and "NotPermitted" in out and "SIGHUP" in out


def test_one_chain_over_all_runs(ward):
    s = Station(ward)
    assert "result" in s.ask("test-alarm", "r1", bed="3")
    chain(s.sub, 1)
    s.daemon.stop()
    whole(s.daemon, 1)
    s.daemon.start()
    s.ask("test-alarm", "r2", bed="3")
    chain(s.sub, 2)
    s.daemon.kill()
    s.daemon.start()
    s.ask("test-alarm", "r3", bed="3")
    assert [e["request"] for e in chain(s.sub, 3)] == ["r1", "r2", "r3"]
    whole(s.daemon, 3)
    # what an earlier run carried out is not carried out again
    assert s.ask("test-alarm", "r1", bed="3") == {"request": "r1", "ok": True}
    assert "choose a new one" in s.ask("test-alarm", "r2", bed="4")["error"]
    assert len([e for e in s.events() if e["phase"] == "start"]) == 3


def test_killed_between_disk_and_broker(ward):
    """An entry that is on the disk is published by the next run; one that is not has no number yet. Killed at
    whatever moment, there is one chain, and the records are all of it."""
    s = Station(ward)
    for i in range(8):
        s.send("test-alarm", {"request": f"r{i}", "by": "station-2", "bed": "3"})
        # the answer or the record may be out, or neither
        wait_until(lambda: len(records(s.sub)) >= max(0, i - 2), "records")
        s.daemon.kill()
        s.daemon.start()
        at = s.sub.mark()
        s.ask("forget", f"f{i}", device="nobody")
        s.sub.wait_topic(s.daemon.gateway_topic("records"),
                         lambda m: m.json["record"] == "audit" and f'"f{i}"' in m.json["entry"], at)
    code, text = verify(s.daemon)
    assert code == 0, text
    with sqlite3.connect(f"file:{s.daemon.state}/outbox.db?mode=ro", uri=True) as db:
        stored = dict(db.execute("SELECT number,entry FROM audit"))
    entries = chain(s.sub, len(stored))
    assert [json.loads(stored[n]) for n in sorted(stored)] == entries
    assert [e["request"] for e in entries if e["verb"] == "forget"] == [f"f{i}" for i in range(8)]


def test_records_wait_for_the_broker(ward):
    """What was commanded while no broker was there is told when it is back."""
    s = Station(ward)
    s.broker.stop()
    refused(s.caller.run, "forget", device="nobody")
    wait_until(lambda: "entries 1 to 1," in verify(s.daemon)[1], "the entry on the disk")
    s.daemon.kill()
    s.daemon.start()
    wait_served(s.daemon)
    refused(s.caller.run, "forget", device="nobody-else")
    s.broker.start()
    entries = chain(s.sub, 2)
    assert [e["arguments"]["device"] for e in entries] == ["nobody", "nobody-else"]
    whole(s.daemon, 2)


def test_a_disk_that_fails(ward):
    """The command is obeyed and told all the same; the entry is on the disk once that is well."""
    s = Station(ward)
    s.daemon.stop()
    broken = ward.disk(s.daemon)
    s.daemon.start()
    s.ask("test-alarm", "r1", bed="3")
    chain(s.sub, 1)
    broken.dead(errno.EIO)
    s.ask("test-alarm", "r2", bed="3")
    assert [e["request"] for e in chain(s.sub, 2)] == ["r1", "r2"]
    broken.well()
    wait_until(lambda: "entries 1 to 2," in verify(s.daemon)[1], "the second entry on the disk", 60)
    s.ask("test-alarm", "r3", bed="3")
    chain(s.sub, 3)
    whole(s.daemon, 3)


def test_a_flood_is_summed_up(ward):
    s = Station(ward)
    s.sub.publish(s.daemon.gateway_topic("commands/test-alarm"), *[
        json.dumps({"request": f"r{i}", "by": "station-2", "bed": "3"}) for i in range(60)])
    wait_until(lambda: any('"kind":"refused"' in r["entry"] for r in records(s.sub).values()), "a summary")
    wait_until(lambda: len(records(s.sub)) >= 11, "the others")
    entries = chain(s.sub, 11, more=True)
    assert len([e for e in entries if e["kind"] == "refused"]) == 1
    told = next(e for e in entries if e["kind"] == "refused")
    assert told["why"] == "rate" and told["verbs"] == "test-alarm" and told["count"] >= 1


def test_what_was_changed_is_found(ward):
    s = Station(ward)
    for i in range(3):
        s.ask("forget", f"r{i}", device="nobody")
    chain(s.sub, 3)
    path = f"{s.daemon.state}/outbox.db"
    with sqlite3.connect(path) as db:
        db.execute("UPDATE audit SET entry=replace(entry,'station-2','station-9') WHERE number=2")
    code, text = verify(s.daemon)
    assert code == 1 and "entry 2: it, or the one before it, was changed" in text
    with sqlite3.connect(path) as db:
        db.execute("UPDATE audit SET entry=replace(entry,'station-9','station-2') WHERE number=2")
    whole(s.daemon, 3)
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM audit WHERE number=3")
    code, text = verify(s.daemon)
    assert code == 1 and "the end is missing: entries up to 3 were written" in text


def test_no_trail(ward):
    daemon, _ = served(ward)
    daemon.stop()
    other = os.path.join(daemon.dir, "none.db")
    code, text = verify(daemon)
    assert code == 0
    code, text = verify(daemon, f"--verify-audit={other}")
    assert (code, text) == (66, f"{other}: No such file or directory\n")
    code, text = verify(daemon, "--verify-audit=" + os.path.join(ROOT, "Makefile"))
    assert code == 66 and "not a database" in text
