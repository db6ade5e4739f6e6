include tests/web/api/local.mk
include tests/web/server/local.mk
include tests/web/sql/local.mk
include tests/web/ui/local.mk
EXTRA_DIST += tests/web/browser/run.sh tests/web/browser/workload.py \
	tests/web/browser/main.mjs tests/web/browser/harness.mjs \
	tests/web/browser/views.mjs tests/web/browser/steering.mjs tests/web/browser/lanes.mjs \
	tests/web/browser/dist.mjs tests/web/browser/hostile.mjs \
	tests/web/browser/readers.mjs tests/web/browser/pace.mjs \
	tests/web/browser/tasks.mjs \
	tests/web/ui/app/pure.test.ts
