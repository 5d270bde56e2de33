/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * two_hosts.h - two hosts with DRBD, told by stand-ins.
 *
 * drbdsetup, drbdadm and dmesg are a script that prints files of a folder; both hosts are this
 * machine, so that the resource has a name of its own on each ("ra", "rb") and the one kernel's log
 * tells of both. The texts have the form of what DRBD 8.4 printed on a real pair of hosts.
 */
#ifndef TESTS_SITE_TWO_HOSTS_H
#define TESTS_SITE_TWO_HOSTS_H

#include "site/replication_parts.h"
#include "site/site.h"

#define CURRENT "A1B2C3D4E5F60717"
#define NONE "0000000000000000"
#define NET "allow-two-primaries yes; verify-alg \"crc32c\";"
#define LOG \
	"[    1.000000] Linux version 6.1.0\n[   20.000000] drbd ra: conn( WFReportParams -> " \
	"Connected )\n"

extern struct site_node nodes[NODES];

/* Of each test: everything fit. */
int hosts_setup(void **unused);
int hosts_teardown(void **unused);

/* Put a text into a file of the folder, whole at once; take it away. */
void put(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
void take_away(const char *name);
/* Its path; good until the next call. */
char *in_folder(const char *name);

/* What a host ("a", "b") tells. */
void put_state(const char *host, const char *connection, const char *role, const char *replication,
	       const char *disk, unsigned out_of_sync);
void put_good_state(const char *host);
void put_generation(const char *host, const char *current, const char *bitmap);
void put_config(const char *host, const char *net);

struct replication *opened(void);
void expect_in(const char *text, const char *wanted);

#endif
