// SPDX-License-Identifier: Apache-2.0
// C++ functions that call Python, by way of pybind11.
#include <pybind11/functional.h>
#include <pybind11/pybind11.h>

#include <functional>
#include <stdexcept>

namespace py = pybind11;

struct shape {
	virtual ~shape() = default;
	virtual int area(int side) = 0;
};

struct python_shape : shape {
	int area(int side) override
	{
		PYBIND11_OVERRIDE_PURE(int, shape, area, side);
	}
};

static int cpp_call(const std::function<int(int)> &function, int number)
{
	return function(number);
}

static int cpp_unlocked(const py::function &function)
{
	py::gil_scoped_release release;
	py::gil_scoped_acquire acquire;
	return function(1).cast<int>();
}

static int cpp_area(shape &which)
{
	return which.area(2);
}

// Python raises, C++ catches, and calls Python as it is unwound.
static int cpp_catch(const py::function &raises, const py::function &then)
{
	try {
		raises();
	} catch (py::error_already_set &error) {
		return then(1).cast<int>();
	}
	return 0;
}

PYBIND11_MODULE(foreign_pybind, module)
{
	py::class_<shape, python_shape>(module, "Shape")
		.def(py::init<>())
		.def("area", &shape::area);
	module.def("cpp_call", &cpp_call);
	module.def("cpp_unlocked", &cpp_unlocked);
	module.def("cpp_area", &cpp_area);
	module.def("cpp_catch", &cpp_catch);
}
