# The web server and what it answers; the dashboard is built from web/ui into
# web/dist, which is committed.
include web/api/local.mk
include web/server/local.mk
include web/sql/local.mk

# What web/dist is built from: node web/ui/build.mjs.
EXTRA_DIST += web/ui/app web/ui/flame web/ui/model web/ui/page web/ui/sql \
	web/ui/style web/ui/build.mjs web/ui/package.json \
	web/ui/package-lock.json web/ui/test.mjs web/ui/tsconfig.json
