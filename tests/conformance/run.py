#!/usr/bin/env python3
"""Run the Secure Streams conformance scenarios.  See README.md."""
import argparse
import base64
import concurrent.futures
import difflib
import fcntl
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import through_proxy

HERE = os.path.dirname(os.path.abspath(__file__))
SRV_PORT, CLOSED_PORT, BASE_PORT = 7900, 7999, 7001
CRASH = {signal.SIGABRT: "SIGABRT", signal.SIGSEGV: "SIGSEGV", signal.SIGBUS: "SIGBUS",
         signal.SIGFPE: "SIGFPE", signal.SIGILL: "SIGILL", signal.SIGKILL: "SIGKILL"}


# ------------------------------------------------------------------ certs

def sh(*a, **k):
    r = subprocess.run(a, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **k)
    if r.returncode:
        sys.exit("%s failed:\n%s" % (" ".join(a), r.stdout.decode()))


def make_certs(d):
    """ca, ca2 and server certs good / wronghost / expired / untrusted."""
    def ca(n):
        sh("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
           "-subj", "/CN=sstrace %s" % n, "-keyout", d + "/%s.key" % n,
           "-out", d + "/%s.pem" % n, "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def leaf(n, issuer, san, start=None, end=None):
        sh("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj",
           "/CN=" + san.split(":")[-1], "-keyout", d + "/%s.key" % n, "-out", d + "/%s.csr" % n)
        with open(d + "/ext", "w") as f:
            f.write("subjectAltName=%s\nbasicConstraints=CA:FALSE\n" % san)
        if end:
            db = d + "/db"
            os.makedirs(db, exist_ok=True)
            open(db + "/index.txt", "w").close()
            with open(d + "/ca.cnf", "w") as f:
                f.write("[ca]\ndefault_ca=c\n[c]\ndatabase=%s/index.txt\nnew_certs_dir=%s\n"
                        "default_md=sha256\npolicy=p\nrand_serial=yes\n[p]\ncommonName=supplied\n"
                        % (db, db))
            sh("openssl", "ca", "-batch", "-config", d + "/ca.cnf", "-cert", d + "/%s.pem" % issuer,
               "-keyfile", d + "/%s.key" % issuer, "-in", d + "/%s.csr" % n, "-startdate", start,
               "-enddate", end, "-extfile", d + "/ext", "-notext", "-out", d + "/%s.pem" % n)
        else:
            sh("openssl", "x509", "-req", "-in", d + "/%s.csr" % n, "-CA", d + "/%s.pem" % issuer,
               "-CAkey", d + "/%s.key" % issuer, "-CAcreateserial", "-days", "20",
               "-extfile", d + "/ext", "-out", d + "/%s.pem" % n)

    ca("ca")
    ca("ca2")
    leaf("good", "ca", "DNS:localhost")
    leaf("wronghost", "ca", "DNS:other.example")
    leaf("untrusted", "ca2", "DNS:localhost")
    leaf("expired", "ca", "DNS:localhost", "20200101000000Z", "20210101000000Z")


def der64(path, key=False):
    cmd = (["openssl", "pkey", "-in", path, "-outform", "DER"] if key else
           ["openssl", "x509", "-in", path, "-outform", "DER"])
    return base64.b64encode(subprocess.check_output(cmd)).decode()


# ------------------------------------------------------------------ inside the netns

def lo_up():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fl = struct.unpack("16sh", fcntl.ioctl(s, 0x8913, struct.pack("16sh", b"lo", 0)))[1]
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", fl | 1))
    s.close()


def wait_port(port, t=5):
    end = time.time() + t
    while time.time() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("port %d never opened" % port)


def subst(s, m):
    return re.sub(r"@([A-Za-z_0-9]+)@", lambda k: str(m.get(k.group(1), k.group(0))), s)


def start_fixture(name, fx, port, tmp, certs, m, opts, procs):
    kind, log = fx["kind"], "%s/fx.%s.log" % (tmp, name)
    err = open("%s/fx.%s.err" % (tmp, name), "w")
    open(log, "w").close()

    def spawn(cmd, **k):
        p = subprocess.Popen(cmd, stderr=err, **k)
        procs.append(p)
        return p

    if kind in ("h1", "h2", "ws", "raw", "dns"):
        cmd = [sys.executable, "-B", "%s/fixtures/%ssrv.py" % (HERE, kind), "--log", log]
        if fx.get("uds"):
            cmd += ["--uds", m["UDS_" + name]]
        elif fx.get("abstract"):
            cmd += ["--uds", "@" + m["ABS_" + name]]
        else:
            cmd += ["--port", str(port)]
        if fx.get("tls"):
            cmd += ["--tls", "%s/%s" % (certs, fx["tls"])]
        if fx.get("mode"):
            cmd += ["--mode", fx["mode"]]
        p = spawn(cmd, stdout=subprocess.PIPE)
        if p.stdout.readline().strip() != b"READY":
            raise RuntimeError("fixture %s did not start" % name)
    elif kind == "mosquitto":
        cf = "%s/mosquitto.%s.conf" % (tmp, name)
        with open(cf, "w") as f:
            f.write("listener %d 127.0.0.1\nallow_anonymous %s\npersistence false\n" %
                    (port, "false" if fx.get("auth") else "true"))
            if fx.get("auth"):
                pw = "%s/mosquitto.%s.pw" % (tmp, name)
                sh("mosquitto_passwd", "-b", "-c", pw, *fx["auth"])
                os.chmod(pw, 0o644)
                f.write("password_file %s\n" % pw)
            if fx.get("tls"):
                f.write("certfile %s/%s.pem\nkeyfile %s/%s.key\n" %
                        (certs, fx["tls"], certs, fx["tls"]))
            f.write("user root\n")
        spawn(["mosquitto", "-c", cf], stdout=err)
        wait_port(port)
    elif kind == "mqsub":
        spawn(["mosquitto_sub", "-p", str(m["PORT_" + fx["broker"]]), "-q", "2", "-t",
               fx.get("topic", "#"), "-F", "%t qos=%q retain=%r %p"], stdout=open(log, "w"))
        time.sleep(0.3)
    elif kind == "mqpub":
        time.sleep(fx.get("delay", 0))
        subprocess.run(["mosquitto_pub", "-p", str(m["PORT_" + fx["broker"]])] + fx["args"],
                       check=True)
    elif kind == "nginx":
        root = "%s/www.%s" % (tmp, name)
        os.makedirs(root)
        for fn, n in fx.get("files", {}).items():
            with open("%s/%s" % (root, fn), "wb") as f:
                sys.path.insert(0, HERE + "/fixtures")
                from common import pattern
                f.write(pattern(n))
        cf = "%s/nginx.%s.conf" % (tmp, name)
        with open(cf, "w") as f:
            f.write("daemon off; pid %s/nginx.pid; error_log %s/nginx.err;\nuser root;\n"
                    "events { worker_connections 64; }\nhttp { access_log %s; root %s;\n"
                    "log_format t '$server_protocol $request_method $uri $status $body_bytes_sent "
                    "ae=$http_accept_encoding';\n"
                    "client_body_temp_path %s/nb; proxy_temp_path %s/np; fastcgi_temp_path %s/nf;"
                    "uwsgi_temp_path %s/nu; scgi_temp_path %s/ns;\n"
                    "server { listen 127.0.0.1:%d %s; ssl_certificate %s/%s.pem;\n"
                    "ssl_certificate_key %s/%s.key; %s } }\n" %
                    (tmp, tmp, "%s t" % log, root, tmp, tmp, tmp, tmp, tmp, port,
                     "ssl http2" if fx.get("h2") else "ssl", certs, fx["tls"], certs, fx["tls"],
                     fx.get("extra", "")))
            f.flush()
        txt = open(cf).read().replace("access_log %s t;" % log, "")
        txt = txt.replace("client_body_temp_path", "access_log %s t; client_body_temp_path" % log, 1)
        open(cf, "w").write(txt)
        spawn(["nginx", "-p", tmp, "-c", cf], stdout=err)
        wait_port(port)
    elif kind == "ssproxy":
        pf = "%s/proxy-policy.json" % tmp
        with open(pf, "w") as f:
            f.write(m["POLICY_TEXT"])
        # builds with sigv4 insist on finding aws credentials
        os.makedirs(tmp + "/.aws")
        with open(tmp + "/.aws/credentials", "w") as f:
            f.write("[default]\naws_access_key_id=abc\naws_secret_access_key=def\n")
        spawn([opts["proxy"], "-c", pf, "-i", "@" + m["ABS_" + name], "-d", "3"],
              stdout=err, cwd=tmp, env=dict(os.environ, HOME=tmp))
        end = time.time() + 5
        while time.time() < end:
            s = socket.socket(socket.AF_UNIX)
            try:
                s.connect("\0" + m["ABS_" + name])
                s.close()
                time.sleep(0.1)
                break
            except OSError:
                time.sleep(0.02)
    else:
        raise RuntimeError("unknown fixture kind " + kind)


def inner(job):
    opts = json.load(open(job))
    sc, tmp, certs = opts["scenario"], opts["tmp"], opts["certs"]
    lo_up()
    if any(f["kind"] == "dns" for f in sc.get("fixtures", {}).values()):
        with open(tmp + "/resolv.conf", "w") as f:      # we are in our own mount namespace
            f.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        sh("mount", "--bind", tmp + "/resolv.conf", "/etc/resolv.conf")
    m = {"TMP": tmp, "PORT_srv": SRV_PORT, "PORT_closed": CLOSED_PORT, "CERTS": certs}
    m.update(opts["ders"])
    fixtures = sc.get("fixtures", {})
    for i, n in enumerate(fixtures):
        m["PORT_" + n] = BASE_PORT + i
        m["UDS_" + n] = "%s/uds.%s" % (tmp, n)
        m["ABS_" + n] = "sstrace.%s" % n
    pol = sc.get("policy_text", sc.get("policy", {}))
    if isinstance(pol, list):
        pol = "\n".join(pol)
    elif not isinstance(pol, str):
        pol = json.dumps(pol, indent=1)
    pol = subst(pol, m)
    m["POLICY_TEXT"] = pol
    with open(tmp + "/policy.json", "w") as f:
        f.write(pol)
    script = [subst(l, m) for l in sc["script"]]
    for n, t in sc.get("texts", {}).items():
        if not isinstance(t, str):
            t = json.dumps(t)
        with open("%s/text.%s" % (tmp, n), "w") as f:
            f.write(subst(t, m))
        script.insert(0, "text %s %s/text.%s" % (n, tmp, n))
    with open(tmp + "/script", "w") as f:
        f.write("\n".join(script) + "\n")
    for n, b in sc.get("files", {}).items():
        with open("%s/%s" % (tmp, n), "w") as f:
            f.write(subst(b, m))

    procs, res = [], {}
    try:
        for i, (n, fx) in enumerate(fixtures.items()):
            start_fixture(n, fx, BASE_PORT + i, tmp, certs, m, opts, procs)
        # a job's python3 is this one, which has the modules
        path = os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", os.defpath)
        env = dict(os.environ, SSTRACE_TMP=tmp, PATH=path)
        for n, fx in fixtures.items():
            if fx["kind"] == "ssproxy":
                env["SSTRACE_PROXY"] = "+@" + m["ABS_" + n]
        for k, v in sc.get("env", {}).items():
            env[k] = subst(v, m)
        polarg = subst(sc.get("policy_arg", "@TMP@/policy.json"), m)
        cmd = opts["wrap"] + [opts["bin"], polarg, tmp + "/script"] + (["-v"] if opts["verbose"] else [])
        with open(tmp + "/stdout", "w") as so, open(tmp + "/stderr", "w") as se:
            p = subprocess.Popen(cmd, stdout=so, stderr=se, cwd=tmp, env=env)
            try:
                p.wait(sc.get("timeout", 15) * opts["slow"])
                res["rc"] = p.returncode
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
                res["rc"] = "hang"
        time.sleep(sc.get("settle", 0.25))
    except Exception as e:
        res["error"] = "%s: %s" % (type(e).__name__, e)
    finally:
        for p in procs:
            p.terminate()
        for p in procs:
            try:
                p.wait(2)
            except subprocess.TimeoutExpired:
                p.kill()
    lines = []
    if os.path.exists(tmp + "/stdout"):
        lines = open(tmp + "/stdout", errors="replace").read().splitlines()
    rc = res.get("rc")
    if rc == "hang":
        lines.append("HANG: killed by the harness")
    elif isinstance(rc, int) and rc < 0:
        lines.append("CRASH: " + CRASH.get(-rc, "signal %d" % -rc))
    elif rc:
        lines.append("EXIT STATUS %s" % rc)
    for n in fixtures:
        lf = "%s/fx.%s.log" % (tmp, n)
        if os.path.exists(lf) and os.path.getsize(lf):
            ll = open(lf, errors="replace").read().splitlines()
            if fixtures[n].get("sort"):
                ll.sort()
            lines.append("== seen by fixture %s" % n)
            lines += ll
    res["trace"] = lines
    res["stderr"] = open(tmp + "/stderr", errors="replace").read()[-6000:] \
        if os.path.exists(tmp + "/stderr") else ""
    with open(job + ".out", "w") as f:
        json.dump(res, f)


# ------------------------------------------------------------------ outside

def normalise(sc, lines, tmp):
    out = [l.replace(tmp, "@TMP@") for l in lines]
    # how many connections carried the requests is the library's own affair
    out = [re.sub(r"^conn \d+ req \d+ ", "req ", l) for l in out
           if not re.match(r"conn \d+ closed by peer$", l)]
    for rx in sc.get("drop", []):
        out = [l for l in out if not re.search(rx, l)]
    for rx, to in sc.get("replace", []):
        out = [re.sub(rx, to, l) for l in out]
    if sc.get("uniq"):
        out = [l for i, l in enumerate(out) if not i or l != out[i - 1]]
    if sc.get("group"):     # per-stream order only, streams may interleave freely
        head, tail = [], []
        for i, l in enumerate(out):
            if l.startswith("== seen"):
                tail = out[i:]
                out = out[:i]
                break
        keys = []
        for l in out:
            k = re.match(r"([A-Za-z][A-Za-z0-9_.]*): ", l)
            keys.append(k.group(1) if k else "")
        for k in sorted(set(keys)):
            head += [l for l, kk in zip(out, keys) if kk == k]
        out = head + tail
    return out


def unshare():
    """Own network, mounts and process ids; a user namespace gives the rights where root is missing."""
    return ["unshare", "-n", "-m", "-p"] + ([] if os.geteuid() == 0 else ["-r"])


def namespaces_work():
    return shutil.which("unshare") and not subprocess.run(
        unshare() + ["-f", "true"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL).returncode


# fixture kind -> the tool or python module it is made of
KIND_NEEDS = {"mosquitto": "mosquitto", "mqsub": "mosquitto_sub", "mqpub": "mosquitto_pub",
              "nginx": "nginx", "h2": "python:h2", "ws": "python:websockets"}


def missing(need):
    if need.startswith("python:"):
        return importlib.util.find_spec(need[7:]) is None
    return not shutil.which(need)


def load_skips(path, names):
    """-> {scenario: reason}; a name that matches nothing is an error, so the list can't go stale."""
    with open(path) as f:
        d = json.load(f)
    skips = {}
    for g, why in d.get("groups", {}).items():
        hit = [n for n in names if n.startswith(g + "_")]
        if not hit:
            sys.exit("%s: no scenario in group %s" % (path, g))
        skips.update((n, why) for n in hit)
    for n, why in d.get("scenarios", {}).items():
        if n not in names:
            sys.exit("%s: no scenario %s" % (path, n))
        skips[n] = why
    return skips


def why_skipped(name, sc, skips, proxy, sspc, isolated):
    """The reason not to run this scenario, or None."""
    if name in skips:
        return skips[name]
    if not isolated:
        return "needs root, or the right to unshare -r -n"
    if sc.get("sspc") and not (proxy and os.path.exists(proxy) and sspc):
        return "no proxy binary given (--proxy)"
    kinds = [KIND_NEEDS[f["kind"]] for f in sc.get("fixtures", {}).values()
             if f["kind"] in KIND_NEEDS]
    lacking = sorted({n for n in sc.get("needs", []) + kinds if missing(n)})
    return "missing here: " + ", ".join(lacking) if lacking else None


def run_one(name, sc, opts):
    tmp = tempfile.mkdtemp(prefix="sst.", dir=opts["work"])
    job = tmp + "/job.json"
    o = dict(opts, scenario=sc, tmp=tmp, bin=opts["bin_sspc" if sc.get("sspc") else "bin_ss"])
    with open(job, "w") as f:
        json.dump(o, f)
    lim = sc.get("timeout", 15) * opts["slow"] + 30
    t0 = time.time()
    p = subprocess.Popen(unshare() + ["-f", "--kill-child", sys.executable, "-B",
                                      os.path.abspath(__file__), "--inner", job],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        o = p.communicate(timeout=lim)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        p.kill()
        o = "outer timeout"
    try:
        res = json.load(open(job + ".out"))
    except (OSError, ValueError):
        res = {"error": "no result: " + o[-2000:], "trace": [], "stderr": ""}
    res["trace"] = normalise(sc, res["trace"], tmp)
    res["secs"] = round(time.time() - t0, 2)
    if not opts["keep"]:
        shutil.rmtree(tmp, ignore_errors=True)
    else:
        res["tmp"] = tmp
    return res


def judge(sc, res, golden):
    """-> (ok, report lines)"""
    if res.get("error"):
        return False, ["harness: " + res["error"]]
    tr, bad = res["trace"], []
    if "expect" in sc or "forbid" in sc:
        i = 0
        for want in sc.get("expect", []):
            while i < len(tr) and not re.search(want, tr[i]):
                i += 1
            if i == len(tr):
                bad.append("missing (in order): " + want)
                break
            i += 1
        for rx in sc.get("forbid", []) + ["^CRASH", "^HANG", "^LIMIT", "^SCRIPT ERROR"]:
            bad += ["forbidden: " + l for l in tr if re.search(rx, l)]
        if bad:
            bad += ["  | " + l for l in tr]
        return not bad, bad
    if golden is None:
        return False, ["no golden trace"]
    if tr == golden:
        return True, []
    return False, list(difflib.unified_diff(golden, tr, "golden", "this run", lineterm="", n=2))


def build(cc, prefix, work, cflags, ldflags):
    lib = next((prefix + "/" + l for l in ("lib", "lib64") if os.path.isdir(prefix + "/" + l)),
               prefix + "/lib")
    for out, d in (("sstrace", []), ("sstrace-sspc", ["-DLWS_SS_USE_SSPC"])):
        cmd = [cc, "-O1", "-g", "-Wall", "-Wno-format-truncation"] + d + cflags + \
            ["-I", prefix + "/include", HERE + "/sstrace.c", "-o", work + "/" + out,
             "-L", lib, "-Wl,-rpath," + lib, "-lwebsockets", "-lpthread"] + ldflags
        r = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if r.returncode:
            if out == "sstrace":
                sys.exit("build of %s failed:\n%s" % (out, r.stdout.decode()))
            return None
    return work + "/sstrace-sspc"


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--inner", help=argparse.SUPPRESS)
    ap.add_argument("--lib", action="append", default=[], metavar="NAME=PREFIX")
    ap.add_argument("--golden-from", metavar="NAME", help="record golden/ from this lib")
    ap.add_argument("--check", action="store_true", help="compare every lib with golden/")
    ap.add_argument("--proxy", help="path of the SS proxy binary for the sspc scenarios")
    ap.add_argument("--skip", metavar="FILE", help="json: groups and scenarios not to run, with reasons")
    ap.add_argument("--through-proxy", action="store_true",
                    help="only the client scenarios, each with the proxy in between")
    ap.add_argument("--only", help="regex of scenario names")
    ap.add_argument("--repeat", type=int, default=1)
    ap.add_argument("--jobs", "-j", type=int, default=2)
    ap.add_argument("--json", help="write results here")
    ap.add_argument("--slow", type=float, default=1.0, help="multiply the time limits (valgrind)")
    ap.add_argument("--wrap", default="", help="command prefix for sstrace, eg 'valgrind -q'")
    ap.add_argument("--cc", default=os.environ.get("CC", "cc"))
    ap.add_argument("--cflags", default="")
    ap.add_argument("--ldflags", default="")
    ap.add_argument("--keep", action="store_true", help="keep temp dirs")
    ap.add_argument("--show", action="store_true", help="print every trace")
    ap.add_argument("--verbose", "-v", action="store_true", help="library logs in stderr capture")
    ap.add_argument("--workdir", help="where temp dirs go")
    a = ap.parse_args()
    if a.inner:
        return inner(a.inner)
    libs = dict(x.split("=", 1) for x in a.lib)
    if not libs:
        ap.error("--lib NAME=PREFIX is needed")

    scs, isolated = {}, namespaces_work()
    names = [f[:-5] for f in os.listdir(HERE + "/scenarios") if f.endswith(".json")]
    skips = load_skips(a.skip, names) if a.skip else {}
    for f in sorted(os.listdir(HERE + "/scenarios")):
        if f.endswith(".json") and (not a.only or re.search(a.only, f[:-5])):
            scs[f[:-5]] = json.load(open(HERE + "/scenarios/" + f))
    if a.through_proxy and a.golden_from:
        ap.error("--through-proxy compares, it records nothing")
    if a.through_proxy:
        scs = {n: through_proxy.adapt(sc) for n, sc in scs.items() if through_proxy.applies(n, sc)}
    work = tempfile.mkdtemp(prefix="sstrace.", dir=a.workdir)
    certs = work + "/certs"
    os.makedirs(certs)
    make_certs(certs)
    ders = {"CA": der64(certs + "/ca.pem"), "CA2": der64(certs + "/ca2.pem"),
            "SRVCERT": der64(certs + "/good.pem"), "SRVKEY": der64(certs + "/good.key", True)}
    report, rc = {}, 0
    for lname, prefix in libs.items():
        lw = work + "/" + lname
        os.makedirs(lw)
        sspc = build(a.cc, os.path.abspath(prefix), lw, a.cflags.split(), a.ldflags.split())
        opts = {"work": lw, "certs": certs, "ders": ders, "bin_ss": lw + "/sstrace",
                "bin_sspc": sspc, "proxy": a.proxy and os.path.abspath(a.proxy),
                "slow": a.slow, "wrap": a.wrap.split(), "keep": a.keep, "verbose": a.verbose}
        passed = failed = skipped = defects = quirks = 0
        rep = report[lname] = {}
        with concurrent.futures.ThreadPoolExecutor(a.jobs) as ex:
            fut = {}
            for n, sc in scs.items():
                why = why_skipped(n, sc, skips, opts["proxy"], sspc, isolated)
                if why:
                    rep[n] = {"result": "skip", "why": why}
                    skipped += 1
                    continue
                fut[n] = [ex.submit(run_one, n, sc, opts) for _ in range(a.repeat)]
            for i, (n, fs) in enumerate(fut.items()):
                if i and i % 20 == 0:
                    print("... %d of %d" % (i, len(fut)), flush=True)
                sc, gf = scs[n], "%s/golden/%s.trace" % (HERE, n)
                rs = [f.result() for f in fs]
                defect, quirk = sc.get("upstream_defect"), sc.get("quirk")
                if a.golden_from == lname and "expect" not in sc and not rs[0].get("error"):
                    with open(gf, "w") as f:
                        f.write("\n".join(rs[0]["trace"]) + "\n")
                if a.golden_from == lname and "expect" in sc and os.path.exists(gf):
                    os.unlink(gf)
                golden = open(gf).read().splitlines() if os.path.exists(gf) else None
                if a.through_proxy:
                    sc, golden = through_proxy.expected(HERE, n, sc, golden)
                    for r in rs if golden is not None else []:
                        r["trace"] = through_proxy.facts(r["trace"])
                js = [judge(sc, r, golden) for r in rs]
                ok = all(j[0] for j in js)
                ent = rep[n] = {"result": "pass" if ok else "fail", "secs": rs[0]["secs"],
                                "passes": sum(j[0] for j in js), "runs": len(js)}
                if defect:
                    ent["upstream_defect"] = defect
                if quirk:
                    ent["quirk"] = quirk
                if a.show:
                    print("---- %s\n%s" % (n, "\n".join(rs[0]["trace"])))
                if ok:
                    passed += 1
                    continue
                failed += 1
                defects += bool(defect)
                quirks += bool(quirk)
                bad = next(k for k, j in enumerate(js) if not j[0])
                ent["diff"] = js[bad][1]
                ent["trace"] = rs[bad]["trace"]
                ent["stderr"] = rs[bad]["stderr"][-3000:]
                print("FAIL %s %s (%d of %d runs ok)%s" % (
                    lname, n, ent["passes"], ent["runs"],
                    " [known upstream defect]" if defect else " [quirk]" if quirk else ""))
                print("\n".join("    " + l for l in js[bad][1]))
                if rs[bad].get("tmp"):
                    print("    kept in " + rs[bad]["tmp"])
        by_reason = {}
        for n, e in rep.items():
            if e["result"] == "skip":
                by_reason.setdefault(e["why"], []).append(n)
        for why, ns in by_reason.items():
            print("SKIP %d, %s: %s" % (len(ns), why, " ".join(sorted(ns))))
        if defects or quirks:
            print("of the failures %d are where upstream itself is wrong, %d upstream quirks"
                  % (defects, quirks))
        print("%s: %d passed, %d failed, %d skipped" % (lname, passed, failed, skipped))
        rc |= failed > 0
    if a.json:
        with open(a.json, "w") as f:
            json.dump(report, f, indent=1)
    if not a.keep:
        shutil.rmtree(work, ignore_errors=True)
    return rc if a.check else 0


if __name__ == "__main__":
    sys.exit(main())
