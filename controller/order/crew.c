/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crew.c - see crew.h: one queue, one lock. */
#include "order/crew.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOBS_MAX 1024U

struct crew {
	pthread_mutex_t lock;
	pthread_cond_t jobs_there, jobs_done;
	struct crew_job {
		void (*work)(void *context);
		void *context;
	} jobs[JOBS_MAX];
	unsigned n_jobs, next, finished, n_threads;
	bool over;
	pthread_t threads[CREW_MAX];
};

/* Do the next job; the lock is held before and after. */
static void do_one(struct crew *crew)
{
	struct crew_job job = crew->jobs[crew->next++];

	pthread_mutex_unlock(&crew->lock);
	job.work(job.context);
	pthread_mutex_lock(&crew->lock);
	if (++crew->finished == crew->n_jobs)
		pthread_cond_signal(&crew->jobs_done);
}

static void *serve(void *context)
{
	struct crew *crew = context;

	pthread_mutex_lock(&crew->lock);
	while (!crew->over) {
		if (crew->next < crew->n_jobs)
			do_one(crew);
		else
			pthread_cond_wait(&crew->jobs_there, &crew->lock);
	}
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

struct crew *crew_new(unsigned size, struct error *err)
{
	struct crew *crew = calloc(1, sizeof(*crew));
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int failed;

	if (!crew) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	if (!size)
		size = cores > 0 ? (unsigned)cores : 1;
	pthread_mutex_init(&crew->lock, NULL);
	pthread_cond_init(&crew->jobs_there, NULL);
	pthread_cond_init(&crew->jobs_done, NULL);
	while (crew->n_threads + 1 < size && crew->n_threads < CREW_MAX) {
		failed = pthread_create(&crew->threads[crew->n_threads], NULL, serve, crew);
		if (failed) {
			error_set(err, ERROR_WORLD, "cannot start a thread: %s", strerror(failed));
			crew_free(crew);
			return NULL;
		}
		crew->n_threads++;
	}
	return crew;
}

unsigned crew_size(const struct crew *crew)
{
	return crew->n_threads + 1;
}

void crew_add(struct crew *crew, void (*work)(void *context), void *context)
{
	pthread_mutex_lock(&crew->lock);
	assert(crew->n_jobs < JOBS_MAX);
	crew->jobs[crew->n_jobs++] = (struct crew_job){work, context};
	pthread_cond_signal(&crew->jobs_there);
	pthread_mutex_unlock(&crew->lock);
}

void crew_finish(struct crew *crew)
{
	pthread_mutex_lock(&crew->lock);
	while (crew->next < crew->n_jobs)
		do_one(crew);
	while (crew->finished < crew->n_jobs)
		pthread_cond_wait(&crew->jobs_done, &crew->lock);
	crew->n_jobs = crew->next = crew->finished = 0;
	pthread_mutex_unlock(&crew->lock);
}

void crew_free(struct crew *crew)
{
	unsigned i;

	if (!crew)
		return;
	pthread_mutex_lock(&crew->lock);
	crew->over = true;
	pthread_cond_broadcast(&crew->jobs_there);
	pthread_mutex_unlock(&crew->lock);
	for (i = 0; i < crew->n_threads; i++)
		pthread_join(crew->threads[i], NULL);
	pthread_mutex_destroy(&crew->lock);
	pthread_cond_destroy(&crew->jobs_there);
	pthread_cond_destroy(&crew->jobs_done);
	free(crew);
}
