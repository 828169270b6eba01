// Which x86-64 levels this processor can run: an empty list on other processors. It is written for Python's own C
// interface, because pybind11's headers take longer to compile than all the rest of it.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

namespace {

bool append(PyObject* list, const char* text) {
    PyObject* const item = PyUnicode_FromString(text);
    const bool appended = item && PyList_Append(list, item) == 0;
    Py_XDECREF(item);
    return appended;
}

PyObject* supported_levels(PyObject*, PyObject*) {
    PyObject* const levels = PyList_New(0);
    if (!levels)
        return nullptr;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if ((__builtin_cpu_supports("x86-64-v2") && !append(levels, "v2")) ||
        (__builtin_cpu_supports("x86-64-v3") && !append(levels, "v3")) ||
        (__builtin_cpu_supports("x86-64-v4") && !append(levels, "v4"))) {
        Py_DECREF(levels);
        return nullptr;
    }
#endif
    return levels;
}

PyMethodDef functions[] = {
    {"supported_levels", supported_levels, METH_NOARGS,
     "supported_levels() -> list[str]\n\nThe x86-64 levels that this processor can run, lowest first.\n"},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    "_cpu",
    "Asks the processor which x86-64 instruction-set levels it supports.",
    0,
    functions,
    nullptr,
    nullptr,
    nullptr,
    nullptr,
};

} // namespace

PyMODINIT_FUNC PyInit__cpu() {
    return PyModule_Create(&module_definition);
}
