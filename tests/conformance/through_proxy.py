"""The client scenarios, with a Secure Streams proxy between the program and the network.

What the program sees then is the same but for what the link in between changes by its nature; facts() takes from
a trace what has to stay the same.
"""
import os
import re

GROUPS = ("h1", "h2", "life", "mqtt", "raw", "smd", "tls", "ws")

# script verbs that proxied programs do not have, or that are about the program's own context
NOT_PROXIED = r"(^|[:;] )(overlay|parse|foreach|vhost|validity|allocmeta|blob|handlers)\b"


def applies(name, sc):
    script = "\n".join(sc["script"])
    return (name.split("_")[0] in GROUPS and not sc.get("sspc") and not sc.get("env")
            and not sc.get("direct") and not re.search(NOT_PROXIED, script, re.M))


def adapt(sc):
    """Before it is connected, a proxied stream's request to send is one to connect, no more: programs that are
    written for both ask again when it is."""
    fixtures = dict(sc.get("fixtures", {}), proxy={"kind": "ssproxy"})
    streams = [l.split()[1] for l in sc["script"] if l.startswith("stream ") and " notx" not in l]
    again = ["on %s CONNECTED : request_tx @" % s for s in streams]
    deaf = {l.split()[1] for l in sc["script"] if l.startswith("stream ") and " nostate" in l}
    script, first = [], []
    for line in sc["script"]:
        line, moved = once_created(line, deaf)
        script.append(line)
        first += moved
    return dict(sc, fixtures=fixtures, sspc=True, script=script + first + again)


def once_created(line, deaf):
    """A proxied stream hears CREATING when the proxy has answered: what a script does with a stream right behind
    its `create` waits for that, unless it is deaf to states. -> the rest of the line, and new rules"""
    head, colon, actions = line.partition(" : ")
    if "create " not in actions:
        return line, []
    kept, moved, made = [], {}, set()
    for action in actions.split(" ; "):
        words = action.split()
        if words[0] == "create" and words[1] not in deaf:
            made.add(words[1])
        if words[0] != "create" and len(words) > 1 and words[1] in made:
            moved.setdefault(words[1], []).append(action)
        else:
            kept.append(action)
    rules = ["on %s CREATING : %s" % (s, " ; ".join(acts)) for s, acts in moved.items()]
    return head + colon + " ; ".join(kept), rules


def expected(here, name, sc, golden):
    """golden-proxy/ has what is different for a reason, which verdicts.md gives. -> scenario and facts to compare"""
    own = "%s/golden-proxy/%s.trace" % (here, name)
    if os.path.exists(own):
        sc = {k: v for k, v in sc.items() if k not in ("expect", "forbid")}
        golden = open(own).read().splitlines()
    return sc, facts(golden) if golden is not None else None


def facts(lines):
    """States, messages, values and what the servers saw. Not: calls and what lies between them (the proxy answers
    later), tx ordinals, chunks and room (those of the link), which the program's tx sees only of the link, and where a
    state of one stream lies between those of another."""
    by, out, seen = {}, [], []
    for l in lines:
        if seen or l.startswith("== seen"):
            # what waits at the proxy goes out together
            seen.append(re.sub(r" frags=\d+", "", l))
            continue
        m = re.match(r"([A-Za-z][\w.]*): (.*)", l)
        if not m:
            if re.match(r"(CRASH|HANG|LIMIT|SCRIPT|EXIT|finish|context)", l):
                out.append(l)
            continue
        who, what = m.groups()
        if re.match(r"(state (POLL|EVENT_WAIT_CANCELLED)|[<>] |tx |\w+ -> |set_metadata)", what):
            continue
        what = re.sub(r"^(state \w+) ord=\d+$", r"\1", what)
        # the proxy's policy has the names
        what = re.sub(r"^(metadata \S+) unset$", r"\1 missing", what)
        what = re.sub(r"SOM\*\d+", "SOM", what)
        by.setdefault(who, []).append(what)
    for who in sorted(by):
        out += ["%s: %s" % (who, what) for what in by[who]]
    return out + seen
