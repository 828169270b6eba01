#include "rgrbm/support/bits.hpp"

#include <algorithm>

namespace rgrbm {

namespace {

// 8 sites × 8 chains, as eight bytes of which byte i holds the chains' bits at site i.
std::uint64_t gather_bytes(const Word* sites, std::size_t n_sites, std::size_t byte) {
    std::uint64_t gathered = 0;
    for (std::size_t i = 0; i < n_sites; ++i) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(sites + i);
        gathered |= std::uint64_t{bytes[byte]} << (8 * i);
    }
    return gathered;
}

// The opposite.
void scatter_bytes(std::uint64_t gathered, Word* sites, std::size_t n_sites, std::size_t byte) {
    for (std::size_t i = 0; i < n_sites; ++i)
        reinterpret_cast<unsigned char*>(sites + i)[byte] = static_cast<unsigned char>(gathered >> (8 * i));
}

constexpr std::uint64_t all_up = 0x0101010101010101u; // eight spins +1
// Times this, bit 0 of byte i goes to bit 56 + i; no two terms of the product meet in a bit.
constexpr std::uint64_t gather_low_bits = 0x0102040810204080u;

} // namespace

void unpack_spins(const Word* sites, std::size_t n_sites, std::size_t n_chains, std::int8_t* out, std::size_t stride) {
    static_assert(std::endian::native == std::endian::little, "byte i of a word must hold its bits 8i … 8i+7");
    for (std::size_t chain = 0; chain < n_chains; chain += 8) {
        const std::size_t chains_here = std::min<std::size_t>(8, n_chains - chain);
        for (std::size_t site = 0; site < n_sites; site += 8) {
            const std::size_t sites_here = std::min<std::size_t>(8, n_sites - site);
            std::uint64_t rows = transpose_8x8(gather_bytes(sites + site, sites_here, chain / 8));
            std::int8_t* target = out + chain * stride + site;
            for (std::size_t i = 0; i < chains_here; ++i, rows >>= 8, target += stride)
                std::memcpy(target, &spins_of_byte[rows & 0xFF], sites_here);
        }
    }
}

bool pack_spins(const std::int8_t* spins, std::size_t n_sites, std::size_t n_chains, std::size_t stride, Word* sites) {
    static_assert(std::endian::native == std::endian::little, "byte i of a word must hold its bits 8i … 8i+7");
    std::fill(sites, sites + n_sites, Word::zero());
    std::uint64_t wrong = 0;
    for (std::size_t chain = 0; chain < n_chains; chain += 8) {
        const std::size_t chains_here = std::min<std::size_t>(8, n_chains - chain);
        for (std::size_t site = 0; site < n_sites; site += 8) {
            const std::size_t sites_here = std::min<std::size_t>(8, n_sites - site);
            std::uint64_t rows = 0;
            for (std::size_t i = 0; i < chains_here; ++i) {
                std::uint64_t eight = all_up;
                std::memcpy(&eight, spins + (chain + i) * stride + site, sites_here);
                // +1 is 0x01 and −1 is 0xFF: bit 0 is set in both, and the other seven are equal.
                const std::uint64_t down = (eight >> 1) & all_up;
                wrong |= eight ^ (all_up | (down * 0xFE));
                rows |= (((down ^ all_up) * gather_low_bits) >> 56) << (8 * i);
            }
            scatter_bytes(transpose_8x8(rows), sites + site, sites_here, chain / 8);
        }
    }
    return wrong == 0;
}

void VerticalCounter::read(std::int64_t* counts, std::size_t n) const {
    std::fill(counts, counts + n, 0);
    for (std::size_t plane = 0; plane < n_planes; ++plane) {
        if (!planes_[plane].any())
            continue;
        for (std::size_t chain = 0; chain < n; ++chain) {
            const std::uint64_t bit = (planes_[plane].lane(chain / 64) >> (chain % 64)) & 1;
            counts[chain] += static_cast<std::int64_t>(bit << plane);
        }
    }
}

std::int64_t VerticalCounter::total() const {
    std::int64_t sum = 0;
    for (std::size_t plane = 0; plane < n_planes; ++plane)
        for (std::size_t lane = 0; lane < Word::n_lanes; ++lane)
            sum += static_cast<std::int64_t>(std::popcount(planes_[plane].lane(lane))) << plane;
    return sum;
}

} // namespace rgrbm
