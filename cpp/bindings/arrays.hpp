// Checked NumPy arrays: what the bindings demand of an argument before they touch its memory.
#pragma once

#include <pybind11/numpy.h>

#include <initializer_list>
#include <string>

namespace rgrbm::bindings {

template <class T>
using Array = pybind11::array_t<T, pybind11::array::c_style>;

// Raises ValueError unless the array has this shape; −1 stands for any length.
template <class T>
void require_shape(const Array<T>& array, std::initializer_list<pybind11::ssize_t> shape, const char* name) {
    bool fits = array.ndim() == static_cast<pybind11::ssize_t>(shape.size());
    std::string wanted, got;
    pybind11::ssize_t axis = 0;
    for (const pybind11::ssize_t length : shape) {
        wanted += (length < 0 ? std::string("any") : std::to_string(length)) + ", ";
        if (fits && length >= 0 && array.shape(axis) != length)
            fits = false;
        ++axis;
    }
    if (fits)
        return;
    for (pybind11::ssize_t i = 0; i < array.ndim(); ++i)
        got += std::to_string(array.shape(i)) + ", ";
    throw pybind11::value_error(std::string(name) + " must have shape (" + wanted + "), got (" + got + ")");
}

template <class T>
std::size_t length(const Array<T>& array, pybind11::ssize_t axis) {
    return static_cast<std::size_t>(array.shape(axis));
}

} // namespace rgrbm::bindings
