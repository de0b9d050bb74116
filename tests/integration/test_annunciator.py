"""[Annunciator] with a daemon that runs. LEDs only, in directories of files like those of the kernel's LED
class, whose brightness is a pipe: so each level that was set is seen. Lines of GPIO chips are
in tests/unit/annunciator and, with the kernel's real chips, in tests/guest."""
import errno
import os
import re
import threading

import pytest

from ward import senml
from ward.base import Record, wait_until
from ward.bus import served
from ward.daemon import status
from ward.senml import record

RED, YELLOW, GREEN, BLUE, BUZZER = "red", "yellow", "green", "blue", "buzzer"


class Led:
    """A directory like one of /sys/class/leds. levels tells what was written."""

    def __init__(self, directory, name, trigger="none kbd-capslock [heartbeat] timer"):
        self.path = os.path.join(str(directory), name)
        self.levels = Record()  # "255" or "0"
        self.trigger = trigger
        self.thread = None
        self.plug()

    def plug(self):
        os.makedirs(self.path)
        self._put("max_brightness", "255\n")
        self._put("trigger", self.trigger + "\n")
        os.mkfifo(os.path.join(self.path, "brightness"))
        # both ends, or opening waits for a writer and each writer's end is an end of file
        self.pipe = os.open(os.path.join(self.path, "brightness"), os.O_RDWR)
        self.thread = threading.Thread(target=self._read, args=(self.pipe,), daemon=True)
        self.thread.start()

    def unplug(self):
        for name in ("max_brightness", "trigger", "brightness"):
            os.unlink(os.path.join(self.path, name))
        os.rmdir(self.path)
        os.write(self.pipe, b"x")  # the reader's end
        self.thread.join()
        os.close(self.pipe)

    def _put(self, name, text):
        with open(os.path.join(self.path, name), "w", encoding="ascii") as f:
            f.write(text)

    def get(self, name):
        with open(os.path.join(self.path, name), encoding="ascii") as f:
            return f.read().strip()

    def _read(self, pipe):
        while True:
            text = os.read(pipe, 4096).decode()
            for level in re.findall("255|0", text):
                self.levels.add(level)
            if "x" in text:
                return

    @property
    def name(self):
        return "led:" + self.path

    def wait(self, level, start=0):
        return self.levels.wait(lambda item: item == level, f"{level} of {self.path}", start)

    def wait_flash(self, count=2):
        """It goes out and is lit again, that often from here on."""
        for _ in range(count):
            at = self.mark()
            self.wait("0", at)
            self.wait("255", at)

    def wait_dark(self):
        """Off, and not lit once more while the others flash."""
        wait_until(lambda: self.levels.items and self.levels.items[-1] == "0", f"{self.path} is off")

    def mark(self):
        return len(self.levels.items)


@pytest.fixture(name="leds")
def make_leds(tmp_path):
    made = {name: Led(tmp_path, name) for name in (RED, YELLOW, GREEN, BLUE, BUZZER)}
    yield made
    for led in made.values():
        if os.path.exists(led.path):
            led.unplug()


def annunciator(**settings):
    return {"Annunciator": {key.capitalize(): " ".join(led.name for led in value)
                            for key, value in settings.items()}}


def limit(priority, below):
    return {"Type": "limit", "Metric": "spo2", "Priority": priority, "Latching": "no", "Below": str(below)}


def post(session, value):
    assert session.exchange(senml.as_json(record("spo2", value / 100, "/"))).text == "2.04"


def test_alarms_are_seen_and_heard(ward, leds):
    """From the reading to the lamp: high flashes and sounds; what is acknowledged is seen only; what is
    paused altogether is neither, and the next less urgent one is; over is dark."""
    sections = annunciator(high=[leds[RED]], medium=[leds[YELLOW]], sound=[leds[BUZZER]],
                           broker=[leds[BLUE]])
    sections.update({"Rule low": limit("medium", 90), "Rule very-low": limit("high", 85)})
    broker = ward.broker()
    ward.subscriber(broker)  # or that nobody listens is an alarm, too
    daemon, caller = served(ward, broker, sections=sections)
    session = ward.session(daemon)
    post(session, 95)
    for led in leds.values():
        if led is not leds[GREEN]:
            led.wait_dark()
    before = {name: led.mark() for name, led in leds.items()}
    post(session, 80)
    leds[RED].wait("255", before[RED])
    leds[BUZZER].wait("255", before[BUZZER])
    leds[RED].wait_flash()
    leds[BUZZER].wait_flash()
    assert "255" not in leds[YELLOW].levels.items[before[YELLOW]:]

    device = next(iter(daemon.devices))
    caller.run("acknowledge", alarm=f"very-low.{device}", by="nurse")
    caller.run("acknowledge", alarm=f"low.{device}", by="nurse")
    leds[BUZZER].wait_dark()
    quiet = leds[BUZZER].mark()
    leds[RED].wait_flash(4)
    assert "255" not in leds[BUZZER].levels.items[quiet:]

    caller.run("pause", alarm=f"very-low.{device}", kind="alarm", seconds=120, by="nurse")
    leds[YELLOW].wait("255", before[YELLOW])
    leds[RED].wait_dark()
    leds[YELLOW].wait_flash(1)
    assert "255" not in leds[BUZZER].levels.items[quiet:]

    post(session, 97)
    leds[YELLOW].wait_dark()
    leds[RED].wait_dark()
    assert "255" not in leds[BLUE].levels.items


@pytest.mark.slow
def test_broker_out_of_reach_is_seen(ward, leds):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, sections=annunciator(broker=[leds[BLUE]]))
    status(sub, daemon, lambda s: s["status"] == "online")
    assert "255" not in leds[BLUE].levels.items
    broker.stop()
    leds[BLUE].wait("255")
    at = leds[BLUE].mark()
    broker.start()
    leds[BLUE].wait("0", at)


def test_running_shows_that_it_runs_and_that_it_stopped(ward, leds):
    daemon = ward.daemon(ward.broker(), sections=annunciator(running=[leds[GREEN]]))
    leds[GREEN].wait("255")
    assert leds[GREEN].get("trigger") == "none"
    # it dips, and comes back
    at = leds[GREEN].mark()
    leds[GREEN].wait("0", at)
    leds[GREEN].wait("255", at)
    at = leds[GREEN].mark()
    assert daemon.stop() == 0
    assert wait_until(lambda: leds[GREEN].levels.items[at:] and leds[GREEN].levels.items[-1] == "0",
                      "the lamp is off")


def test_killed_and_switched_off_afterwards(ward, leds):
    """The lamp of a gateway that was killed stays as it was: that is what ExecStopPost= is for."""
    daemon = ward.daemon(ward.broker(), sections=annunciator(running=[leds[GREEN]], low=[leds[RED]]))
    leds[GREEN].wait("255")
    daemon.kill()
    at = leds[RED].mark(), leds[GREEN].mark()
    done = daemon.run("--annunciator-off")
    assert done.returncode == 0, done.stderr
    leds[RED].wait("0", at[0])
    leds[GREEN].wait("0", at[1])
    leds[RED].unplug()
    done = daemon.run("--annunciator-off")
    assert done.returncode == 1
    assert leds[RED].path in done.stderr + done.stdout


def test_missing_lamp_is_told_and_stops_nothing(ward, leds):
    leds[RED].unplug()
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker, sections=annunciator(high=[leds[RED]], running=[leds[GREEN]]))
    leds[GREEN].wait("255")
    told = status(sub, daemon, lambda s: s["status"] == "online")["annunciator"]
    assert told[0]["output"] == leds[RED].name and told[0]["for"] == ["high"]
    assert os.strerror(errno.ENOENT) in told[0]["problem"]
    assert told[1] == {"output": leds[GREEN].name, "for": ["running"]}
    assert daemon.count_log("an output of the annunciator does not work") == 1

    leds[RED].plug()
    daemon.wait_log("an output of the annunciator works again")
    status(sub, daemon, lambda s: all("problem" not in o for o in s.get("annunciator", [{"problem": 1}])))
    assert leds[RED].get("trigger") == "none"
    assert daemon.count_log("an output of the annunciator does not work") == 1


def test_reload_moves_lamps(ward, leds):
    daemon = ward.daemon(ward.broker(), sections=annunciator(running=[leds[GREEN]]))
    leds[GREEN].wait("255")
    daemon.set("Annunciator", None)
    daemon.set("Annunciator", annunciator(running=[leds[BLUE]])["Annunciator"])
    at = leds[GREEN].mark()
    daemon.reload()
    leds[BLUE].wait("255")
    leds[GREEN].wait("0", at)
    daemon.set("Annunciator", None)
    at = leds[BLUE].mark()
    daemon.reload()
    leds[BLUE].wait("0", at)


def test_off_unless_it_is_named(ward):
    broker = ward.broker()
    sub = ward.subscriber(broker)
    daemon = ward.daemon(broker)
    assert "annunciator" not in status(sub, daemon, lambda s: s["status"] == "online")


def test_faults_are_found_at_check_time(ward, leds):
    daemon = ward.daemon(ward.broker(), start=False,
                         sections=annunciator(high=[leds[RED]], sound=[leds[RED]]))
    done = daemon.run("--check-config")
    assert done.returncode == 78
    assert "is in High=, too" in done.stderr
