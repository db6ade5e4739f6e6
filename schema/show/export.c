// SPDX-License-Identifier: Apache-2.0
#include "schema/show/export.h"

#include <string.h>

static struct error *write_html(struct profile *profile, FILE *out)
{
	return profile_flame(profile, "brindle", out);
}

const struct export_format export_formats[] = {
	{ "folded", ".folded", "text/plain; charset=utf-8",
	  "flamegraph.pl, inferno, speedscope", profile_export_folded },
	{ "pprof", ".pb.gz", "application/octet-stream",
	  "go tool pprof, Pyroscope, Parca, speedscope", export_write_pprof },
	{ "speedscope", ".speedscope.json", "application/json",
	  "speedscope", export_write_speedscope },
	{ "gecko", ".gecko.json", "application/json",
	  "profiler.firefox.com, Perfetto", export_write_gecko },
	{ "svg", ".svg", "image/svg+xml", "an image of the flame graph",
	  export_write_svg },
	{ "html", ".html", "text/html; charset=utf-8",
	  "the flame graph's page, for any browser", write_html },
	{ "csv", ".csv", "text/csv; charset=utf-8",
	  "functions, for spreadsheets", export_write_csv },
	{ 0 },
};

const struct export_format *export_find(const char *name)
{
	const struct export_format *format = export_formats;

	while (format->name && strcmp(format->name, name) != 0)
		format++;
	return format->name ? format : NULL;
}

char *export_names(void)
{
	char *names = NULL;
	size_t size;
	FILE *out = open_memstream(&names, &size);

	if (!out)
		return NULL;
	for (const struct export_format *format = export_formats; format->name;
	     format++)
		fprintf(out, "%s%s", format == export_formats ? "" : ", ",
			format->name);
	fclose(out);
	return names;
}
