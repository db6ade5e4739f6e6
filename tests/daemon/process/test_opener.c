// SPDX-License-Identifier: Apache-2.0
#include "daemon/process/opener.h"

#include "daemon/process/proc_maps.h"
#include "tests/cmocka.h"
#include "unwind/regular_file.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

enum { PAGE = 4096 };

/** A file of one page, mapped executable at *ret_at. */
struct mapped {
	char path[64];
	void *at;
	struct opener_mapping mapping;
};

static void map_file(struct mapped *ret, const char *content)
{
	struct stat st;
	int fd;

	strcpy(ret->path, "/tmp/brindle-opener-XXXXXX");
	fd = mkstemp(ret->path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, PAGE), 0);
	assert_int_equal(pwrite(fd, content, strlen(content), 0),
			 strlen(content));
	ret->at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(ret->at, MAP_FAILED);
	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	ret->mapping = (struct opener_mapping){
		.start = (uint64_t)ret->at, .end = (uint64_t)ret->at + PAGE,
		.path = ret->path, .dev_major = major(st.st_dev),
		.dev_minor = minor(st.st_dev), .inode = st.st_ino,
	};
}

static void unmap_file(struct mapped *mapped)
{
	munmap(mapped->at, PAGE);
	unlink(mapped->path);
}

static void assert_reads(int fd, const char *content)
{
	char text[32] = "";

	assert_int_equal(pread(fd, text, strlen(content), 0), strlen(content));
	assert_string_equal(text, content);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

static bool may_open_map_files(const struct mapped *mapped)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx",
		 (long)mapped->mapping.start, (long)mapped->mapping.end);
	return access(path, R_OK) == 0;
}

static void opens_the_mapped_file(void **state)
{
	struct mapped mapped;
	int fd = -1;

	(void)state;
	map_file(&mapped, "the file");
	assert_null(opener_mapped_file(&opener_direct, getpid(),
				       &mapped.mapping, &fd));
	assert_reads(fd, "the file");
	// Also when the mapping itself is not there any more.
	mapped.mapping.end += PAGE;
	assert_null(opener_mapped_file(&opener_direct, getpid(),
				       &mapped.mapping, &fd));
	assert_reads(fd, "the file");
	unmap_file(&mapped);
}

static void opens_what_a_gone_process_had_mapped(void **state)
{
	struct mapped mapped;
	pid_t child = fork();
	int fd = -1;

	(void)state;
	if (!child)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	map_file(&mapped, "still there");
	assert_null(opener_mapped_file(&opener_direct, child,
				       &mapped.mapping, &fd));
	assert_reads(fd, "still there");
	mapped.mapping.inode++;
	error_destroy(opener_mapped_file(&opener_direct, child,
				       &mapped.mapping, &fd));
	unmap_file(&mapped);
}

static void opens_a_deleted_file(void **state)
{
	struct mapped mapped;
	int fd = -1;

	(void)state;
	map_file(&mapped, "gone");
	unlink(mapped.path);
	if (may_open_map_files(&mapped)) {
		assert_null(opener_mapped_file(&opener_direct, getpid(),
				       &mapped.mapping, &fd));
		assert_reads(fd, "gone");
	}
	unmap_file(&mapped);
}

static void refuses_another_file_of_that_name(void **state)
{
	struct mapped mapped, other;
	struct error *error;
	int fd = -1;

	(void)state;
	map_file(&mapped, "mapped");
	map_file(&other, "other");
	mapped.mapping.start += PAGE; // no such mapping: by path then
	mapped.mapping.end += 64 * PAGE;
	mapped.mapping.path = other.path;
	error = opener_mapped_file(&opener_direct, getpid(),
				       &mapped.mapping, &fd);
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	assert_int_equal(fd, -1);
	error_destroy(error);
	unmap_file(&mapped);
	unmap_file(&other);
}

static void refuse_path(const char *path, enum error_code code)
{
	struct error *error = NULL;
	int fd = -1;

	error = regular_file_open(path, NULL, &fd);
	assert_non_null(error);
	assert_int_equal(error->code, code);
	assert_int_equal(fd, -1);
	error_destroy(error);
}

static void refuses_what_is_no_regular_file(void **state)
{
	char directory[] = "/tmp/brindle-opener-XXXXXX", path[64];

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/fifo", directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	refuse_path(path, ERROR_BAD_DATA);
	unlink(path);
	refuse_path(directory, ERROR_BAD_DATA);
	rmdir(directory);
	refuse_path("/dev/zero", ERROR_BAD_DATA);
	refuse_path("/proc/self/environ", ERROR_UNSUPPORTED);
	refuse_path("/nonexistent", ERROR_NOT_FOUND);
}

/** In a child, for it gets a mount namespace of its own: exits 0 when the file
 *  was refused, 77 when nothing could be mounted. */
static int try_fuse_file(const char *path)
{
	_cleanup_error_ struct error *error = NULL;
	int fuse = open("/dev/fuse", O_RDWR), fd = -1;
	char options[96];

	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=100644,user_id=0,group_id=0,allow_other",
		 fuse);
	if (fuse < 0 || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("silent", path, "fuse", 0, options))
		return 77;
	// Nobody serves it: whoever asks the file anything waits for ever.
	alarm(20);
	error = regular_file_open(path, NULL, &fd);
	return error && error->code == ERROR_UNSUPPORTED ? 0 : 1;
}

static void a_silent_fuse_server_is_not_asked(void **state)
{
	char path[] = "/tmp/brindle-opener-XXXXXX";
	int fd = mkstemp(path), status = 0;
	pid_t child;

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	child = fork();
	if (!child)
		_exit(try_fuse_file(path));
	assert_int_equal(waitpid(child, &status, 0), child);
	unlink(path);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("needs root and /dev/fuse\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

/** In a child with a root of its own, where /link leads to /etc/passwd. */
static int live_in_root(const char *root, int ready, int finish)
{
	char byte = 0;

	if (chdir(root) || chroot(".") || symlink("/etc/passwd", "/link"))
		byte = 77;
	if (write(ready, &byte, 1) != 1)
		return 1;
	return read(finish, &byte, 1) < 0;
}

static void links_do_not_lead_out_of_the_root(void **state)
{
	char root[] = "/tmp/brindle-opener-XXXXXX", link[64], byte = 0;
	struct opener_mapping mapping = { .path = "/link" };
	int ready[2], finish[2], fd = -1;
	struct error *error;
	pid_t child;

	(void)state;
	assert_non_null(mkdtemp(root));
	assert_int_equal(pipe(ready) | pipe(finish), 0);
	child = fork();
	if (!child) {
		close(finish[1]);
		_exit(live_in_root(root, ready[1], finish[0]));
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	error = opener_mapped_file(&opener_direct, child, &mapping, &fd);
	close(finish[1]);
	waitpid(child, NULL, 0);
	snprintf(link, sizeof(link), "%s/link", root);
	unlink(link);
	rmdir(root);
	assert_non_null(error);
	assert_int_equal(fd, -1);
	error_destroy(error);
	if (byte) {
		print_message("needs root for chroot()\n");
		skip();
	}
}

static void memory_reads_what_is_there(void **state)
{
	char text[16] = "", secret[16] = "in memory";
	int fd = -1;

	(void)state;
	assert_null(opener_memory(&opener_direct, getpid(), &fd));
	assert_int_equal(pread(fd, text, sizeof(text), (off_t)(long)secret),
			 sizeof(text));
	assert_string_equal(text, secret);
	close(fd);
}

static void maps_are_read_whole(void **state)
{
	struct proc_mapping mapping;
	enum proc_maps_result result;
	struct reader reader;
	bool found = false;
	size_t size;
	char *text;

	(void)state;
	assert_null(opener_maps(&opener_direct, getpid(), &text, &size));
	reader_init(&reader, text, size);
	while ((result = proc_maps_next(&reader, &mapping)) != PROC_MAPS_END) {
		assert_int_equal(result, PROC_MAPS_MAPPING);
		found |= mapping.executable &&
			 mapping.start <= (uint64_t)maps_are_read_whole &&
			 (uint64_t)maps_are_read_whole < mapping.end;
	}
	assert_true(found);
	free(text);
}

static void says_that_a_process_is_not_there(void **state)
{
	struct error *error;
	size_t size;
	char *text;
	int fd;

	(void)state;
	error = opener_memory(&opener_direct, INT32_MAX, &fd);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	error_destroy(error);
	error = opener_maps(&opener_direct, INT32_MAX, &text, &size);
	assert_int_equal(error->code, ERROR_NOT_FOUND);
	error_destroy(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_the_mapped_file),
		cmocka_unit_test(opens_what_a_gone_process_had_mapped),
		cmocka_unit_test(opens_a_deleted_file),
		cmocka_unit_test(refuses_another_file_of_that_name),
		cmocka_unit_test(refuses_what_is_no_regular_file),
		cmocka_unit_test(a_silent_fuse_server_is_not_asked),
		cmocka_unit_test(links_do_not_lead_out_of_the_root),
		cmocka_unit_test(memory_reads_what_is_there),
		cmocka_unit_test(maps_are_read_whole),
		cmocka_unit_test(says_that_a_process_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
