# It runs nothing that was compiled here: once is enough.
if !SANITIZING
TESTS += tests/web/ui/run.sh
endif
dist_check_SCRIPTS += tests/web/ui/run.sh
EXTRA_DIST += \
	tests/web/ui/app/pure.test.ts \
	tests/web/ui/flame/colors.test.ts \
	tests/web/ui/imports.test.ts \
	tests/web/ui/node.test.ts \
	tests/web/ui/model/derive.test.ts \
	tests/web/ui/model/diff.test.ts \
	tests/web/ui/model/document.test.ts \
	tests/web/ui/model/format.test.ts \
	tests/web/ui/model/groups.test.ts \
	tests/web/ui/model/layout.test.ts \
	tests/web/ui/model/path.test.ts \
	tests/web/ui/model/place.test.ts \
	tests/web/ui/model/pprof.test.ts \
	tests/web/ui/model/profiles.ts \
	tests/web/ui/model/rows.test.ts \
	tests/web/ui/model/search.test.ts \
	tests/web/ui/model/slices.test.ts \
	tests/web/ui/model/steady.test.ts \
	tests/web/ui/model/timed.test.ts
