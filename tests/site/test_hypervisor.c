/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt, on its own test driver and on one of ours that misbehaves. Guards against a call that
 * never comes back, a signal that does not end it, an ssh that asks for a password or is left
 * behind, a connection that is lost for good, and an answer that libvirt failed to give being taken
 * for one.
 */
#include "tests/test.h"

#include <dirent.h>
#include <libvirt/virterror.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/clock.h"
#include "virt/hypervisor_internal.h"
#include "host/interrupt.h"
#include "tests/site/fake_libvirtd.h"

#define SHORT_NS (200 * NS_PER_MS)
#define LONG_NS (30 * NS_PER_S)
#define SOON_NS (5 * NS_PER_S) /* for a machine that is slow */

static const char definition[] =
	"<domain type='test'><name>db1</name><memory>65536</memory><os><type>hvm</type></os>"
	"</domain>";
static const char no_such_mode[] =
	"<domain type='test'><name>db2</name><memory>65536</memory><os><type>hvm</type></os>"
	"<devices><disk type='block'><driver name='qemu' cache='odd'/><source dev='/dev/x'/>"
	"<target dev='vda'/></disk></devices></domain>";
static const struct hypervisor_limits patient = {LONG_NS, LONG_NS, LONG_NS};
static const struct hypervisor_limits hasty = {SHORT_NS, SHORT_NS, SHORT_NS};

static struct fake_libvirtd *fake;
static struct hypervisor *hypervisor;
static struct error err;

static unsigned threads(void)
{
	DIR *folder = opendir("/proc/self/task");
	unsigned n = 0;

	assert_non_null(folder);
	while (readdir(folder))
		n++;
	closedir(folder);
	return n - 2;
}

/* Those that were left to themselves have ended, and freed what they had. */
static void await_threads(unsigned wanted)
{
	uint64_t deadline = clock_ns() + SOON_NS;

	while (threads() != wanted) {
		if (clock_ns() > deadline)
			fail_msg("%u threads, not %u", threads(), wanted);
		clock_sleep(NS_PER_MS);
	}
}

static void failed_with(enum error_kind kind, const char *words)
{
	if (err.kind != kind || !strstr(err.text, words))
		fail_msg("error of kind %d, '%s'; wanted %d, '%s'", err.kind, err.text, kind,
			 words);
	err = (struct error){0};
}

static void open_fake(const struct hypervisor_limits *limits)
{
	hypervisor = hypervisor_open_within(fake_uri(fake), limits, &err);
	if (!hypervisor)
		fail_msg("%s", err.text);
}

static int set_up(void **state)
{
	(void)state;
	err = (struct error){0};
	hypervisor = NULL;
	fake = fake_start();
	return fake ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	hypervisor_close(hypervisor);
	fake_stop(fake);
	await_threads(2); /* we, and the event loop's */
	return 0;
}

/* A domain's life on libvirt's own driver: nothing of it is lost on the way through the threads. */
static void test_life(void **state)
{
	struct domain_state look;
	char *xml, versions[128];

	(void)state;
	hypervisor = hypervisor_open("test:///default", &err);
	assert_non_null(hypervisor);
	hypervisor_versions(hypervisor, versions, sizeof(versions));
	assert_null(strstr(versions, "0.0.0"));
	assert_int_equal(hypervisor_define(hypervisor, definition, &err), 0);
	assert_int_equal(hypervisor_is_off(hypervisor, "db1", &err), 1);
	assert_int_equal(hypervisor_is_running(hypervisor, "db1", &err), 0);
	assert_int_equal(hypervisor_start_defined(hypervisor, "db1", &err), 0);
	assert_int_equal(hypervisor_start_defined(hypervisor, "db1", &err), 0);
	assert_int_equal(hypervisor_is_running(hypervisor, "db1", &err), 1);
	assert_true(hypervisor_running(hypervisor, "db1"));
	assert_int_equal(hypervisor_look(hypervisor, "db1", &look, &err), 0);
	assert_true(look.persistent && look.running && !look.halted && !look.autostart);
	assert_int_equal(look.snapshots, 0);
	assert_int_equal(strlen(look.uuid), 36);
	xml = hypervisor_xml(hypervisor, "db1", &err);
	assert_non_null(strstr(xml, "<name>db1</name>"));
	free(xml);
	assert_int_equal(hypervisor_destroy(hypervisor, "db1", &err), 0);
	assert_int_equal(hypervisor_is_off(hypervisor, "db1", &err), 1);
	assert_int_equal(err.kind, ERROR_NONE);
}

/* There is none of that name: an answer for some, an error for the others. */
static void test_nobody(void **state)
{
	struct domain_state look;

	(void)state;
	hypervisor = hypervisor_open("test:///default", &err);
	assert_non_null(hypervisor);
	assert_int_equal(hypervisor_destroy(hypervisor, "nobody", &err), 0);
	assert_int_equal(hypervisor_is_running(hypervisor, "nobody", &err), 0);
	assert_int_equal(err.kind, ERROR_NONE);
	assert_int_equal(hypervisor_look(hypervisor, "nobody", &look, &err), -1);
	failed_with(ERROR_WORLD, "libvirt: nobody: ");
	assert_null(hypervisor_xml(hypervisor, "nobody", &err));
	assert_int_equal(hypervisor_start(hypervisor, "<domain/>", false, &err), -1);
	failed_with(ERROR_WORLD, "cannot start a guest");
	assert_int_equal(hypervisor_start(hypervisor, no_such_mode, false, &err), -1);
	failed_with(ERROR_REFUSED, "cannot start a guest");
	assert_int_equal(hypervisor_define(hypervisor, no_such_mode, &err), -1);
	failed_with(ERROR_REFUSED, "cannot define a guest");
	/* it is not there: not because of what it is like */
	assert_int_equal(hypervisor_start_defined(hypervisor, "nobody", &err), -1);
	failed_with(ERROR_WORLD, "nobody");
	hypervisor_close(hypervisor);
	hypervisor = hypervisor_open("nothing:///at-all", &err);
	assert_null(hypervisor);
	failed_with(ERROR_WORLD, "nothing:///at-all");
	assert_false(hypervisor_reachable("nothing:///at-all"));
}

/* A host that accepts and stays silent; keepalive comes only once a connection is made. */
static void test_silent_open(void **state)
{
	uint64_t start = clock_ns();

	(void)state;
	fake_behave(fake, PROC_AUTH_LIST, FAKE_SILENT);
	assert_null(hypervisor_open_within(fake_uri(fake), &hasty, &err));
	failed_with(ERROR_WORLD, "no connection within");
	assert_true(clock_ns() - start < SOON_NS);
}

/* Whatever of these libvirt fails to say, it is not "no". */
static void test_look_fails(void **state)
{
	static const int procedures[] = {PROC_GET_AUTOSTART,	PROC_GET_STATE,
					 PROC_IS_PERSISTENT,	PROC_IS_ACTIVE,
					 PROC_HAS_MANAGED_SAVE, PROC_SNAPSHOT_NUM};
	struct domain_state look;
	size_t i;

	(void)state;
	open_fake(&patient);
	for (i = 0; i < sizeof(procedures) / sizeof(procedures[0]); i++) {
		fake_behave(fake, procedures[i], VIR_ERR_OPERATION_FAILED);
		assert_int_equal(hypervisor_look(hypervisor, "db1", &look, &err), -1);
		failed_with(ERROR_WORLD, FAKE_WORDS);
		fake_behave(fake, procedures[i], FAKE_ANSWERS);
	}
	fake_behave(fake, PROC_SNAPSHOT_NUM, VIR_ERR_NO_SUPPORT);
	assert_int_equal(hypervisor_look(hypervisor, "db1", &look, &err), 0);
	assert_int_equal(look.snapshots, -1);
	assert_int_equal(look.checkpoints, -1); /* the fake has never heard of them */
	assert_true(look.running && look.autostart && look.persistent && !look.managed_save);
}

/* That a domain cannot be looked up does not mean that it is not there. */
static void test_lookup_fails(void **state)
{
	(void)state;
	open_fake(&patient);
	fake_behave(fake, PROC_LOOKUP, VIR_ERR_NO_DOMAIN);
	assert_int_equal(hypervisor_is_running(hypervisor, "db1", &err), 0);
	assert_int_equal(hypervisor_destroy(hypervisor, "db1", &err), 0);
	assert_int_equal(err.kind, ERROR_NONE);
	fake_behave(fake, PROC_LOOKUP, VIR_ERR_OPERATION_FAILED);
	assert_int_equal(hypervisor_is_running(hypervisor, "db1", &err), -1);
	failed_with(ERROR_WORLD, FAKE_WORDS);
	assert_int_equal(hypervisor_destroy(hypervisor, "db1", &err), -1);
	failed_with(ERROR_WORLD, FAKE_WORDS);
	assert_false(hypervisor_running(hypervisor, "db1"));
	fake_behave(fake, PROC_LOOKUP, FAKE_ANSWERS);
	fake_behave(fake, PROC_IS_ACTIVE, VIR_ERR_OPERATION_FAILED);
	assert_int_equal(hypervisor_is_running(hypervisor, "db1", &err), -1);
	fake_behave(fake, PROC_DESTROY, VIR_ERR_OPERATION_FAILED);
	assert_int_equal(hypervisor_destroy(hypervisor, "db1", &err), -1);
}

/* libvirt forgets why a call failed with the next one: what is said was to be kept before. */
static void test_reason_is_kept(void **state)
{
	(void)state;
	open_fake(&patient);
	fake_behave(fake, PROC_DESTROY, VIR_ERR_OPERATION_FAILED);
	assert_int_equal(hypervisor_destroy(hypervisor, "db1", &err), -1);
	failed_with(ERROR_WORLD, FAKE_WORDS);
	fake_behave(fake, PROC_IS_ACTIVE, VIR_ERR_NO_DOMAIN); /* gone meanwhile: fine */
	assert_int_equal(hypervisor_destroy(hypervisor, "db1", &err), 0);
}

/* An answer that does not come, as from a QEMU that hangs; the next call has another connection. */
static void test_silent_call(void **state)
{
	uint64_t start = clock_ns();
	char *xml;

	(void)state;
	open_fake(&patient);
	hypervisor->limits.call = SHORT_NS;
	fake_behave(fake, PROC_ATTACH, FAKE_SILENT);
	assert_int_equal(hypervisor_attach(hypervisor, "db1", "<disk/>", &err), -1);
	failed_with(ERROR_WORLD, "libvirt: db1: no answer within");
	assert_true(clock_ns() - start < SOON_NS);
	hypervisor->limits.call = LONG_NS;
	xml = hypervisor_xml(hypervisor, "db1", &err);
	assert_non_null(xml);
	free(xml);
	assert_int_equal(fake_calls(fake, PROC_OPEN), 2);
}

/* One that was given up before it was made is not made later. */
static void test_not_done_later(void **state)
{
	(void)state;
	open_fake(&patient);
	hypervisor->limits.call = SHORT_NS;
	fake_behave(fake, PROC_LOOKUP, FAKE_IS_SLOW);
	assert_int_equal(hypervisor_attach(hypervisor, "db1", "<disk/>", &err), -1);
	failed_with(ERROR_WORLD, "no answer within");
	await_threads(3); /* we, the event loop's, the fake's */
	assert_int_equal(fake_calls(fake, PROC_LOOKUP), 1);
	assert_int_equal(fake_calls(fake, PROC_ATTACH), 0);
}

/* libvirtd was started anew. */
static void test_renewed(void **state)
{
	char *xml;

	(void)state;
	open_fake(&patient);
	fake_drop(fake);
	xml = hypervisor_xml(hypervisor, "db1", &err);
	if (!xml)
		fail_msg("%s", err.text);
	free(xml);
	assert_int_equal(fake_calls(fake, PROC_OPEN), 2);
	/* in the middle of a question: it is asked again */
	fake_behave(fake, PROC_GET_XML, FAKE_HANGS_UP_ONCE);
	xml = hypervisor_xml(hypervisor, "db1", &err);
	if (!xml)
		fail_msg("%s", err.text);
	free(xml);
	assert_int_equal(fake_calls(fake, PROC_OPEN), 3);
	/* in the middle of a change: nobody knows whether it was made, so not twice */
	fake_behave(fake, PROC_ATTACH, FAKE_HANGS_UP_ONCE);
	assert_int_equal(hypervisor_attach(hypervisor, "db1", "<disk/>", &err), -1);
	assert_int_equal(fake_calls(fake, PROC_ATTACH), 1);
	assert_int_equal(hypervisor_attach(hypervisor, "db1", "<disk/>", &err), 0);
	assert_int_equal(fake_calls(fake, PROC_OPEN), 4);
}

/* It does not come back: that is said at once, and does not end what is left of us. */
static void test_not_renewed(void **state)
{
	(void)state;
	open_fake(&patient);
	fake_stop(fake);
	assert_int_equal(hypervisor_is_off(hypervisor, "db1", &err), -1);
	failed_with(ERROR_WORLD, "the connection was lost, and cannot be made again");
	assert_int_equal(hypervisor_is_off(hypervisor, "db1", &err), -1);
	fake = fake_start();
	assert_non_null(fake);
}

/* A good-bye that nobody answers. */
static void test_silent_close(void **state)
{
	uint64_t start = clock_ns();

	(void)state;
	open_fake(&patient);
	hypervisor->limits.close = SHORT_NS;
	fake_behave(fake, PROC_CLOSE, FAKE_SILENT);
	hypervisor_close(hypervisor);
	hypervisor = NULL;
	assert_true(clock_ns() - start < SOON_NS);
}

/* Its open is bounded, too, although it has a connection of its own. */
static void test_silent_channel(void **state)
{
	(void)state;
	open_fake(&patient);
	hypervisor->limits = hasty;
	fake_behave(fake, PROC_AUTH_LIST, FAKE_SILENT);
	assert_int_equal(hypervisor_channel(hypervisor, "db1", "port", &err), -1);
	failed_with(ERROR_WORLD, "no connection within");
	assert_true(!hypervisor->lost);
	hypervisor->limits = patient;
}

/*
 * A host that is reached by ssh: with an ssh of ours, which never gets to a login. It must not ask
 * on the terminal, and not be left behind.
 */
static void test_ssh(void **state)
{
	static const char script[] = "#!/bin/sh\necho \"$@\" >\"$0.said\"\nexec sleep 60\n";
	char folder[] = "/tmp/stalemate-ssh.XXXXXX", ssh[64], said[80], path[512], words[512] = "";
	const char *old = getenv("PATH");
	uint64_t start = clock_ns();
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(ssh, sizeof(ssh), "%s/ssh", folder);
	snprintf(said, sizeof(said), "%s.said", ssh);
	snprintf(path, sizeof(path), "%s:%s", folder, old ? old : "/bin");
	file = fopen(ssh, "w");
	assert_non_null(file);
	fputs(script, file);
	fclose(file);
	assert_int_equal(chmod(ssh, 0700), 0);
	old = strdup(old ? old : "/bin");
	setenv("PATH", path, 1);
	assert_null(hypervisor_open_within("qemu+ssh://root@nowhere.invalid/system?no_tty=0#x",
					   &(struct hypervisor_limits){.open = 3 * SHORT_NS},
					   &err));
	setenv("PATH", old, 1);
	free((char *)old);
	failed_with(ERROR_WORLD, "qemu+ssh://root@nowhere.invalid/system?no_tty=0#x: no conn");
	assert_true(clock_ns() - start < SOON_NS);
	await_threads(3); /* libvirt has waited for the end of its ssh */
	file = fopen(said, "r");
	assert_non_null(file);
	assert_non_null(fgets(words, sizeof(words), file));
	fclose(file);
	assert_non_null(strstr(words, "BatchMode=yes"));
	unlink(said);
	unlink(ssh);
	rmdir(folder);
}

static void alarm_in(uint64_t ns)
{
	const struct itimerval timer = {.it_value.tv_usec = (suseconds_t)(ns / 1000)};

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void on_alarm(int number)
{
	(void)number;
	kill(getpid(), SIGINT);
}

/* Ctrl-C. These are the last: a signal that came has come for good. */
static void test_interrupted_open(void **state)
{
	struct sigaction action = {.sa_handler = on_alarm};
	uint64_t start = clock_ns();

	(void)state;
	interrupt_install();
	sigaction(SIGALRM, &action, NULL);
	fake_behave(fake, PROC_AUTH_LIST, FAKE_SILENT);
	alarm_in(SHORT_NS);
	assert_null(hypervisor_open_within(fake_uri(fake), &patient, &err));
	failed_with(ERROR_INTERRUPTED, "signal");
	assert_true(clock_ns() - start >= SHORT_NS);
	assert_true(clock_ns() - start < SOON_NS);
	interrupt_hold(true);
}

/* A question is given up, a change is let finish: cleaning up must find what it did. */
static void test_interrupted_call(void **state)
{
	char *xml;

	(void)state;
	open_fake(&patient);
	interrupt_hold(false);
	assert_true(interrupted());
	xml = hypervisor_xml(hypervisor, "db1", &err); /* which a prompt answer still is */
	assert_non_null(xml);
	free(xml);
	fake_behave(fake, PROC_ATTACH, FAKE_IS_SLOW);
	assert_int_equal(hypervisor_attach(hypervisor, "db1", "<disk/>", &err), 0);
	fake_behave(fake, PROC_GET_XML, FAKE_SILENT);
	assert_null(hypervisor_xml(hypervisor, "db1", &err));
	failed_with(ERROR_INTERRUPTED, "signal");
	if (hypervisor_is_off(hypervisor, "db1", &err))
		fail_msg("%s", err.text);
	assert_int_equal(fake_calls(fake, PROC_OPEN), 2);
	/* held off: cleaning up, every call has its time */
	interrupt_hold(true);
	fake_behave(fake, PROC_GET_STATE, FAKE_IS_SLOW);
	assert_int_equal(hypervisor_is_off(hypervisor, "db1", &err), 0);
}

int main(void)
{
#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_FAKE(test_life),
		WITH_FAKE(test_nobody),
		WITH_FAKE(test_silent_open),
		WITH_FAKE(test_look_fails),
		WITH_FAKE(test_lookup_fails),
		WITH_FAKE(test_reason_is_kept),
		WITH_FAKE(test_silent_call),
		WITH_FAKE(test_not_done_later),
		WITH_FAKE(test_renewed),
		WITH_FAKE(test_not_renewed),
		WITH_FAKE(test_silent_close),
		WITH_FAKE(test_silent_channel),
		WITH_FAKE(test_ssh),
		WITH_FAKE(test_interrupted_open),
		WITH_FAKE(test_interrupted_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
