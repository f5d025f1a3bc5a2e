#!/usr/bin/env python3
"""Kills an import at random moments and runs it again, until it is through (laws L1, L2, L7).

usage: interrupt_test.py TALLYSTONE [--kills N] [--signal KILL|INT|TERM] [--file CSV] [--seed N]

The import is started on the same database again and again and interrupted each time after a random while.
After each interruption the database must be sound, and what it has of each tenant must be a prefix of that
tenant's lines. In the end the state digest must be that of an uninterrupted import.
"""
import argparse
import csv
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from decimal import Decimal


def make_lines(path, seed, count):
    """Writes a file of plausible lines; about one in fifty cannot be booked."""
    choose = random.Random(seed)
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["InvoiceNo", "StockCode", "Description", "Quantity", "UnitPrice", "Branch"])
        invoice = 1000
        for _ in range(count):
            invoice += choose.random() < 0.05
            item = int(choose.paretovariate(0.6)) % 5000
            quantity = choose.choice(["1", "2", "6", "12.5", "-1", "48", "144"])
            if choose.random() < 0.02:
                quantity = choose.choice(["", "6 pcs", "0", "1,000"])
            price = f"{choose.randrange(1, 9999) / 100:.2f}"
            writer.writerow([invoice, f"C{item:05d}", f"Item {item}", quantity, price,
                             choose.choice(["North", "South", "South", "South"])])


def run(tool, *arguments):
    return subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)


def digest(tool, database):
    return json.loads(run(tool, "status", "--db", database, "--json").stdout)["state_digest"]


def prefixes(path, tenant_column):
    """Per tenant, the running (lines, on hand, value) after each of its lines that can be booked."""
    sums = defaultdict(lambda: [(0, Decimal(0), Decimal(0))])
    with open(path, newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            try:
                quantity, price = Decimal(row["Quantity"]), Decimal(row["UnitPrice"])
            except ArithmeticError:
                continue
            if quantity == 0:
                continue
            tenant = row[tenant_column] if tenant_column else "default"
            lines, on_hand, value = sums[tenant][-1]
            sums[tenant].append((lines + 1, on_hand + quantity, value + quantity * price))
    return sums


def check_prefix(tool, database, sums):
    """Returns the lines booked; fails unless each tenant's sums are those of a prefix of its lines."""
    listing = run(tool, "inventory", "--db", database, "--format", "csv")
    if listing.returncode == 3:
        return 0  # killed before there was a database
    assert listing.returncode == 0, listing.stderr
    found = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for row in csv.DictReader(io.StringIO(listing.stdout)):
        entry = found[row["tenant"]]
        entry[0] += int(row["lines"])
        entry[1] += Decimal(row["on_hand"])
        entry[2] += Decimal(row["value"])
    for tenant, entry in found.items():
        expected = sums[tenant][entry[0]]
        assert tuple(entry) == expected, f"tenant {tenant}: {entry}, the prefix has {expected}"
    return sum(entry[0] for entry in found.values())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--kills", type=int, default=int(os.environ.get("TALLYSTONE_KILLS", "12")))
    parser.add_argument("--signal", default="KILL")
    parser.add_argument("--file")
    parser.add_argument("--tenant-column", default="Branch")
    parser.add_argument("--lines", type=int, default=150_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--prefix", action="store_true", help="batches stand in file order: check prefixes")
    parser.add_argument("--options", default="", help="more options of import, separated by blanks")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    choose = random.Random(arguments.seed)
    number = getattr(signal, "SIG" + arguments.signal)
    folder = tempfile.mkdtemp(prefix="tallystone-interrupt-", dir=os.environ.get("TALLYSTONE_TEST_DIR"))
    try:
        source = arguments.file
        if source is None:
            source = os.path.join(folder, "lines.csv")
            make_lines(source, 7, arguments.lines)
        tenant = ["--tenant-column", arguments.tenant_column] if arguments.tenant_column else []
        command = ["import", source, *tenant, *arguments.options.split(), "--db"]
        sums = prefixes(source, arguments.tenant_column) if arguments.prefix else None

        whole = os.path.join(folder, "whole.db")
        start = time.monotonic()
        assert run(arguments.tool, *command, whole).returncode in (0, 1)
        duration = time.monotonic() - start
        expected = digest(arguments.tool, whole)

        interrupted = done = 0
        database = os.path.join(folder, "killed.db")
        longest = duration
        while interrupted < arguments.kills:
            process = subprocess.Popen([arguments.tool, *command, database],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(choose.uniform(0.0, longest))
            process.send_signal(number)
            error = process.communicate()[1].decode()
            if process.returncode in (0, 1):
                assert digest(arguments.tool, database) == expected, "the state differs"
                done += 1
                shutil.rmtree(database)
                continue
            wanted = -number if number == signal.SIGKILL else 130
            # A signal before main has set its handler ends the process at once.
            assert process.returncode in (wanted, -number), (process.returncode, error)
            interrupted += 1
            if sums is not None:
                check_prefix(arguments.tool, database, sums)
            if interrupted % 10 == 0 and os.path.isdir(database):
                verified = run(arguments.tool, "verify", "--db", database)
                assert verified.returncode in (0, 3), verified.stdout + verified.stderr
        assert run(arguments.tool, *command, database).returncode in (0, 1)
        assert digest(arguments.tool, database) == expected, "the state differs"
        assert run(arguments.tool, "verify", "--db", database).returncode == 0
        print(f"{interrupted} interruptions by SIG{arguments.signal}, {done + 1} imports came through, "
              f"state digest {expected} each time")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
