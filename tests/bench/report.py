"""The table of a sitting and docs/performance.md."""
import os
import platform
import re
import resource
import statistics
import subprocess
import time

from stand import ROOT

PACKAGES = ("libmosquitto1", "mosquitto", "libcoap3", "libssl3", "libsystemd0", "libcjson1",
            "libcbor0.8", "libinih1", "libsqlite3-0", "libc6")
TEXT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "performance.md.in")


def busy_ticks():
    """Ticks that all processors spent on something, and those that the host took."""
    with open("/proc/stat", encoding="ascii") as f:
        n = [int(x) for x in f.readline().split()[1:9]]
    return sum(n) - n[3] - n[4], n[7], sum(n)


class Machine:
    """The machine, and whether it was quiet."""

    def __init__(self):
        self.own_at_start = self.own()
        first = busy_ticks()
        time.sleep(1)
        last = busy_ticks()
        self.busy = (last[0] - first[0]) / max(1, last[2] - first[2])
        self.at_start = last
        self.began = time.strftime("%Y-%m-%d", time.gmtime())
        self.others = self.stolen = 0.0

    @staticmethod
    def own():
        """Seconds of the bench and its ended children."""
        return sum(sum(resource.getrusage(who)[:2])
                   for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))

    def finish(self):
        """What ran beside the bench: all that was busy, less the bench and its ended children."""
        last = busy_ticks()
        own = self.own() - self.own_at_start
        total = max(1, last[2] - self.at_start[2])
        busy = last[0] - self.at_start[0] - own * os.sysconf("SC_CLK_TCK")
        self.others = max(0.0, busy / total)
        self.stolen = (last[1] - self.at_start[1]) / total

    @staticmethod
    def processor():
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            for line in f:
                if line.startswith(("model name", "Model")):
                    return line.partition(":")[2].strip()
        return platform.machine()

    @staticmethod
    def memory():
        with open("/proc/meminfo", encoding="ascii") as f:
            return f"{int(f.readline().split()[1]) / 1048576:.0f} GiB"

    @staticmethod
    def system():
        with open("/etc/os-release", encoding="utf-8") as f:
            for line in f:
                if line.startswith("PRETTY_NAME="):
                    return line.partition("=")[2].strip().strip('"')
        return platform.system()

    @staticmethod
    def versions():
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *PACKAGES],
                              capture_output=True, text=True, check=False)
        return [line for line in done.stdout.splitlines() if len(line.split()) == 2]

    @staticmethod
    def compiler():
        done = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True,
                              check=False)
        return "gcc " + done.stdout.strip()

    def lines(self):
        return [
            f"- {self.processor()}, {os.cpu_count()} processors, {self.memory()}; "
            f"{platform.machine()}",
            f"- {self.system()}, Linux {platform.release()}, {self.compiler()} -O2",
            f"- {', '.join(self.versions())}",
            f"- measured on {self.began}; something else took {self.busy:.0%} of the processors' "
            f"time just before, {self.others:.0%} meanwhile, and the host {self.stolen:.1%}",
        ]


def target(row):
    if row.target:
        return f"<= {row.target:.2f}"
    if row.least:
        return f">= {row.least:.2f}"
    if row.limit:
        return f"<= {row.limit} {row.unit}"
    return row.aim or ""


def cells(row):
    bares = [b for b in row.bare if b is not None]
    ours, bare = statistics.median(row.ours), statistics.median(bares) if bares else None
    ratios = [o / b for o, b in zip(row.ours, row.bare) if b]
    digits = 0 if ours >= 1000 else 1 if ours >= 20 else 2

    def number(value):
        return f"{value:,.{digits}f}"

    def ends(values):
        return f"{number(min(values))} .. {number(max(values))}" if values else ""

    return [row.what, f"{number(ours)} {row.unit}", f"{number(bare)} {row.unit}" if bares else "",
            f"{ours / bare:.2f}" if bare else "", target(row),
            f"{min(ratios):.2f} .. {max(ratios):.2f}" if ratios else "", ends(row.ours), ends(bares)]


HEADER = ["what", "ours", "beside it", "ratio", "target", "ratios of the runs", "ours, min .. max",
          "beside it, min .. max"]


def table(rows):
    lines = [HEADER] + [cells(r) for r in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
    out = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths)) + " |" for line in lines]
    out.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(out)


def measured(rows, machine, runs):
    """The block of the document that a part measures."""
    return "\n".join(machine.lines()) + f"\n\n{table(rows)}\n\nMedians of {runs} runs where the last " \
        "columns show a span."


def document(blocks, earlier):
    """blocks: what was measured by part. Other parts keep what the earlier document says."""
    with open(TEXT, encoding="utf-8") as f:
        text = f.read()

    def block(match):
        part = match.group(1).lower()
        begin, end = f"<!-- {part} -->\n", f"\n<!-- end of {part} -->"
        old = earlier.partition(begin)[2].partition(end)[0]
        return begin + (blocks.get(part) or old or "Not measured yet.") + end

    return re.sub(r"^@([A-Z]+)@$", block, text, flags=re.M)


__all__ = ["Machine", "document", "measured", "table", "ROOT"]
