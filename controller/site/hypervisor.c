/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hypervisor.c - see hypervisor.h.
 *
 * One thread runs libvirt's event loop, which its streams (stream_pump.h) and its keepalive need.
 */
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "site/hypervisor_internal.h"
#include "site/stream_pump.h"

#define KEEPALIVE_S 5
#define KEEPALIVE_TIMES 6
#define WAKE_MS 1000 /* an event loop without timers or descriptors would spin in error */

int hypervisor_error(struct error *err, const char *what)
{
	const char *message = virGetLastErrorMessage();
	char clean[512];

	return error_set(err, ERROR_WORLD, "libvirt: %s: %s", what,
			 printable(message, strlen(message), clean, sizeof(clean)));
}

static void silent(void *context, virErrorPtr error)
{
	(void)context;
	(void)error;
}

static void nothing(int timer, void *context)
{
	(void)timer;
	(void)context;
}

static void *event_loop(void *context)
{
	for (;;)
		virEventRunDefaultImpl();
	return context;
}

static void start_event_loop(void)
{
	sigset_t all, before;
	pthread_t thread;

	virInitialize();
	virSetErrorFunc(NULL, silent);
	virEventRegisterDefaultImpl();
	virEventAddTimeout(WAKE_MS, nothing, NULL, NULL);
	sigfillset(&all); /* signals are the main thread's: they must interrupt its waits */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (!pthread_create(&thread, NULL, event_loop, NULL))
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static virConnectPtr connect_to(const char *uri, struct error *err)
{
	virConnectPtr connection = virConnectOpen(uri);

	if (connection)
		virConnectSetKeepAlive(connection, KEEPALIVE_S, KEEPALIVE_TIMES);
	else
		hypervisor_error(err, uri);
	return connection;
}

struct hypervisor *hypervisor_open(const char *uri, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct hypervisor *hypervisor;

	pthread_once(&once, start_event_loop);
	hypervisor = calloc(1, sizeof(*hypervisor));
	if (!hypervisor) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	hypervisor->uri = strdup(uri);
	hypervisor->connection = connect_to(uri, err);
	if (hypervisor->uri && hypervisor->connection)
		return hypervisor;
	hypervisor_close(hypervisor);
	return NULL;
}

void hypervisor_close(struct hypervisor *hypervisor)
{
	if (!hypervisor)
		return;
	if (hypervisor->connection)
		virConnectClose(hypervisor->connection);
	free(hypervisor->uri);
	free(hypervisor);
}

bool hypervisor_reachable(const char *uri)
{
	struct hypervisor *hypervisor = hypervisor_open(uri, NULL);

	hypervisor_close(hypervisor);
	return hypervisor;
}

void hypervisor_versions(struct hypervisor *hypervisor, char *ret, uint32_t size)
{
	unsigned long qemu = 0, libvirt = 0;

	virConnectGetVersion(hypervisor->connection, &qemu);
	virConnectGetLibVersion(hypervisor->connection, &libvirt);
	snprintf(ret, size, "QEMU %lu.%lu.%lu, libvirt %lu.%lu.%lu", qemu / 1000000,
		 qemu / 1000 % 1000, qemu % 1000, libvirt / 1000000, libvirt / 1000 % 1000,
		 libvirt % 1000);
}

virDomainPtr hypervisor_lookup(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	virDomainPtr domain = virDomainLookupByName(hypervisor->connection, name);

	if (!domain)
		hypervisor_error(err, name);
	return domain;
}

int hypervisor_start(struct hypervisor *hypervisor, const char *xml, bool dies_with_us,
		     struct error *err)
{
	unsigned flags = dies_with_us ? VIR_DOMAIN_START_AUTODESTROY : 0;
	virDomainPtr domain;

	domain = virDomainCreateXML(hypervisor->connection, xml, flags);
	if (!domain)
		return hypervisor_error(err, "cannot start a guest");
	virDomainFree(domain);
	return 0;
}

int hypervisor_destroy(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	virDomainPtr domain = virDomainLookupByName(hypervisor->connection, name);
	int result = 0;

	if (!domain)
		return 0;
	if (virDomainDestroy(domain) < 0 && virDomainIsActive(domain) > 0)
		result = hypervisor_error(err, name);
	virDomainFree(domain);
	return result;
}

bool hypervisor_running(struct hypervisor *hypervisor, const char *name)
{
	virDomainPtr domain = virDomainLookupByName(hypervisor->connection, name);
	bool running;

	if (!domain)
		return false;
	running = virDomainIsActive(domain) == 1;
	virDomainFree(domain);
	return running;
}

static char *get_xml(struct hypervisor *hypervisor, const char *name, unsigned flags,
		     struct error *err)
{
	virDomainPtr domain = hypervisor_lookup(hypervisor, name, err);
	char *xml;

	if (!domain)
		return NULL;
	xml = virDomainGetXMLDesc(domain, flags);
	if (!xml)
		hypervisor_error(err, name);
	virDomainFree(domain);
	return xml;
}

char *hypervisor_xml(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	return get_xml(hypervisor, name, 0, err);
}

char *hypervisor_definition(struct hypervisor *hypervisor, const char *name, struct error *err)
{
	return get_xml(hypervisor, name, VIR_DOMAIN_XML_INACTIVE, err);
}

int hypervisor_look(struct hypervisor *hypervisor, const char *name, struct domain_state *ret,
		    struct error *err)
{
	virDomainPtr domain = hypervisor_lookup(hypervisor, name, err);
	int autostart = 0, state = VIR_DOMAIN_NOSTATE, reason;

	if (!domain)
		return -1;
	virDomainGetAutostart(domain, &autostart);
	virDomainGetState(domain, &state, &reason, 0);
	*ret = (struct domain_state){
		.persistent = virDomainIsPersistent(domain) == 1,
		.running = virDomainIsActive(domain) == 1,
		.halted = state != VIR_DOMAIN_RUNNING && state != VIR_DOMAIN_BLOCKED,
		.autostart = autostart,
		.managed_save = virDomainHasManagedSaveImage(domain, 0) == 1,
		.snapshots = virDomainSnapshotNum(domain, 0),
		.checkpoints = virDomainListAllCheckpoints(domain, NULL, 0),
	};
	virDomainGetUUIDString(domain, ret->uuid);
	virDomainFree(domain);
	return 0;
}

char *hypervisor_guest_agent(struct hypervisor *hypervisor, const char *name, const char *command,
			     int timeout_s, struct error *err)
{
	virDomainPtr domain = hypervisor_lookup(hypervisor, name, err);
	char *reply;

	if (!domain)
		return NULL;
	reply = virDomainQemuAgentCommand(domain, command, timeout_s, 0);
	if (!reply)
		hypervisor_error(err, name);
	virDomainFree(domain);
	return reply;
}

int hypervisor_attach(struct hypervisor *hypervisor, const char *name, const char *device_xml,
		      struct error *err)
{
	virDomainPtr domain = hypervisor_lookup(hypervisor, name, err);
	int result = 0;

	if (!domain)
		return -1;
	if (virDomainAttachDeviceFlags(domain, device_xml, VIR_DOMAIN_AFFECT_LIVE) < 0)
		result = hypervisor_error(err, name);
	virDomainFree(domain);
	return result;
}

int hypervisor_detach(struct hypervisor *hypervisor, const char *name, const char *device_xml,
		      struct error *err)
{
	virDomainPtr domain = hypervisor_lookup(hypervisor, name, err);
	int result = 0;

	if (!domain)
		return -1;
	if (virDomainDetachDeviceFlags(domain, device_xml, VIR_DOMAIN_AFFECT_LIVE) < 0)
		result = hypervisor_error(err, name);
	virDomainFree(domain);
	return result;
}

char *hypervisor_qmp(struct hypervisor *hypervisor, const char *name, const char *command,
		     struct error *err)
{
	virDomainPtr domain = hypervisor_lookup(hypervisor, name, err);
	char *reply = NULL;

	if (!domain)
		return NULL;
	if (virDomainQemuMonitorCommand(domain, command, &reply, 0) < 0) {
		hypervisor_error(err, name);
		reply = NULL;
	}
	virDomainFree(domain);
	return reply;
}

/*
 * A channel has a connection of its own, which ends with it. On a shared one, a stream that the
 * event thread aborts and a call of another thread get into each other's way: of some hundred such
 * calls one never got its answer (libvirt 9.0).
 */
int hypervisor_channel(struct hypervisor *hypervisor, const char *name, const char *channel,
		       struct error *err)
{
	struct hypervisor own = {.connection = connect_to(hypervisor->uri, err)};
	virDomainPtr domain = NULL;
	virStreamPtr stream = NULL;
	int fd = -1;

	if (!own.connection)
		return -1;
	domain = hypervisor_lookup(&own, name, err);
	if (!domain)
		goto out;
	stream = virStreamNew(own.connection, VIR_STREAM_NONBLOCK);
	if (!stream || virDomainOpenChannel(domain, channel, stream, VIR_DOMAIN_CHANNEL_FORCE) < 0)
		hypervisor_error(err, "cannot open the agent's channel");
	else
		fd = stream_pump_start(stream, err);
out:
	if (stream)
		virStreamFree(stream);
	if (domain)
		virDomainFree(domain);
	virConnectClose(own.connection); /* the pump's stream keeps it */
	return fd;
}
