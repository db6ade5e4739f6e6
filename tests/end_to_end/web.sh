# SPDX-License-Identifier: Apache-2.0
# The dashboard's server: what it may be sent, and by whom; the daemon's.

web=$here/../web

# counted NAME: the last run's closing line, "NAME: P passed, F failed, ...".
counted() {
	local line
	line=$(grep -E "^$1: [0-9]+ passed" out.txt)
	if [ -z "$line" ]; then
		expect "$1" false
		return
	fi
	grep '^not ok' out.txt
	passed=$((passed + $(grep -oE '[0-9]+ passed' <<<"$line" | cut -d' ' -f1)))
	failed=$((failed + $(grep -oE '[0-9]+ failed' <<<"$line" | cut -d' ' -f1)))
}

record_served() {
	[ -s served.db ] ||
		run 20 ./brindle record -o served.db -- ./spinner 0.5
	expect "serve: a profile" [ -s served.db ]
}

check_serve_refusals() {
	run 5 ./brindle serve nosuch.db
	expect "serve: no file" fails 1 "no profile 'nosuch.db'"
	run 5 ./brindle serve --port 70000 served.db
	expect "serve: no port" fails 2 "from 0 to 65535"
	run 5 ./brindle serve --address 0.0.0.0 served.db
	expect "serve: not for other hosts" fails 2 "other hosts.*ssh -L"
	run 5 ./brindle serve --address example.com served.db
	expect "serve: a name" fails 2 "no address"
	run 5 ./brindle open served.db
	expect "open: nobody serves it" fails 1 "brindle serve"
}

check_web() {
	if [[ ! serve =~ $pattern && ! web =~ $pattern ]]; then
		return
	fi
	record_served
	check_serve_refusals
	run 60 $python "$web/server_abuse.py" ./brindle served.db
	counted server_abuse
	run 60 $python "$web/server_crowd.py" ./brindle served.db
	counted server_crowd
	if [ "$(id -u)" != 0 ]; then
		skip "daemon's dashboard" "needs root"
		return
	fi
	run 60 $python "$web/server_daemon.py" ./brindle
	counted server_daemon
}
