// SPDX-License-Identifier: Apache-2.0
#include "tests/cmocka.h"

#include "daemon/process/cgroup_name.h"

#include <string.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID_2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void test_layouts(void **state)
{
	static const struct {
		const char *path, *container, *unit;
	} cases[] = {
		{ "/", "", "" },
		{ "", "", "" },
		{ "/init.scope", "", "init.scope" },
		{ "/system.slice/nginx.service", "", "nginx.service" },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/"
		  "app-org.gnome.Terminal.slice/vte-spawn-1.scope",
		  "", "vte-spawn-1.scope" },
		{ "/user.slice/user-1000.slice/session-3.scope", "",
		  "session-3.scope" },
		{ "/system.slice/x.service/payload", "", "x.service" },
		{ "/system.slice/docker-" ID ".scope", ID,
		  "docker-" ID ".scope" },
		{ "/docker/" ID, ID, "" },
		{ "/docker/" ID "/init", ID, "" },
		{ "/kubepods.slice/kubepods-burstable.slice/"
		  "kubepods-burstable-pod1.slice/cri-containerd-" ID ".scope",
		  ID, "cri-containerd-" ID ".scope" },
		{ "/kubepods/besteffort/pod0f8c/" ID, ID, "" },
		{ "/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope", ID,
		  "crio-" ID ".scope" },
		{ "/kubepods.slice/kubepods-pod1.slice/crio-conmon-" ID
		  ".scope", "", "crio-conmon-" ID ".scope" },
		{ "/system.slice/containerd.service/kubepods-besteffort-pod1."
		  "slice:cri-containerd:" ID, ID, "containerd.service" },
		{ "/machine.slice/libpod-" ID ".scope/container", ID,
		  "libpod-" ID ".scope" },
		{ "/machine.slice/libpod-conmon-" ID ".scope", "",
		  "libpod-conmon-" ID ".scope" },
		{ "/libpod_parent/libpod-" ID, ID, "" },
		{ "/machine.slice/machine-web\\x2d1.scope/payload", "web-1",
		  "machine-web\\x2d1.scope" },
		{ "/lxc.payload.web/system.slice/cron.service", "web",
		  "cron.service" },
		{ "/lxc/web", "web", "" },
		{ "/lxc.payload/web", "web", "" },
		{ "/ecs/task/" ID, ID, "" },
		// A container in a container: whose processes they are.
		{ "/docker/" ID "/kubelet/kubepods/pod1/" ID_2, ID_2, "" },
		// Nearly.
		{ "/docker/" ID "0", "", "" },
		{ "/docker/abc", "", "" },
		{ "/system.slice/docker.service", "", "docker.service" },
		{ "/system.slice/.service", "", "" },
		{ "//system.slice///x.service//", "", "x.service" },
	};
	struct cgroup_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cgroup_name_parse(cases[i].path, &name);
		assert_string_equal(name.container, cases[i].container);
		assert_string_equal(name.unit, cases[i].unit);
	}
}

static void test_long_names_are_cut(void **state)
{
	char path[2000] = "/lxc/";
	struct cgroup_name name;

	(void)state;
	memset(path + 5, 'x', sizeof(path) - 6);
	cgroup_name_parse(path, &name);
	assert_int_equal(strlen(name.container), CGROUP_PART_MAX - 1);
	memcpy(path + 1990, ".service", 9);
	cgroup_name_parse(path, &name);
	assert_int_equal(strlen(name.unit), CGROUP_PART_MAX - 1);
}

static void test_path_of_hierarchies(void **state)
{
	static const struct {
		const char *text, *path; // NULL: none
	} cases[] = {
		{ "0::/system.slice/x.service\n", "/system.slice/x.service" },
		{ "0::/system.slice/x.service", "/system.slice/x.service" },
		{ "8:pids:/a\n1:name=systemd:/b.service\n0::/c\n", "/c" },
		{ "8:pids:/docker/a\n1:name=systemd:/docker/b\n0::/\n",
		  "/docker/b" },
		{ "8:pids:/\n4:memory:/x/y\n0::/\n", "/x/y" },
		{ "0::/\n", "/" },
		{ "", NULL },
		{ "\n\n:\n::\n0::\n0::relative\n", NULL },
		{ "0::/a:b/c\n", "/a:b/c" },
	};
	char path[CGROUP_PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool found = cgroup_path_of(cases[i].text,
					    strlen(cases[i].text), path);

		assert_int_equal(found, cases[i].path != NULL);
		if (found)
			assert_string_equal(path, cases[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_long_names_are_cut),
		cmocka_unit_test(test_path_of_hierarchies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
