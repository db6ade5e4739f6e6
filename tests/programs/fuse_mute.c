// SPDX-License-Identifier: Apache-2.0
/*
 * A file system that never answers a read: one file, "page", whose data never
 * come. Whoever touches a mapping of it waits for ever, unless the server is
 * killed.
 *
 * usage: fuse_mute FOLDER; says "ready" and serves until it is killed. root.
 *
 * Authority: linux/fuse.h, protocol 7.31.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REQUEST_BYTES = 1 << 17, ROOT = 1, FILE_NODE = 2, FILE_BYTES = 1 << 16 };

static void reply(int fd, const struct fuse_in_header *in, int error,
		  const void *body, size_t size)
{
	char bytes[512] = { 0 };
	struct fuse_out_header out = {
		.len = (uint32_t)(sizeof(out) + (error ? 0 : size)),
		.error = -error,
		.unique = in->unique,
	};

	memcpy(bytes, &out, sizeof(out));
	if (!error && size)
		memcpy(bytes + sizeof(out), body, size);
	if (write(fd, bytes, out.len) < 0)
		perror("fuse_mute: reply");
}

static struct fuse_attr attr_of(uint64_t node)
{
	return (struct fuse_attr){
		.ino = node,
		.size = node == ROOT ? 0 : FILE_BYTES,
		.mode = node == ROOT ? S_IFDIR | 0755 : S_IFREG | 0644,
		.nlink = 1,
		.blksize = 4096,
	};
}

static void answer_init(int fd, const struct fuse_in_header *in)
{
	const struct fuse_init_in *asked = (const void *)(in + 1);
	struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION,
				     .minor = asked->minor < 31 ?
						      asked->minor : 31,
				     .max_write = 4096 };

	reply(fd, in, 0, &out, sizeof(out));
}

static void answer_lookup(int fd, const struct fuse_in_header *in)
{
	struct fuse_entry_out out = { .nodeid = FILE_NODE,
				      .entry_valid = 3600,
				      .attr_valid = 3600,
				      .attr = attr_of(FILE_NODE) };

	reply(fd, in, strcmp((const char *)(in + 1), "page") ? ENOENT : 0, &out,
	      sizeof(out));
}

static void answer_getattr(int fd, const struct fuse_in_header *in)
{
	struct fuse_attr_out out = { .attr_valid = 3600,
				     .attr = attr_of(in->nodeid) };

	reply(fd, in, 0, &out, sizeof(out));
}

static void answer(int fd, const struct fuse_in_header *in)
{
	struct fuse_open_out opened = { .open_flags = FOPEN_KEEP_CACHE };

	switch (in->opcode) {
	case FUSE_INIT:
		answer_init(fd, in);
		break;
	case FUSE_LOOKUP:
		answer_lookup(fd, in);
		break;
	case FUSE_GETATTR:
		answer_getattr(fd, in);
		break;
	case FUSE_OPEN:
	case FUSE_OPENDIR:
		reply(fd, in, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:	     // never
	case FUSE_FORGET:    // has no answer
	case FUSE_INTERRUPT: // of a read
		break;
	case FUSE_RELEASE:
	case FUSE_FLUSH:
		reply(fd, in, 0, NULL, 0);
		break;
	default:
		reply(fd, in, ENOSYS, NULL, 0);
		break;
	}
}

int main(int argc, char **argv)
{
	static char request[REQUEST_BYTES];
	char options[128];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (argc != 2 || fd < 0) {
		fprintf(stderr, "usage: fuse_mute FOLDER; needs /dev/fuse\n");
		return 2;
	}
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
	if (mount("fuse_mute", argv[1], "fuse", MS_NOSUID | MS_NODEV,
		  options)) {
		perror("fuse_mute: mount");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		ssize_t size = read(fd, request, sizeof(request));

		if (size < 0 && errno == ENODEV)
			return 0;
		if (size >= (ssize_t)sizeof(struct fuse_in_header))
			answer(fd, (const void *)request);
	}
}
