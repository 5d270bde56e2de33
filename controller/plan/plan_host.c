/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_host.c - the values of [host a] and [host b]: each key's range. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "plan/plan_internal.h"
#include "plan/ssh_address.h"

const char *const agent_way_names[AGENT_WAYS] = {"virtio", "ssh", "guest-agent"};
const char *const on_hang_names[ON_HANGS] = {"error", "destroy"};

static struct plan_host *host_of(struct plan_parser *parser)
{
	return &parser->plan.hosts[parser->section == SECTION_HOST_B];
}

bool plan_host_is_auto(const struct plan_host *host)
{
	return !strcmp(host->domain, "auto");
}

/* No line of a plan is as long as what this copies to. */
static int read_ssh(const char *value, char ret[256], struct error *err)
{
	struct ssh_address address;

	if (!ssh_address_is_local(value) && ssh_address_parse(value, &address, err) < 0)
		return -1;
	snprintf(ret, 256, "%s", value);
	return 0;
}

int plan_read_ssh(struct plan_parser *parser, const char *value, struct error *err)
{
	return read_ssh(value, host_of(parser)->ssh, err);
}

int plan_read_guest_ssh(struct plan_parser *parser, const char *value, struct error *err)
{
	if (ssh_address_is_local(value))
		return error_set(err, ERROR_USER, "guest-ssh: a guest is not this machine: '%s'",
				 value);
	return read_ssh(value, host_of(parser)->guest_ssh, err);
}

int plan_read_agent(struct plan_parser *parser, const char *value, struct error *err)
{
	unsigned way;

	if (parse_name(value, agent_way_names, AGENT_WAYS, "agent", &way, err) < 0)
		return -1;
	host_of(parser)->agent = (enum agent_way)way;
	return 0;
}

int plan_read_address(struct plan_parser *parser, const char *value, struct error *err)
{
	struct in_addr ignored;

	if (inet_pton(AF_INET, value, &ignored) != 1)
		return error_set(err, ERROR_USER,
				 "address: '%s' is not an IPv4 address of the host, such as "
				 "192.0.2.1",
				 value);
	snprintf(host_of(parser)->address, sizeof(host_of(parser)->address), "%s", value);
	return 0;
}

int plan_read_on_hang(struct plan_parser *parser, const char *value, struct error *err)
{
	unsigned what;

	if (parse_name(value, on_hang_names, ON_HANGS, "on-hang", &what, err) < 0)
		return -1;
	host_of(parser)->on_hang = (enum on_hang)what;
	return 0;
}

int plan_read_stop_timeout(struct plan_parser *parser, const char *value, struct error *err)
{
	return parse_duration(value, "stop-timeout", &host_of(parser)->stop_ns, err);
}

int plan_read_start_timeout(struct plan_parser *parser, const char *value, struct error *err)
{
	return parse_duration(value, "start-timeout", &host_of(parser)->start_ns, err);
}
