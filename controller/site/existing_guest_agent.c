/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * existing_guest_agent.c - existing_guest.h: the three ways to the agent in a user's guest.
 *
 *   virtio        it runs there; its end of the virtio port is open once it has booted
 *   ssh           it is copied there and speaks over the command's input and output
 *   guest-agent   it is copied there by QEMU's guest agent, and started on a virtio port that is
 *                 plugged in for the time of the test, and is in no definition
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "site/existing_guest_internal.h"
#include "site/guest_agent.h"
#include "host/host.h"
#include "host/interrupt.h"
#include "site/put_back.h"
#include "host/wait.h"

#define COMMAND_NS (60 * NS_PER_S)
#define COPY_NS (300 * NS_PER_S)
#define LOGIN_NS (30 * NS_PER_S) /* of one try; emulated guests take seconds */
#define PAUSE_NS NS_PER_S	 /* between two tries to log in */
#define PORT "/dev/virtio-ports/" GUEST_CHANNEL

static uint64_t left(const struct existing_guest *g)
{
	uint64_t now = clock_ns();

	return g->deadline > now ? g->deadline - now : 0;
}

/* A guest that went off, or a host that vanished, is not waited for. */
static int check_alive(const struct existing_guest *g, struct error *err)
{
	int off = hypervisor_is_off(g->node->hypervisor, g->node->domain, err);

	if (off > 0)
		return error_set(err, ERROR_WORLD, "it does not run (any more)");
	return off;
}

static int is_connected(void *context, struct error *err)
{
	const struct existing_guest *g = context;
	char *xml;
	int result;

	if (check_alive(g, err) < 0)
		return -1;
	xml = hypervisor_xml(g->node->hypervisor, g->node->domain, err);
	if (!xml)
		return -1;
	result = domain_xml_channel_connected(xml, err);
	free(xml);
	return result;
}

static int connect_virtio(struct existing_guest *g, struct error *err)
{
	if (wait_for("stalemate-agent to run in it (stalemate-agent --port " PORT ")", left(g),
		     is_connected, g, err) < 0)
		return -1;
	return hypervisor_channel(g->node->hypervisor, g->node->domain, GUEST_CHANNEL, err);
}

static int run_by_ssh(void *context, const char *const argv[], int *ret_status, struct error *err)
{
	struct process_result result;

	if (host_run(context, argv, COMMAND_NS, &result, err) < 0)
		return -1;
	*ret_status = result.status;
	process_result_done(&result);
	return 0;
}

static int put_by_ssh(void *context, const char *local, const char *remote, struct error *err)
{
	return host_put(context, local, remote, 0700, COPY_NS, err);
}

static struct agent_installer ssh_installer(struct host *inside)
{
	return (struct agent_installer){run_by_ssh, put_by_ssh, inside};
}

/* A guest that boots refuses or is silent for a while; what it says of its key does not change. */
static int log_in(struct existing_guest *g, struct error *err)
{
	bool distrusted = false;
	struct host_options options = {.ssh = g->node->plan->guest_ssh,
				       .connect_ns = LOGIN_NS,
				       .ssh_config = g->node->ssh_config,
				       .ret_distrusted = &distrusted};
	struct error why;

	for (;;) {
		g->inside = host_open(&options, &why);
		if (g->inside)
			return 0;
		if (why.kind != ERROR_WORLD || distrusted)
			return error_set(err, why.kind, "%s", why.text);
		if (check_alive(g, err) < 0)
			return -1;
		if (interrupted())
			return interrupt_error(err);
		if (!left(g))
			return error_set(err, ERROR_WORLD, "not reached in %.0f s: %s",
					 (double)g->node->plan->start_ns / NS_PER_S, why.text);
		clock_sleep(PAUSE_NS);
	}
}

static int connect_ssh(struct existing_guest *g, struct error *err)
{
	const char *const argv[] = {g->installed.program, "--stdio", NULL};
	struct agent_installer installer;

	if (log_in(g, err) < 0)
		return -1;
	installer = ssh_installer(g->inside);
	if (agent_install(&installer, &g->installed, err) < 0)
		return -1;
	return host_stream(g->inside, argv, err);
}

static int run_by_guest_agent(void *context, const char *const argv[], int *ret_status,
			      struct error *err)
{
	return guest_agent_run(context, argv, COMMAND_NS, ret_status, err);
}

static int put_by_guest_agent(void *context, const char *local, const char *remote,
			      struct error *err)
{
	return guest_agent_put(context, local, remote, COPY_NS, err);
}

static struct agent_installer guest_agent_installer(struct guest_agent *agent)
{
	return (struct agent_installer){run_by_guest_agent, put_by_guest_agent, agent};
}

static struct guest_agent guest_agent_of(const struct existing_guest *g)
{
	return (struct guest_agent){g->node->hypervisor, g->node->domain};
}

static int answers(void *context, struct error *err)
{
	const struct existing_guest *g = context;
	struct guest_agent agent = guest_agent_of(g);

	if (check_alive(g, err) < 0)
		return -1;
	return guest_agent_answers(&agent);
}

/* 1 if the running guest has the channel, 0 if not, -1 with *err. */
static int has_channel(const struct existing_guest *g, struct error *err)
{
	char *xml = hypervisor_xml(g->node->hypervisor, g->node->domain, err);
	int has = xml ? domain_xml_has_channel(xml, GUEST_CHANNEL, err) : -1;

	free(xml);
	return has;
}

static int plug_channel(struct existing_guest *g, struct error *err)
{
	int has = has_channel(g, err);
	char *xml;

	if (has)
		return has < 0 ? -1 : 0;
	xml = domain_xml_channel(err);
	if (!xml || hypervisor_attach(g->node->hypervisor, g->node->domain, xml, err) < 0)
		has = -1;
	else
		g->plugged = true;
	free(xml);
	return has;
}

static int connect_guest_agent(struct existing_guest *g, struct error *err)
{
	const char *const argv[] = {g->installed.program, "--port", PORT, NULL};
	struct guest_agent agent = guest_agent_of(g);
	struct agent_installer installer = guest_agent_installer(&agent);

	if (wait_for("QEMU's guest agent (qemu-guest-agent) to answer in it", left(g), answers, g,
		     err) < 0 ||
	    plug_channel(g, err) < 0 || agent_install(&installer, &g->installed, err) < 0 ||
	    guest_agent_start(&agent, argv, &g->pid, err) < 0)
		return -1;
	if (wait_for("the agent to open " PORT, COMMAND_NS, is_connected, g, err) < 0)
		return -1;
	return hypervisor_channel(g->node->hypervisor, g->node->domain, GUEST_CHANNEL, err);
}

static int connect_agent(struct existing_guest *g, struct error *err)
{
	switch (g->node->plan->agent) {
	case AGENT_SSH:
		return connect_ssh(g, err);
	case AGENT_GUEST_AGENT:
		return connect_guest_agent(g, err);
	default:
		return connect_virtio(g, err);
	}
}

int existing_guest_connect(struct existing_guest *g, struct error *err)
{
	int fd;

	existing_guest_disconnect(g);
	if (!g->deadline)
		g->deadline = clock_ns() + g->node->plan->start_ns;
	fd = connect_agent(g, err);
	g->deadline = 0; /* the next one, in a guest that is up, has all of it again */
	if (fd >= 0)
		return fd;
	existing_guest_disconnect(g);
	return existing_guest_error(g->node, err);
}

static void stop_agent(struct existing_guest *g, const struct guest_agent *agent)
{
	const char *argv[] = {"kill", NULL, NULL};
	char pid[24];
	int status;

	if (!g->pid)
		return;
	snprintf(pid, sizeof(pid), "%lld", (long long)g->pid);
	argv[1] = pid;
	/* asked first, for by now another process could have that number */
	if (guest_agent_runs(agent, g->pid, NULL) > 0)
		guest_agent_run(agent, argv, COMMAND_NS, &status, NULL);
	g->pid = 0;
}

void existing_guest_disconnect(struct existing_guest *g)
{
	struct guest_agent agent = guest_agent_of(g);
	struct agent_installer installer;
	bool held;

	if (!g->inside && !g->plugged && !g->installed.folder[0] && !g->pid)
		return;
	held = interrupt_hold(true);
	if (g->inside) {
		installer = ssh_installer(g->inside);
		agent_uninstall(&installer, &g->installed);
		host_close(g->inside);
		g->inside = NULL;
	} else if (hypervisor_is_off(g->node->hypervisor, g->node->domain, NULL) == 0 &&
		   guest_agent_answers(&agent)) {
		installer = guest_agent_installer(&agent);
		stop_agent(g, &agent);
		agent_uninstall(&installer, &g->installed);
		if (g->plugged)
			guest_unplug_channel(g->node->hypervisor, g->node->domain, NULL);
	}
	g->installed = (struct agent_install){"", ""};
	g->plugged = false;
	g->pid = 0;
	interrupt_hold(held);
}
