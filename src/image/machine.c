/* SPDX-License-Identifier: MIT */
/* A virtual machine for trying an image. */
#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/process.h"
#include "base/str.h"
#include "image/machine.h"

#define OWNER_GUID_MAX 64
#define PID_MAX 32

struct parts {
	char *vars;   /* firmware variables */
	char *tpm;    /* directory of the TPM's state */
	char *socket; /* of swtpm, in a short path: 107 bytes is the limit */
	char *socket_dir;
	char *disk;
	pid_t swtpm;
};

static void parts_done(struct parts *p)
{
	/* It ends by itself with QEMU; not when QEMU never came up. */
	if (p->swtpm > 0)
		kill(p->swtpm, SIGTERM);
	if (p->socket_dir)
		remove_tree_at(AT_FDCWD, p->socket_dir);
	free(p->vars);
	free(p->tpm);
	free(p->socket);
	free(p->socket_dir);
	free(p->disk);
}

bool machine_has_kvm(void)
{
	_cleanup_close_ int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	return fd >= 0 && ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_X86_SMM) > 0;
}

static bool is_newer(const char *path, const char *than)
{
	struct stat a, b;

	return stat(path, &a) == 0 && stat(than, &b) == 0 && a.st_mtime >= b.st_mtime;
}

/* A copy of OVMF's empty variables with the vendor's certificates enrolled. */
static int enrol(const struct machine *m, const char *vars, struct error *err)
{
	_cleanup_free_ char *pk = xasprintf("%s/PK.crt", m->keys);
	_cleanup_free_ char *kek = xasprintf("%s/KEK.crt", m->keys);
	_cleanup_free_ char *db = xasprintf("%s/db.crt", m->keys);
	_cleanup_free_ char *guid_file = xasprintf("%s/owner-guid", m->keys);
	_cleanup_free_ char *guid = NULL, *output = NULL;
	const char *argv[] = {"virt-fw-vars",
			      "--input",
			      OVMF "OVMF_VARS_4M.fd",
			      "--output",
			      vars,
			      "--set-pk",
			      NULL,
			      pk,
			      "--add-kek",
			      NULL,
			      kek,
			      "--add-db",
			      NULL,
			      db,
			      "--secure-boot",
			      NULL};
	int r;

	if (is_newer(vars, db))
		return 0;
	r = read_file_at(AT_FDCWD, guid_file, OWNER_GUID_MAX, &guid, NULL);
	if (r < 0)
		return fail(err, r, "Can't read %s: %s", guid_file, strerror(-r));
	guid[strcspn(guid, "\n")] = 0;
	argv[6] = argv[9] = argv[12] = guid;
	r = process_check(&(struct process){.argv = argv}, &output, NULL, err);
	return r < 0 ? wrap(err, "Can't enrol the keys in the firmware") : 0;
}

static int copy_vars(const char *vars, struct error *err)
{
	_cleanup_close_ int in = open(OVMF "OVMF_VARS_4M.fd", O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out = -EBADF;
	int r;

	if (in < 0)
		return fail(err, -errno, OVMF "OVMF_VARS_4M.fd: %m");
	out = open(vars, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return errno == EEXIST ? 0
				       : fail(err, -errno, "Can't write %s: %m", vars);
	r = copy_fd(in, out);
	return r < 0 ? fail(err, r, "Can't write %s: %s", vars, strerror(-r)) : 0;
}

static int start_tpm(struct parts *p, struct error *err)
{
	char directory[] = "/tmp/atomos-run.XXXXXX", pid[PID_MAX];
	_cleanup_free_ char *state = NULL, *control = NULL, *pid_file = NULL,
			    *output = NULL, *text = NULL;
	const char *const argv[] = {"swtpm", "socket",	    "--tpm2",	"--tpmstate",
				    NULL,    "--ctrl",	    NULL,	"--pid",
				    NULL,    "--terminate", "--daemon", NULL};
	const char *filled[ELEMENTSOF(argv)];
	uint64_t number;
	int r;

	if (mkdir(p->tpm, 0700) < 0 && errno != EEXIST)
		return fail(err, -errno, "Can't make %s: %m", p->tpm);
	if (!mkdtemp(directory))
		return fail(err, -errno, "Can't make a directory in /tmp: %m");
	p->socket_dir = xstrdup(directory);
	p->socket = xasprintf("%s/tpm", directory);
	/* By another name, because swtpm's options can't hold a comma. */
	state = xasprintf("dir=%s/state", directory);
	if (symlink(p->tpm, state + strlen("dir=")) < 0)
		return fail(err, -errno, "Can't make %s: %m", state + strlen("dir="));
	control = xasprintf("type=unixio,path=%s", p->socket);
	pid_file = xasprintf("file=%s/pid", directory);
	memcpy(filled, argv, sizeof(argv));
	filled[4] = state;
	filled[6] = control;
	filled[8] = pid_file;
	r = process_check(&(struct process){.argv = filled}, &output, NULL, err);
	if (r < 0)
		return wrap(err, "Can't start the TPM (is the image running already?)");
	r = read_file_at(AT_FDCWD, pid_file + strlen("file="), sizeof(pid) - 1, &text,
			 NULL);
	if (r == 0) {
		text[strcspn(text, "\n")] = 0;
		r = parse_u64(text, &number);
	}
	if (r < 0)
		return fail(err, r, "swtpm didn't say its process number");
	p->swtpm = (pid_t)number;
	return 0;
}

static int make_disk(const struct machine *m, const char *disk, struct error *err)
{
	_cleanup_close_ int fd = open(disk, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(err, -errno, "Can't open %s: %m", disk);
	if (st.st_size < (off_t)(m->disk << 20) &&
	    ftruncate(fd, (off_t)(m->disk << 20)) < 0)
		return fail(err, -errno, "Can't make %s of %" PRIu64 " MiB: %m", disk,
			    m->disk);
	return 0;
}

static int make_parts(const struct machine *m, struct parts *p, struct error *err)
{
	_cleanup_free_ char *image = realpath(m->image, NULL);
	int r;

	if (!image)
		return fail(err, -errno, "%s: %m", m->image);
	p->vars = xasprintf("%s.%s", image, m->keys ? "vars" : "vars-open");
	p->tpm = xasprintf("%s.tpm", image);
	p->disk = xasprintf("%s.disk", image);
	r = m->keys ? enrol(m, p->vars, err) : copy_vars(p->vars, err);
	if (r == 0 && m->disk)
		r = make_disk(m, p->disk, err);
	if (r == 0 && m->tpm)
		r = start_tpm(p, err);
	return r;
}

bool machine_has_window(void)
{
	static const char *const argv[] = {"qemu-system-x86_64", "-display", "help",
					   NULL};
	_cleanup_free_ char *output = NULL;

	if (!getenv("DISPLAY") && !getenv("WAYLAND_DISPLAY"))
		return false;
	return process_run(&(struct process){.argv = argv, .quiet = true}, &output, NULL,
			   NULL) == 0 &&
	       strstr(output, "gtk");
}

int machine_run(const struct machine *m, struct error *err)
{
	_cleanup_(parts_done) struct parts p = {0};
	_cleanup_strv_ char **argv = NULL, **more = NULL;
	const char *extra = getenv("ATOMOS_QEMU_ARGS");
	int r;

	process_hold_signals();
	r = make_parts(m, &p, err);
	if (r < 0)
		return r;
	argv = machine_argv(m, &(struct machine_files){.vars = p.vars,
						       .tpm_socket = p.socket,
						       .disk = p.disk,
						       .kvm = machine_has_kvm()});
	more = strv_split(extra ? extra : "", " ");
	for (char **word = more; *word; word++)
		argv = strv_add(argv, *word);
	r = process_run(&(struct process){.argv = (const char *const *)argv,
					  .inherit_stdin = true,
					  .passes_signals = true},
			NULL, NULL, err);
	if (r > 0)
		return fail(err, -EIO, "QEMU ended with status %d", r);
	return r;
}
