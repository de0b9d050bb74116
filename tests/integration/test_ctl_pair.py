"""pair and unpair: each step on a pseudo-terminal and as lines of JSON, against a gateway that plays its part."""
import json
import signal
import subprocess

import pytest

from ward.ctl import CTL, ctl, environment, one_line
from ward.dbus import FakeGateway, Refused

BONDED = {"step": "done", "secure_connections": True, "authenticated": True, "identity": "C0:FF:EE:00:00:01"}


class Gateway(FakeGateway):
    """steps: what is answered to pair, one after the other: the members of a step, an exception, or None: nothing
    ever. To "cancel" there is always an answer."""

    def __init__(self, bus, *steps):
        self.steps = list(steps)
        self.asked = []
        super().__init__(bus, {"Run": self._run, "GetDevice": ("s", ('{"device":"bed3"}',)),
                               "Adopt": ("s", ('{"device":"bed3","transport":"ble","address":"C0:FF:EE:00:00:01",'
                                               '"file":"/s/x.conf"}',)),
                               "Discover": lambda seconds: ("u", (0,)),
                               "ListUnknown": ("as", ([json.dumps({
                                   "transport": "ble", "address": "C0:FF:EE:00:00:01", "name": "Nonin3230",
                                   "kind": "pulse oximeter", "signal": -61, "times": 3})],))})

    def _run(self, verb, arguments):
        arguments = json.loads(arguments)
        self.asked.append((verb, arguments))
        if arguments.get("answer") == "cancel":
            step = {"step": "cancelled"}
        else:
            step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        if step is None:
            return None
        return "s", (json.dumps({"device": arguments["device"], "pairing": 7, **step} if verb == "pair" else step),)

    def answers_to(self):
        return [a["answer"] for _, a in self.asked if "answer" in a]


@pytest.fixture
def play(bus):
    made = []

    def start(*steps):
        made.append(Gateway(bus, *steps))
        return made[-1]
    yield start
    for g in made:
        g.end()


def run(bus, *arguments, **kwargs):
    return ctl("--bus", bus.address, *arguments, **kwargs)


def test_one_that_asks_nothing(bus, play):
    g = play({**BONDED, "authenticated": False})
    status, out, err = run(bus, "pair", "bed3", "20", "--address", "4A:00:00:00:00:01")
    assert (status, err) == (0, "") and "bed3 is paired: LE Secure Connections, without a number" in out
    assert g.asked == [("pair", {"device": "bed3", "seconds": 20, "address": "4A:00:00:00:00:01"})]


@pytest.mark.parametrize("said, answer", [("y", "yes"), ("yes", "yes"), ("n", "no"), ("", "no"), ("what", "no")])
def test_a_number_to_compare(play, terminal, said, answer):
    g = play({"step": "compare", "number": "012345"},
             BONDED if answer == "yes" else Refused("Refused", "the numbers are not the same; try again"))
    t = terminal("pair", "bed3")
    t.wait("Waiting up to 60 s for bed3")
    t.wait(r"Does bed3 show 012 345\? \[y/N\]")
    t.line(said)
    assert t.ends() == (0 if answer == "yes" else 1)
    assert ("is paired" if answer == "yes" else "not the same") in t.text
    assert g.asked[1] == ("pair", {"device": "bed3", "pairing": 7, "answer": answer})


def test_a_passkey_to_enter(play, terminal):
    g = play({"step": "enter"}, Refused("InvalidArgument", '"answer": give the six digits'), BONDED)
    t = terminal("pair", "bed3")
    at = t.wait("six digits that bed3 shows").end()
    t.line("12345")
    at = t.wait("give the six digits", start=at).end()
    t.wait("six digits that bed3 shows", start=at)
    t.line("123456")
    t.wait("is paired: LE Secure Connections, and the number proves")
    assert t.ends() == 0
    assert g.answers_to() == ["12345", "123456"]


def test_a_passkey_to_show(play, terminal):
    g = play({"step": "show", "number": "000042"}, {"step": "show", "number": "000043"},
             {**BONDED, "secure_connections": False})
    t = terminal("pair", "bed3")
    t.wait("Type this at bed3: 000 042")
    t.wait("Type this at bed3: 000 043")
    t.wait("is paired: legacy pairing")
    assert t.ends() == 0
    assert g.answers_to() == ["wait", "wait"]


@pytest.mark.parametrize("how", ["\x03", "\x04", "\n"])
def test_who_leaves_ends_it(play, terminal, how):
    g = play({"step": "enter"})
    t = terminal("pair", "bed3")
    t.wait("leave")
    t.send(how)
    assert t.ends() == 1
    assert "bed3 was not paired" in t.text
    assert g.asked[-1] == ("pair", {"device": "bed3", "pairing": 7, "answer": "cancel"})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_does_not_wait_ends_it(bus, play, number):
    """Before the number of the pairing is known."""
    g = play(None)
    p = subprocess.Popen([CTL, "--bus", bus.address, "pair", "bed3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         stdin=subprocess.DEVNULL, env=environment(), text=True,
                         preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    g.call("Run")
    p.send_signal(number)
    _, err = p.communicate(timeout=30)
    assert p.returncode == 1 and "bed3 was not paired" in err
    assert g.asked[-1] == ("pair", {"device": "bed3", "answer": "cancel"})


def test_nobody_to_ask(bus, play):
    g = play({"step": "compare", "number": "012345"})
    status, _, err = run(bus, "pair", "bed3")
    assert status == 1 and "on a terminal, or with --json" in err
    assert g.answers_to() == ["cancel"]


def test_a_program_that_answers(bus, play):
    g = play({"step": "compare", "number": "012345"}, Refused("InvalidArgument", "give yes or no"),
             {"step": "show", "number": "000042"}, BONDED)
    p = subprocess.run([CTL, "--bus", bus.address, "--json", "pair", "bed3"], input="ja\nyes\n", capture_output=True,
                       text=True, timeout=60, env=environment(), check=False)
    steps = [json.loads(line) for line in p.stdout.splitlines()]
    assert [s["step"] for s in steps] == ["compare", "show", "done"] and steps[2]["identity"] == "C0:FF:EE:00:00:01"
    assert p.returncode == 0 and one_line(p.stderr) and "give yes or no" in p.stderr
    assert g.answers_to() == ["ja", "yes", "wait"]


def test_a_program_that_leaves(bus, play):
    g = play({"step": "enter"})
    p = subprocess.run([CTL, "--bus", bus.address, "--json", "pair", "bed3"], input="", capture_output=True, text=True,
                       timeout=60, env=environment(), check=False)
    assert p.returncode == 1 and json.loads(p.stdout)["step"] == "enter"
    assert g.answers_to() == ["cancel"]


def test_what_is_refused_or_wrong(bus, play):
    g = play(Refused("Refused", "Bluetooth is not enabled; set Enabled=yes in [BLE], and reload"))
    status, out, err = run(bus, "pair", "bed3")
    assert (status, out) == (1, "") and one_line(err) and "set Enabled=yes in [BLE]" in err
    for arguments in (["pair"], ["pair", "bed3", "4"], ["pair", "bed3", "301"], ["pair", "bed3", "x"],
                      ["pair", "bed3", "5", "6"], ["pair", "bed3", "--adress", "x"], ["unpair"], ["unpair", "bed3"]):
        status, _, err = run(bus, *arguments)
        assert status == 64 and one_line(err), arguments
    assert len(g.asked) == 1


def test_one_under_way_is_ended(bus, play):
    g = play()
    status, out, _ = run(bus, "pair", "bed3", "--cancel")
    assert status == 0 and "The pairing of bed3 is ended." in out
    assert g.asked == [("pair", {"device": "bed3", "answer": "cancel"})]
    assert json.loads(run(bus, "--json", "pair", "bed3", "--cancel")[1])["step"] == "cancelled"


def test_unpair(bus, play, terminal):
    g = play({}, Refused("NotFound", "bed3 is not paired"), {})
    status, out, err = run(bus, "unpair", "bed3", "--yes")
    assert (status, out, err) == (0, "bed3 is unpaired.\n", "")
    status, _, err = run(bus, "unpair", "bed3", "--yes")
    assert status == 1 and "is not paired" in err
    t = terminal("unpair", "bed3")
    t.wait("Unpair it")
    t.line("n")
    assert t.ends() == 1 and len(g.asked) == 2
    t = terminal("unpair", "bed3")
    t.wait("Unpair it")
    t.line("y")
    assert t.ends() == 0 and g.asked[-1] == ("unpair", {"device": "bed3"})


def test_adopt_leads_to_pairing(play, terminal):
    g = play({"step": "compare", "number": "111222"}, BONDED)
    t = terminal("adopt")
    t.wait("Which one")
    assert "Nonin3230" in t.text and "pulse oximeter" in t.text
    t.line("1")
    t.wait("Name of the device")
    t.line("bed3")
    t.wait("Bed \\[")
    t.line("3")
    t.wait("Pair it now")
    t.line("y")
    t.wait("111 222")
    t.line("y")
    assert t.ends() == 0
    assert g.answers_to() == ["yes"]
    t = terminal("adopt")
    t.wait("Which one")
    t.line("1")
    t.wait("Name of the device")
    t.line("bed3")
    t.wait("Bed \\[")
    t.line("")
    t.wait("Pair it now")
    t.line("")
    t.wait("wardgatectl pair bed3 does it later")
    assert t.ends() == 0


@pytest.mark.parametrize("bond, said", [
    ({"state": "none"}, "no"), ({"state": "good", "authenticated": True}, "yes, proven by a number"),
    ({"state": "good"}, "yes"), ({"state": "stale"}, "wardgatectl pair makes a new one"), (None, None)])
def test_device_says_whether_it_is_paired(bus, play, bond, said):
    g = play()
    g.answers["GetDevice"] = ("s", (json.dumps({"device": "bed3", **({"bond": bond} if bond else {})}),))
    out = run(bus, "device", "bed3")[1]
    lines = [line for line in out.splitlines() if line.split()[:1] == ["paired"]]
    assert len(lines) == (1 if said else 0) and (not said or said in lines[0])


@pytest.mark.parametrize("link, said", [
    ({"state": "connected", "signal": -61}, "connected (-61 dBm)"),
    ({"state": "not-heard"}, "not heard since the start"),
    ({"state": "waiting", "signal": -80}, "waits for a free connection (-80 dBm)"), ({"state": "of tomorrow"}, None)])
def test_device_says_how_it_is_heard(bus, play, link, said):
    g = play()
    g.answers["GetDevice"] = ("s", (json.dumps({"device": "bed3", "link": link}),))
    lines = [line for line in run(bus, "device", "bed3")[1].splitlines() if line.split()[:1] == ["radio"]]
    assert [line.split(None, 1)[1] for line in lines] == ([said] if said else [])
