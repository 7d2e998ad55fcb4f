# Run in a minimal system: from the packages of an older version in /before to those in /debs, while programs run.
set -e
lib=/usr/lib/$(gcc -print-multiarch)
fail() { echo "upgrade: $*" >&2; exit 1; }
now() { readlink "$lib/libsecurestreams.so.0"; }

dpkg -i /before/*.deb >/dev/null
before=$(now)
examples=/usr/share/doc/libsecurestreams-dev/examples
flags=$(pkg-config --cflags --libs securestreams)
gcc -std=gnu99 $examples/hello_server.c -o /tmp/hello_server $flags
# the same as a client of the proxy
sed '/lws_context_info_defaults/a info.ss_proxy_bind = "+/tmp/proxy";' $examples/hello_world.c >/tmp/client.c
gcc -std=gnu99 -DLWS_SS_USE_SSPC /tmp/client.c -o /tmp/client $flags

# a server, and a proxy with the administrator's policy
sed s/7681/0/ $examples/hello_server_policy.json >/tmp/server.json
mkfifo /tmp/says
/tmp/hello_server --policy /tmp/server.json >/tmp/says &
server=$!
exec 3</tmp/says
read -r _ port <&3
mkdir /etc/ss-proxy
cat >/etc/ss-proxy/policy.json <<'POLICY'
{ "retry": [ { "r": { "backoff": [100], "conceal": 50 } } ], "s": [ { "__default": {
    "endpoint": "${endpoint}", "port": 80, "protocol": "h1", "http_method": "GET", "http_url": "",
    "metadata": [ { "endpoint": "" } ], "retry": "r" } } ] }
POLICY
cp /etc/ss-proxy/policy.json /tmp/policy.before
ss-proxy -c /etc/ss-proxy/policy.json -i /tmp/proxy -d 1 &
proxy=$!
until [ -S /tmp/proxy ]; do kill -0 $proxy; done
fetch() { ssrun -q --timeout 20 -m "endpoint=http://127.0.0.1:$port/$1" __default | grep -q "asked for /$1"; }
proxied() { timeout 20 /tmp/client --url "http://127.0.0.1:$port/$1" -d 1 | grep -q "asked for /$1"; }
fetch one || fail "the server does not answer"
proxied two || fail "the proxy does not answer"

# what systemd would be told
mkdir -p /run/systemd/system
printf '#!/bin/sh\necho "$@" >>/tmp/systemctl\n' >/usr/local/bin/systemctl
chmod +x /usr/local/bin/systemctl
dpkg -i /debs/*.deb >/dev/null
[ "$(now)" != "$before" ] || fail "libsecurestreams.so.0 still is $before"
[ ! -e "$lib/$before" ] || fail "$before is still there"
[ -e "$lib/$(now)" ] || fail "$(now) is missing"
grep -q 'restart ss-proxy.service' /tmp/systemctl || fail "a running proxy is not restarted: $(cat /tmp/systemctl)"
cmp /etc/ss-proxy/policy.json /tmp/policy.before
[ -z "$(dpkg --audit)" ] || fail "dpkg is not content"

# programs that run go on, and those that were built before run with the new library
kill -0 $server && fetch three || fail "the server did not outlive it"
kill -0 $proxy && proxied four || fail "the proxy did not outlive it"
kill -INT $server
wait $server
kill $proxy
wait $proxy
status=0; /tmp/hello_server --policy /nowhere 2>/dev/null || status=$?
[ $status = 1 ] || fail "a program of before does not run: $status"

packages="libsecurestreams-compat securestreams-tools libsecurestreams-dev libsecurestreams0"
# the same version anew
dpkg -i /debs/*.deb >/dev/null
dpkg -r $packages >/dev/null
grep -q 'stop ss-proxy.service' /tmp/systemctl || fail "the proxy is not stopped when it goes: $(cat /tmp/systemctl)"
cmp /etc/ss-proxy/policy.json /tmp/policy.before
dpkg -P $packages >/dev/null
rm /usr/local/bin/systemctl
