"""zigbee-herdsman as a host: host.js in a process of its own, and what it said. See README.md."""
import itertools
import json
import os
import subprocess
import threading

from decoded import address
from ward.base import DEADLINE, Record

HERE = os.path.dirname(os.path.abspath(__file__))
NETWORK = {"panID": 0x1a62, "extendedPanID": [0xdd, 0x11, 0xdd, 0x22, 0xdd, 0x33, 0xdd, 0x44], "channelList": [15],
           "networkKey": [1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 13]}


class Failed(Exception):
    """Herdsman answered an order with an error."""


class Herdsman:
    """One process. directory: its database and backup, which outlive it."""

    def __init__(self, modules, directory, port):
        self.directory, self.port = directory, port
        self.said = Record()
        self.errors = []
        self.numbers = itertools.count(1)
        os.makedirs(directory, exist_ok=True)
        self.log_path = os.path.join(directory, "herdsman.log")
        self.log = open(self.log_path, "ab")
        self.child = subprocess.Popen(["node", os.path.join(HERE, "host.js")], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=self.log,
                                      env={**os.environ, "NODE_PATH": modules})
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.child.stdout:
            self.said.add(json.loads(line))
        self.said.add({"event": "gone"})

    def ask(self, do, deadline=4 * DEADLINE, **order):
        number = next(self.numbers)
        self.child.stdin.write((json.dumps({"id": number, "do": do, **order}) + "\n").encode())
        self.child.stdin.flush()
        answer = self.said.wait(lambda m: m.get("id") == number or m.get("event") == "gone", f"an answer to {do}",
                                deadline=deadline)
        if "error" in answer or "event" in answer:
            raise Failed(f"{do}: {answer.get('error', 'the process ended')}")
        return answer["value"]

    def start(self, network=None, wire=None):
        """What the adapter said of the network: resumed, reset (it formed one) or restored."""
        return self.ask("start", port=self.port, directory=self.directory, network={**NETWORK, **(network or {})},
                        wire=wire)

    def event(self, name, start=0, deadline=4 * DEADLINE, **where):
        """The first such event; `where` are fields that it has."""
        return self.said.wait(lambda m: m.get("event") == name and all(m.get(k) == v for k, v in where.items()),
                              f"{name} {where or ''} from herdsman", start, deadline)

    def messages(self, start=0):
        return [m for m in list(self.said)[start:] if m.get("event") == "message"]

    def interviewed(self, addresses, start=0):
        """All of them with success; a failed interview is an error at once."""
        waiting = {address(a) for a in addresses}

        def done(items):
            found = [m for m in items[start:] if m.get("event") == "interview" and m["ieee"] in waiting]
            bad = [m["ieee"] for m in found if m["status"] == "failed"]
            if bad:
                raise Failed(f"the interview of {bad} failed")
            return {m["ieee"] for m in found if m["status"] == "successful"} >= waiting
        self.said.wait_for(done, lambda: f"interviews of {waiting}", 6 * DEADLINE)
        return {d["ieee"]: d for d in self.ask("devices")}

    def backup_path(self):
        return os.path.join(self.directory, "coordinator_backup.json")

    def errors_logged(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return [line.rstrip("\n") for line in f if line.startswith(("error ", "unhandled "))]

    def end(self):
        if self.child.poll() is None:
            self.child.stdin.close()
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.log.close()

