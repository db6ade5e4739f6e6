# What a user meets; run.sh runs it all.
EXTRA_DIST += tests/end_to_end/run.sh tests/end_to_end/ending.sh tests/end_to_end/host.sh \
	tests/end_to_end/events.sh \
	tests/end_to_end/reading.sh tests/end_to_end/recording.sh \
	tests/end_to_end/memory.sh tests/end_to_end/refusals.sh tests/end_to_end/top.sh tests/end_to_end/web.sh \
	tests/end_to_end/durability.sh tests/end_to_end/durability.py \
	tests/end_to_end/daemon_process.py tests/end_to_end/daemon.sh \
	tests/end_to_end/privilege.sh tests/end_to_end/processes.sh tests/end_to_end/unit_calls.py
