// SPDX-License-Identifier: Apache-2.0
#include "daemon/service/service_state.h"

#include "base/clock.h"
#include "daemon/process/command_line.h"
#include "daemon/service/notify.h"

#include <string.h>

static struct error *add_wishes(const struct service_options *options,
				struct config *config)
{
	struct error *error = NULL;

	if (options->db)
		error = config_set(config, "db", options->db);
	if (!error && options->frequency_hz)
		error = config_set(config, "frequency", options->frequency_hz);
	return error;
}

struct error *service_read_config(const struct service_options *options,
				  bool may_lack, struct config *ret)
{
	struct error *error = NULL;

	config_init(ret);
	if (options->config_path)
		error = config_read(ret, options->config_path);
	if (error && error->code == ERROR_NOT_FOUND && may_lack) {
		error_destroy(error);
		error = NULL;
	}
	return error ? error : add_wishes(options, ret);
}

struct store_limits service_limits(const struct config *config)
{
	return (struct store_limits){
		.bytes = config->store_bytes,
		.sample_seconds = config->sample_seconds,
		.rollup_10s_seconds = config->rollup_10s_seconds,
		.rollup_10min_seconds = config->rollup_10min_seconds,
	};
}

struct command_line_policy service_command_lines(const struct config *config)
{
	static const enum command_line_keep keeps[] = {
		[CONFIG_COMMAND_FULL] = COMMAND_LINE_ALL,
		[CONFIG_COMMAND_MASKED] = COMMAND_LINE_ALL,
		[CONFIG_COMMAND_NAME] = COMMAND_LINE_PROGRAM,
		[CONFIG_COMMAND_NONE] = COMMAND_LINE_NONE,
	};
	bool masked = config->command_lines == CONFIG_COMMAND_MASKED;

	return (struct command_line_policy){
		.keep = keeps[config->command_lines],
		.secrets = masked ? config->mask : NULL,
	};
}

void service_apply_privacy(struct service *service)
{
	struct command_line_policy policy =
		service_command_lines(&service->config);

	recorder_set_command_lines(service->recorder, &policy);
	recorder_set_exclude(service->recorder, service->config.exclude);
}

static void refuse(struct service *service, struct error *error)
{
	char text[512];

	snprintf(text, sizeof(text), "%s; what was in force stays",
		 error->message);
	log_say(&service->log, LOG_ERROR, "config", "%s", text);
	if (!service->config_incident)
		service->config_incident = store_incident(
			service->store, "config", monotonic_ns(), 0, text);
	error_destroy(error);
}

// What cannot change stays as it was, so that the next reload says it again.
static void keep_what_needs_a_restart(struct service *service,
				      struct config *config)
{
	const char *name;

	while ((name = config_needs_restart(&service->config, config))) {
		log_say(&service->log, LOG_WARNING, "config", "'%s' changes "
			"with the next restart", name);
		config_copy_key(config, &service->config, name);
	}
}

static void apply(struct service *service, struct config *config)
{
	struct store_limits limits = service_limits(config);
	struct governor_limits budget = service_governor_limits(config);
	unsigned int before = governor_frequency_hz(&service->governor);
	unsigned int hz;

	keep_what_needs_a_restart(service, config);
	service->config = *config;
	service->log.most = config->log_debug ? LOG_DEBUG : LOG_INFO;
	store_set_limits(service->store, &limits);
	service_apply_privacy(service);
	// The session's row has what was asked for when it began.
	store_set_health(service->store, "wanted_hz", (int64_t)config->frequency_hz,
			 "samples a second that are asked for");
	governor_set_limits(&service->governor, &budget);
	hz = governor_frequency_hz(&service->governor);
	if (hz != before)
		error_destroy(recorder_set_frequency(service->recorder, hz));
	if (service->config_incident)
		store_end_incident(service->store, service->config_incident,
				   monotonic_ns());
	service->config_incident = 0;
	log_say(&service->log, LOG_NOTICE, "config",
		"read the configuration again");
}

// It is read without root's rights now, and behind a wall that leaves us this file,
// /etc and little else: not what has taken its place.
static struct error *explain(struct error *error)
{
	struct error *explained;

	if (!error || error->code != ERROR_PERMISSION)
		return error;
	explained = error_create(ERROR_PERMISSION,
				 "%s: the daemon has no root's rights to read "
				 "it by, and outside /etc one that was replaced "
				 "is read with the next restart; one that was "
				 "written to, at once", error->message);
	error_destroy(error);
	return explained;
}

void service_reload(struct service *service)
{
	struct config config;
	struct error *error;

	notify_format(service->options->notify_fd,
		      "RELOADING=1\nMONOTONIC_USEC=%llu",
		      (unsigned long long)(monotonic_ns() / 1000));
	// A file that has gone missing says nothing about what is wanted.
	error = explain(service_read_config(service->options, false, &config));
	if (error)
		refuse(service, error);
	else
		apply(service, &config);
	notify_send(service->options->notify_fd, "READY=1");
}
