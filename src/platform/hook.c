/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/clock/clock.h"

static noon_err prepare(posix_spawnattr_t *attr, posix_spawn_file_actions_t *files)
{
	sigset_t all;
	int err;

	/* Its own process group, so that a kill includes its children; default signals. */
	(void)sigfillset(&all);
	err = posix_spawnattr_setsigdefault(attr, &all);
	(void)sigemptyset(&all);
	err = err ? err : posix_spawnattr_setsigmask(attr, &all);
	err = err ? err : posix_spawnattr_setpgroup(attr, 0);
	err = err ? err
		  : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
							   POSIX_SPAWN_SETSIGMASK);
	err = err ? err
		  : posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	err = err ? err : posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
	return err ? NOON_ERR_OS : NOON_OK;
}

static noon_err start(struct noon_hook *h, struct noon_hook_facts *facts)
{
	char path_var[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char *argv[] = {h->path, NULL};
	char *env[NOON_HOOK_VARS + 2];
	posix_spawnattr_t attr;
	posix_spawn_file_actions_t files;
	size_t n = 0;
	noon_err err;

	env[n++] = path_var;
	for (size_t i = 0; i < NOON_HOOK_VARS && facts->var[i][0] != '\0'; i++)
		env[n++] = facts->var[i];
	env[n] = NULL;
	if (posix_spawnattr_init(&attr) != 0)
		return NOON_ERR_OS;
	if (posix_spawn_file_actions_init(&files) != 0) {
		(void)posix_spawnattr_destroy(&attr);
		return NOON_ERR_OS;
	}
	err = prepare(&attr, &files);
	if (!err && posix_spawn(&h->pid, h->path, &files, &attr, argv, env) != 0) {
		h->pid = 0;
		err = NOON_ERR_OS;
	}
	h->until = noon_time_add(noon_mono_now(), NOON_HOOK_TIMEOUT);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&attr);
	return err;
}

noon_err noon_hook_tell(struct noon_hook *h, const struct noon_hook_facts *facts)
{
	if (h->path[0] == '\0')
		return NOON_OK;
	h->next = *facts;
	h->waiting = h->pid != 0;
	return h->waiting ? NOON_OK : start(h, &h->next);
}

bool noon_hook_tend(struct noon_hook *h, int *ret_status)
{
	int status = 0;

	if (h->pid == 0)
		return false;
	if (waitpid(h->pid, &status, WNOHANG) == 0) {
		if (noon_time_before(h->until, noon_mono_now()))
			(void)kill(-h->pid, SIGKILL);
		return false;
	}
	h->pid = 0;
	if (h->waiting) {
		h->waiting = false;
		if (start(h, &h->next))
			status = -1;
	}
	*ret_status = status;
	return status != 0;
}

void noon_hook_end(struct noon_hook *h)
{
	if (h->pid == 0)
		return;
	(void)kill(-h->pid, SIGTERM);
	(void)waitpid(h->pid, NULL, WNOHANG);
	h->pid = 0;
}
