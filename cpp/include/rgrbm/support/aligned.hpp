// Memory that starts on a cache line, zero at first; and sizes rounded up to whole vectors.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace rgrbm {

template <class T>
struct AlignedAllocator {
    using value_type = T;
    static constexpr std::align_val_t alignment{64};
    AlignedAllocator() = default;
    template <class U>
    AlignedAllocator(const AlignedAllocator<U>&) {}
    T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), alignment)); }
    void deallocate(T* p, std::size_t) { ::operator delete(p, alignment); }
    bool operator==(const AlignedAllocator&) const { return true; }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

// Pieces of a size, or less, that n things make.
constexpr std::size_t n_pieces(std::size_t n, std::size_t size) {
    return (n + size - 1) / size;
}

inline std::size_t round_up(std::size_t n, std::size_t multiple) {
    return (n + multiple - 1) / multiple * multiple;
}

} // namespace rgrbm
