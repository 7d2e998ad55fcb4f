# Run in a minimal system that has the packages: uses what each of them brings.
set -e
arch=$(gcc -print-multiarch)
cd /usr/share/doc/libsecurestreams-dev/examples
for example in *.c; do
    gcc -std=gnu99 -Wall "$example" -o "/tmp/${example%.c}" $(pkg-config --cflags --libs securestreams)
    # those that want arguments say so
    if grep -q '"usage' "$example"; then
        "/tmp/${example%.c}" >/tmp/said 2>&1 || true
        grep -q usage /tmp/said
    fi
done
# one that serves, and a stream to it; port 0 is any that is free
sed s/7681/0/ hello_server_policy.json >/tmp/server.json
mkfifo /tmp/says
/tmp/hello_server --policy /tmp/server.json >/tmp/says &
server=$!
exec 3</tmp/says
read -r _ port <&3
ssrun -q --timeout 20 -m endpoint="http://127.0.0.1:$port/" __default
kill -INT $server
wait $server
rm /tmp/says
# the proxy has its unit, which waits for a policy
status=0; ss-proxy --help >/dev/null 2>&1 || status=$?
[ $status = 2 ]
grep -q '^ExecStart=/usr/bin/ss-proxy ' /lib/systemd/system/ss-proxy.service
sspolicy check hello_world_policy.json
sspolicy to-c hello_world_policy.json >/tmp/policy.c
gcc $(pkg-config --cflags securestreams) -c /tmp/policy.c -o /tmp/policy.o
ssrun --help >/dev/null
cmake -S /projects/reference_project -B /tmp/b -DCMAKE_PREFIX_PATH="/usr/lib/$arch/securestreams/compat" >/dev/null
cmake --build /tmp/b >/dev/null
for program in by_target static_target by_variables; do
    # no URL: the program says 2
    status=0; "/tmp/b/$program" || status=$?
    [ $status = 2 ]
done
