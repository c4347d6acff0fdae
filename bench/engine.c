/* SPDX-License-Identifier: MIT */
/* Measures verify+load against its limit: SHA-256 of the same bytes on all processors,
 * and a plain parallel copy of the same files into the same kind of tmpfs. engine STORE
 * CLOSURE KEYS SYSTEM TARGET WHAT...: TARGET is an empty directory on which a tmpfs is
 * mounted for each measurement; WHAT is load, verify, hash or copy. Prints "WHAT SECONDS
 * BYTES PROCESSOR-SECONDS". */
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <time.h>

#include "base/alloc.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/workers.h"
#include "core/load.h"

#define CHUNK (256U << 10)

struct bench {
	struct closure closure;
	struct trusted_keys keys;
	struct manifest manifest;
	const char *system, *target;
	int store;
	unsigned threads, prefetch;
	bool drop_cache;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of all threads: says what a measurement costs when the machine is busy with other
 * things. */
static double processor_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *text_of(int dirfd, const char *path, size_t *ret_size)
{
	char *text = NULL;
	int r = read_file_at(dirfd, path, MANIFEST_TEXT_MAX, &text, ret_size);

	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		exit(1);
	}
	return text;
}

/* Under a hypervisor, memory that was not used for a while is first fetched from the
 * host. */
static void warm_memory(struct bench *b)
{
	uint64_t size = 64U << 20;
	void *p;

	for (size_t i = 0; i < b->closure.count; i++)
		size += b->closure.paths[i].nar_size + 4096;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (p != MAP_FAILED)
		munmap(p, size);
}

static int mount_target(struct bench *b)
{
	if (mount("tmpfs", b->target, "tmpfs", 0, "mode=0755,size=90%,nr_inodes=0") < 0) {
		perror(b->target);
		exit(1);
	}
	return open(b->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void unmount_target(struct bench *b, int fd)
{
	close(fd);
	umount2(b->target, MNT_DETACH);
}

static int load(struct bench *b, struct engine_result *result, struct error *err)
{
	_cleanup_trusted_closure_ struct trusted_closure t = {0};
	struct engine e = {.store = b->store,
			   .threads = b->threads,
			   .prefetch = b->prefetch,
			   .drop_cache = b->drop_cache};
	_cleanup_load_ struct load *l = NULL;
	int target = mount_target(b);
	int r = closure_resolve(&b->closure, b->system, &b->keys, &t, err);

	if (r == 0)
		r = load_open(&e, &t, &l, err);
	if (r == 0)
		r = load_run(l, target, result, err);
	unmount_target(b, target);
	return r;
}

static int verify(struct bench *b, struct engine_result *result, struct error *err)
{
	struct engine e = {
		.store = b->store, .threads = b->threads, .drop_cache = b->drop_cache};

	return verify_store_path(&e, &b->closure, b->system, &b->keys, result, err);
}

/* The same number of bytes as the NARs have, from a buffer that is in the cache. */
static int hash_share(void *context, size_t index, unsigned worker, struct error *err)
{
	_cleanup_sha256_ struct sha256 *h = sha256_new();
	_cleanup_free_ char *buffer = xcalloc(1, CHUNK);
	uint8_t digest[SHA256_SIZE];
	uint64_t *left = context;

	for (uint64_t n = *left; n > 0; n -= MIN(n, (uint64_t)CHUNK))
		sha256_update(h, buffer, (size_t)MIN(n, (uint64_t)CHUNK));
	sha256_final(h, digest);
	return 0;
}

static int hash(struct bench *b, struct engine_result *result, struct error *err)
{
	uint64_t bytes = 0, share;

	for (size_t i = 0; i < b->closure.count; i++)
		bytes += b->closure.paths[i].nar_size;
	share = bytes / b->threads;
	*result = (struct engine_result){.bytes = bytes};
	return workers_run(b->threads, b->threads, hash_share, &share, err);
}

struct copy {
	struct bench *b;
	int target;
	const struct manifest_entry **files;
	size_t count;
};

#define COPY_BATCH 16

static int copy_file(struct copy *c, const struct manifest_entry *e, char *buffer,
		     struct error *err)
{
	_cleanup_close_ int in = openat(c->b->store, e->payload, O_RDONLY | O_CLOEXEC);
	_cleanup_close_ int out =
		openat(c->target, e->path + 1, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		       e->mode & 0777);
	ssize_t n;

	if (in < 0 || out < 0)
		return fail(err, -errno, "%s: %m", e->path);
	while ((n = read(in, buffer, CHUNK)) > 0)
		if (write_full(out, buffer, (size_t)n) < 0)
			return fail(err, -errno, "%s: %m", e->path);
	return 0;
}

static int copy_batch(void *context, size_t index, unsigned worker, struct error *err)
{
	_cleanup_free_ char *buffer = xmalloc(CHUNK);
	struct copy *c = context;
	int r = 0;

	for (size_t i = index * COPY_BATCH;
	     r == 0 && i < MIN(c->count, (index + 1) * COPY_BATCH); i++)
		r = copy_file(c, c->files[i], buffer, err);
	return r;
}

static int copy(struct bench *b, struct engine_result *result, struct error *err)
{
	_cleanup_free_ const struct manifest_entry **files =
		xcalloc(b->manifest.count, sizeof(*files));
	struct copy c = {.b = b, .target = mount_target(b), .files = files};
	int r;

	*result = (struct engine_result){0};
	for (size_t i = 1; i < b->manifest.count; i++) {
		const struct manifest_entry *e = &b->manifest.entries[i];

		if (!e->hardlink && S_ISDIR(e->mode) &&
		    mkdirat(c.target, e->path + 1, 0755) < 0)
			return fail(err, -errno, "%s: %m", e->path);
		if (!e->hardlink && S_ISREG(e->mode) && e->payload) {
			files[c.count++] = e;
			result->bytes += e->size;
		}
	}
	r = workers_run(b->threads, (c.count + COPY_BATCH - 1) / COPY_BATCH, copy_batch,
			&c, err);
	unmount_target(b, c.target);
	return r;
}

static const struct {
	const char *name;
	int (*run)(struct bench *b, struct engine_result *result, struct error *err);
} measurements[] = {{"load", load}, {"verify", verify}, {"hash", hash}, {"copy", copy}};

static int measure(struct bench *b, const char *what, struct error *err)
{
	for (size_t i = 0; i < ELEMENTSOF(measurements); i++) {
		struct engine_result result;
		double start, cpu;
		int r;

		if (!streq(measurements[i].name, what))
			continue;
		warm_memory(b);
		start = now();
		cpu = processor_time();
		r = measurements[i].run(b, &result, err);
		if (r == 0)
			printf("%s %.3f %llu %.3f\n", what, now() - start,
			       (unsigned long long)result.bytes, processor_time() - cpu);
		return r;
	}
	return fail(err, -EINVAL, "%s isn't load, verify, hash or copy", what);
}

static int run(struct bench *b, char **argv, struct error *err)
{
	_cleanup_free_ char *closure = NULL, *keys = NULL, *manifest = NULL, *path = NULL;
	size_t size;
	int r;

	closure = text_of(AT_FDCWD, argv[2], &size);
	r = closure_parse(closure, size, &b->closure, err);
	keys = text_of(AT_FDCWD, argv[3], &size);
	if (r == 0)
		r = trusted_keys_parse(keys, size, &b->keys, err);
	b->store = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	path = xasprintf("%s/manifest", argv[4]);
	manifest = text_of(b->store, path, &size);
	if (r == 0)
		r = manifest_parse(manifest, size, MANIFEST_ROOT, &b->manifest, err);
	for (char **what = argv + 6; r == 0 && *what; what++)
		r = measure(b, *what, err);
	return r;
}

int main(int argc, char **argv)
{
	const char *threads = getenv("THREADS"), *prefetch = getenv("PREFETCH");
	struct bench b = {.system = argc > 5 ? argv[4] : NULL,
			  .target = argc > 5 ? argv[5] : NULL,
			  .threads =
				  threads ? (unsigned)atoi(threads) : workers_default(),
			  .prefetch = prefetch ? (unsigned)atoi(prefetch) : 0,
			  .drop_cache = getenv("DROP_CACHE")};
	struct error err = {0};

	if (argc < 7) {
		fprintf(stderr, "engine STORE CLOSURE KEYS SYSTEM TARGET WHAT...\n");
		return 2;
	}
	if (run(&b, argv, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	return 0;
}
