/* SPDX-License-Identifier: GPL-2.0-or-later */
/* two_hosts.c - see two_hosts.h. */
#include "tests/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/site/two_hosts.h"

static char folder[] = "/tmp/test-replication-XXXXXX";
static char path[sizeof(folder) + 64];
static struct plan_host plans[NODES];
struct site_node nodes[NODES];
static char *old_path;

static const char script[] =
	"#!/bin/sh\n"
	"cd ${0%/*} || exit 9\n"
	"for last; do :; done\n"
	"case \"${0##*/} $*\" in\n"
	"'drbdsetup events2 --now --statistics '*)\n"
	"	[ ! -e silent.$last ] || sleep 60\n"
	"	cat state.$last ;;\n"
	"'drbdsetup events2 --statistics '*)\n"
	"	cat state.$last\n"
	"	while [ -e alive.$last ]; do\n"
	"		[ ! -e more.$last ] || { cat more.$last; rm more.$last; }\n"
	"		sleep 0.05\n"
	"	done ;;\n"
	"'drbdsetup show '*) if grep -q StandAlone state.$last; then cat show; else cat "
	"show.$last; fi ;;\n"
	"'drbdadm --version') cat version ;;\n"
	"'drbdadm sh-dev '*) cat device ;;\n"
	"'drbdadm dump') cat show.ra show.rb ;;\n"
	"'drbdadm get-gi '*) cat gi.$last ;;\n"
	"'drbdadm verify '*) n=$(cat verified); n=$((n + 1)); echo $n >verified\n"
	"	[ ! -e verify.$n ] || . ./verify.$n ;;\n"
	"'dmesg '*) cat log ;;\n"
	"*) echo \"unexpected: $*\" >&2; exit 8 ;;\n"
	"esac\n";

char *in_folder(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

void put(const char *name, const char *format, ...)
{
	char part[sizeof(path)];
	va_list args;
	FILE *file;

	snprintf(part, sizeof(part), "%s/part", folder);
	file = fopen(part, "w");
	assert_non_null(file);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(part, in_folder(name)), 0);
}

void take_away(const char *name)
{
	assert_int_equal(unlink(in_folder(name)), 0);
}

/* host: "a" or "b". */
void put_state(const char *host, const char *connection, const char *role, const char *replication,
	       const char *disk, unsigned out_of_sync)
{
	char name[16];

	snprintf(name, sizeof(name), "state.r%s", host);
	put(name,
	    "exists resource name:r%s role:Primary suspended:no write-ordering:flush\n"
	    "exists connection name:r%s peer-node-id:0 conn-name:peer connection:%s role:%s "
	    "congested:no\n"
	    "exists device name:r%s volume:0 minor:%d disk:UpToDate size:532424 read:37638 "
	    "written:68216 al-writes:1 bm-writes:0 upper-pending:0 lower-pending:0 "
	    "al-suspended:no blocked:no\n"
	    "exists peer-device name:r%s peer-node-id:0 conn-name:peer volume:0 replication:%s "
	    "peer-disk:%s resync-suspended:no received:1 sent:2 out-of-sync:%u pending:0 "
	    "unacked:0\n"
	    "exists -\n",
	    host, host, connection, role, host, *host - 'a', host, replication, disk, out_of_sync);
}

void put_good_state(const char *host)
{
	put_state(host, "Connected", "Primary", "Established", "UpToDate", 0);
}

void put_generation(const char *host, const char *current, const char *bitmap)
{
	char name[16];

	snprintf(name, sizeof(name), "gi.r%s", host);
	put(name, "%s:%s:0000000000000000:0000000000000000:1:1:1:1:0:0:0\n", current, bitmap);
}

void put_config(const char *host, const char *net)
{
	char name[16];

	snprintf(name, sizeof(name), "show.r%s", host);
	put(name, "resource r%s {\n    net {\n        %s\n    }\n    _this_host {\n    }\n}\n",
	    host, net);
}

int hosts_setup(void **unused)
{
	static const char *const programs[] = {"drbdsetup", "drbdadm", "dmesg"};
	const char *search = getenv("PATH");
	char *both = NULL;
	size_t i;

	(void)unused;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 7);
	if (!mkdtemp(folder) || !search)
		return -1;
	for (i = 0; i < 3; i++) {
		put(programs[i], "%s", script);
		if (chmod(in_folder(programs[i]), 0755) < 0)
			return -1;
	}
	old_path = strdup(search);
	if (asprintf(&both, "%s:%s", folder, search) < 0)
		return -1;
	setenv("PATH", both, 1);
	free(both);
	put("version", "DRBD_KERNEL_VERSION_CODE=0x08040b\nDRBDADM_VERSION=9.22.0\n");
	put("device", "/dev/null\n");
	put("log", LOG);
	put("verified", "0\n");
	for (i = 0; i < NODES; i++) {
		const char *host = i ? "b" : "a";
		const struct host_options local = {.ssh = "local"};

		put_good_state(host);
		put_generation(host, CURRENT, NONE);
		put_config(host, NET);
		put(i ? "alive.rb" : "alive.ra", "x");
		snprintf(plans[i].resource, sizeof(plans[i].resource), "r%s", host);
		snprintf(plans[i].device, sizeof(plans[i].device), "/dev/null");
		nodes[i] = (struct site_node){.letter = *host, .plan = &plans[i]};
		nodes[i].host = host_open(&local, NULL);
		if (!nodes[i].host)
			return -1;
	}
	return 0;
}

int hosts_teardown(void **unused)
{
	const char *const argv[] = {"rm", "-rf", folder, NULL};
	unsigned n;

	(void)unused;
	setenv("PATH", old_path, 1);
	free(old_path);
	for (n = 0; n < NODES; n++)
		host_close(nodes[n].host);
	return process_run_ok(argv, NS_PER_S * 10, NULL);
}

struct replication *opened(void)
{
	struct error err;
	struct replication *r = replication_open(nodes, &err);

	if (!r)
		fail_msg("%s", err.text);
	return r;
}

void expect_in(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("no '%s' in '%s'", wanted, text);
}
