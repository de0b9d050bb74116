#!/usr/bin/python3
"""Measures the daemon against the bare libraries on this machine, side by side.

    bench.py [--quick] [--part PART] [--only NAME]... [--runs N] [--build DIR] [--write FILE]

Each figure is the median of several runs (five, or --runs); the two sides of a
ratio take turns within one sitting. It judges nothing: the exit code says only
whether everything was measured. A full sitting writes docs/performance.md, that
of one part its part of it. Processes, broker and files are its own; all traffic
stays on the loopback.
"""
import argparse
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))

import alarms  # noqa: E402
import ble  # noqa: E402
import ledger  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402
import zigbee  # noqa: E402
from stand import Failed, ROOT, Stand  # noqa: E402


PARTS = {"gateway": measure.ALL, "ledger": ledger.ALL, "alarms": alarms.ALL, "ble": ble.ALL,
         "zigbee": zigbee.ALL}
NAMES = measure.ALL | ledger.ALL | alarms.ALL | ble.ALL | zigbee.ALL


def arguments():
    parser = argparse.ArgumentParser(description="The daemon against the bare libraries.")
    parser.add_argument("--quick", action="store_true", help="one short run of each, to try it")
    parser.add_argument("--part", choices=PARTS, help="this part alone")
    parser.add_argument("--only", action="append", metavar="NAME", choices=NAMES,
                        help="one of: " + " ".join(NAMES))
    parser.add_argument("--runs", type=int, help="runs of each side (default 5)")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"),
                        help="where the programs are")
    parser.add_argument("--write", metavar="FILE", help="write the document here in any case")
    return parser.parse_args()


def sitting(args, names, runs):
    """Measures those names; returns the block for the document, or None when something failed."""
    machine = report.Machine()
    rows = []
    try:
        for name in names:
            with Stand(args.build) as stand:
                rows += NAMES[name](stand, runs, args.quick)
    except Failed as e:
        if rows:
            print(report.table(rows))
        print(f"bench: not measured: {e}", file=sys.stderr)
        return None
    machine.finish()
    block = report.measured(rows, machine, runs)
    print(block)
    return block


def main():
    args = arguments()
    # Whoever ends it must not find mounts and processes left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    runs = args.runs or (1 if args.quick else 5)
    blocks = {}
    for part, names in PARTS.items():
        names = [n for n in names if n in (args.only or NAMES) and args.part in (None, part)]
        if names:
            blocks[part] = sitting(args, names, runs)
    target = os.path.join(ROOT, "docs", "performance.md")
    earlier = ""
    if os.path.exists(target):
        with open(target, encoding="utf-8") as f:
            earlier = f.read()
    if args.write or not (args.quick or args.only):
        with open(args.write or target, "w", encoding="utf-8") as f:
            f.write(report.document(blocks, earlier))
    return 0 if all(blocks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
