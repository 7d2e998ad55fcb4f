#!/usr/bin/env python3
"""Run ssbench's client workloads through the Secure Streams proxy of each --lib NAME=PREFIX.

Client and proxy are of the same library; the CPU time of both counts.  See README.md.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import run as bench
from run import Failed

# name -> workload of ssbench and its options, unit of one operation
WORKLOADS = {
    "h1_seq": (["h1_seq", "--n", "3000"], "req"),
    "h1_conc": (["h1_seq", "--n", "6000", "--conc", "100"], "req"),
    "ws_pingpong": (["ws_pingpong", "--n", "10000"], "rtt"),
    "ws_bulk": (["ws_bulk", "--n", "20000", "--size", "1024", "--conc", "32"], "msg"),
    "raw_echo": (["raw_echo", "--n", "10000"], "rtt"),
    "raw_bulk_rx": (["raw_bulk_rx"], "MiB"),
    "raw_bulk_tx": (["raw_bulk_tx"], "MiB"),
    "mqtt_qos1": (["mqtt_pub", "--n", "5000"], "msg"),
}

# how much may wait at either end of the link: the defaults are too small for
# upstream's bulk transfers
BUFFERS = {"proxy_buflen": 262144, "proxy_buflen_rxflow_on_above": 131072,
           "proxy_buflen_rxflow_off_below": 65536, "client_buflen": 262144}


def cpu_s(pid):
    """User + system time of a process so far: the scheduler's count, in ns."""
    total = 0
    for t in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, t)) as f:
            total += int(f.read().split()[0])
    return total / 1e9


class Lib:
    def __init__(self, fx, name, prefix, cflags):
        lib = os.path.join(os.path.abspath(prefix), "lib")
        self.client, self.proxy = ["%s/%s-%s" % (fx.d, p, name) for p in ("client", "proxy")]
        self.name = name
        common = ["-I", prefix + "/include", "-L" + lib, "-Wl,-rpath," + lib]
        for out, src, d in ((self.client, "/ssbench.c", ["-DLWS_SS_USE_SSPC"]),
                            (self.proxy, "/fixtures/ssproxy.c", [])):
            bench.run([fx.cc, *cflags.split(), *d, "-o", out, bench.HERE + src, *common,
                       "-lwebsockets"])

    def start_proxy(self, fx):
        # the name is relative: the proxy's directory is of this run alone
        self.at = "%s/%s.sock" % (fx.d, self.name)
        if os.path.exists(self.at):
            os.unlink(self.at)
        p = fx.spawn("proxy-" + self.name, [self.proxy, fx.d + "/proxy-policy.json", self.at],
                     stdout=subprocess.PIPE)
        os.sched_setaffinity(p.pid, bench.PIN[0] or os.sched_getaffinity(0))
        if p.stdout.readline().strip() != b"READY":
            raise Failed("the proxy did not start")
        return p

    def one(self, fx, args, timeout):
        """A fresh proxy for each run: nothing of the earlier one is pooled."""
        p = self.start_proxy(fx)
        try:
            before = cpu_s(p.pid)
            c = subprocess.run([self.client, *args, "--proxy", "+" + self.at,
                                "--timeout", str(timeout)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
                               preexec_fn=bench.pinned(0), timeout=timeout + 10)
            if p.poll() is not None:
                raise Failed("the proxy ended: %s" % p.returncode)
            proxy = cpu_s(p.pid) - before
        finally:
            p.terminate()
            p.wait(10)
            p.stdout.close()
            fx.procs.remove(p)
        if c.returncode:
            raise Failed("exit %d: %s" % (c.returncode, c.stderr.strip()[-300:]))
        r = bench.last_json(c.stdout)
        r["client_us"] = (r["user_s"] + r["sys_s"]) * 1e6 / r["ops"]
        r["proxy_us"] = proxy * 1e6 / r["ops"]
        r["cpu_us"] = r["client_us"] + r["proxy_us"]
        r["rate"] = r["ops"] / r["wall_s"]
        return r


def measure(fx, libs, args, rounds, timeout):
    got, failed = {l.name: [] for l in libs}, {}
    for _ in range(rounds):
        for l in libs:
            if l.name in failed:
                continue
            try:
                got[l.name].append(l.one(fx, args, timeout))
            except (Failed, subprocess.TimeoutExpired) as e:
                failed[l.name] = str(e)
    return got, failed


def med(rows, key):
    return statistics.median(r[key] for r in rows)


def ratio(rows, base, key):
    return statistics.median(a[key] / b[key] for a, b in zip(rows, base))


def report(name, unit, libs, got, failed):
    base = got[libs[0].name]
    for l in libs:
        if l.name in failed:
            print("%-12s %-14s FAILED: %s" % (name, l.name, failed[l.name].splitlines()[0]))
            continue
        rows = got[l.name]
        line = "%-12s %-14s %8s %s/s  CPU us/%s %8s (client %s, proxy %s)" % (
            name, l.name, bench.num(med(rows, "rate")), unit, unit, bench.num(med(rows, "cpu_us")),
            bench.num(med(rows, "client_us")), bench.num(med(rows, "proxy_us")))
        if l is not libs[0] and libs[0].name not in failed:
            line += "  CPU x%.3f (client x%.3f, proxy x%.3f), rate x%.3f" % tuple(
                ratio(rows, base, k) for k in ("cpu_us", "client_us", "proxy_us", "rate"))
        print(line, flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--lib", action="append", required=True, metavar="NAME=PREFIX",
                   help="prefix with include/ and lib/; the ratios are to the first")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--only", help="comma separated workloads")
    p.add_argument("--json", help="write results here")
    p.add_argument("--timeout", type=int, default=60)
    p.add_argument("--cc", default=os.environ.get("CC", "cc"))
    p.add_argument("--cflags", default="-O2 -Wall -Wextra")
    p.add_argument("--no-pin", action="store_true")
    a = p.parse_args()
    names = a.only.split(",") if a.only else list(WORKLOADS)
    unknown = [n for n in names if n not in WORKLOADS]
    if unknown:
        p.error("no workload %s; there are: %s" % (unknown[0], " ".join(WORKLOADS)))

    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) > 1 and not a.no_pin:
        bench.PIN[:] = [{cpus[0]}, set(cpus[1:])]
    d = tempfile.mkdtemp(prefix="ssbench.")
    os.chmod(d, 0o755)
    fx = bench.Fixtures(d, a.cc)
    data, bad = {}, False
    try:
        fx.start()
        with open(d + "/policy.json") as f:
            policy = json.load(f)
        for e in policy["s"]:
            for kind in e.values():
                if not kind.get("server"):
                    kind.update(BUFFERS)
        with open(d + "/proxy-policy.json", "w") as f:
            json.dump(policy, f)
        libs = [Lib(fx, *s.split("=", 1), a.cflags) for s in a.lib]
        for name in names:
            args, unit = WORKLOADS[name]
            got, failed = measure(fx, libs, args, a.rounds, a.timeout)
            report(name, unit, libs, got, failed)
            data[name] = got
            bad |= bool(failed)
    finally:
        fx.stop()
        shutil.rmtree(d, ignore_errors=True)
    if a.json:
        with open(a.json, "w") as f:
            json.dump(data, f, indent=1)
    return bad


if __name__ == "__main__":
    sys.exit(main())
