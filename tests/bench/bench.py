#!/usr/bin/python3
"""Measures the daemon against the bare libraries on this machine, side by side.

    bench.py [--quick] [--only NAME]... [--runs N] [--build DIR] [--write FILE]

Each figure is the median of several runs (five, or --runs); the two sides of a
ratio take turns within one sitting. It judges nothing: the exit code says only
whether everything was measured. A full sitting writes docs/performance.md.
Processes, broker and files are its own; all traffic stays on the loopback.
"""
import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))

import measure  # noqa: E402
import report  # noqa: E402
from stand import Failed, ROOT, Stand  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description="The daemon against the bare libraries.")
    parser.add_argument("--quick", action="store_true", help="one short run of each, to try it")
    parser.add_argument("--only", action="append", metavar="NAME", choices=sorted(measure.ALL),
                        help="one of: " + " ".join(sorted(measure.ALL)))
    parser.add_argument("--runs", type=int, help="runs of each side (default 5)")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"),
                        help="where the programs are")
    parser.add_argument("--write", metavar="FILE", help="write the document here in any case")
    return parser.parse_args()


def main():
    args = arguments()
    runs = args.runs or (1 if args.quick else 5)
    machine = report.Machine()
    rows = []
    try:
        for name in args.only or measure.ALL:
            with Stand(args.build) as stand:
                rows += measure.ALL[name](stand, runs, args.quick)
    except Failed as e:
        if rows:
            print(report.table(rows))
        print(f"bench: not measured: {e}", file=sys.stderr)
        return 1
    machine.finish()
    print(report.table(rows))
    target = args.write
    if not target and not args.quick and not args.only:
        target = os.path.join(ROOT, "docs", "performance.md")
    if target:
        with open(target, "w", encoding="utf-8") as f:
            f.write(report.document(rows, machine, runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
