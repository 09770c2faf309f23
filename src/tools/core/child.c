/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/core/child.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MAX 4

bool noon_children_find(struct noon_children *c, const char *given)
{
	const ssize_t n = readlink("/proc/self/exe", c->program, sizeof(c->program) - 1);
	char *slash;

	if (n <= 0)
		return false;
	c->program[n] = '\0';
	if (given != NULL) {
		(void)snprintf(c->daemon, sizeof(c->daemon), "%s", given);
	} else {
		memcpy(c->daemon, c->program, (size_t)n + 1);
		slash = strrchr(c->daemon, '/');
		if (slash == NULL || (size_t)(slash - c->daemon) + 11 > sizeof(c->daemon))
			return false;
		memcpy(slash + 1, "noonmarkd", 10);
	}
	return access(c->daemon, X_OK) == 0;
}

bool noon_child_start(struct noon_children *c, const char *log, char *const argv[])
{
	pid_t pid;

	if (c->n == NOON_CHILDREN)
		return false;
	pid = fork();
	if (pid == 0) {
		if (freopen(log, "w", stderr) == NULL || freopen("/dev/null", "r", stdin) == NULL)
			_exit(127);
		(void)setpgid(0, 0); /* ctrl-C is for us: we stop the children in order */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0)
		return false;
	c->pid[c->n++] = pid;
	return true;
}

void noon_children_stop(struct noon_children *c)
{
	for (size_t i = c->n; i > 0; i--) {
		(void)kill(c->pid[i - 1], SIGTERM);
		(void)waitpid(c->pid[i - 1], NULL, 0);
	}
	c->n = 0;
}

void noon_child_pause(double s)
{
	struct timespec ts;

	if (s <= 0)
		return;
	ts.tv_sec = (time_t)s;
	ts.tv_nsec = (long)((s - (double)ts.tv_sec) * 1e9);
	(void)nanosleep(&ts, NULL);
}

bool noon_child_wait_for(const char *path, const volatile int *stop)
{
	for (int i = 0; i < 100 && !*stop; i++) {
		if (access(path, F_OK) == 0)
			return true;
		noon_child_pause(0.05);
	}
	return false;
}

static void remove_under(const char *dir, unsigned depth)
{
	char path[NOON_CHILD_PATH];
	DIR *d = opendir(dir);
	const struct dirent *e;
	struct stat st;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path))
			continue;
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			remove_under(path, depth + 1);
		else
			(void)unlink(path);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(dir);
}

void noon_child_remove_dir(const char *dir)
{
	remove_under(dir, 1);
}
