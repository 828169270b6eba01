// Reproducible random numbers: Philox4x64-10 makes seeds, eight xoshiro256++ in parallel make bits.
//
// Every piece of work (a block of chains, a part of a batch) has a Stream of its own, named by a key and
// three counters and never by a thread, so that results do not depend on the number of threads. Philox
// (Salmon et al., SC 2011) is a bijection of its counter: different names never share an output, and
// so each of the eight xoshiro256++ lanes (Blackman & Vigna, ACM TOMS 47, 36 (2021)) starts at a state of its
// own. Every bit of xoshiro256++ is sound, the lowest included, which bit-packed samplers need.
#pragma once

#include "rgrbm/support/simd.hpp"

#include <array>
#include <cstdint>

namespace rgrbm {

using Key = std::array<std::uint64_t, 2>;
using Counter = std::array<std::uint64_t, 4>;

// Ten rounds of Philox4x64; the known answers are those of Random123 and of numpy.random.Philox.
RGRBM_INLINE Counter philox4x64(Counter counter, Key key) {
    using Product = unsigned __int128;
    for (int round = 0; round < 10; ++round) {
        const Product p0 = Product{0xD2E7470EE14C6C93u} * counter[0];
        const Product p1 = Product{0xCA5A826395121157u} * counter[2];
        counter = {static_cast<std::uint64_t>(p1 >> 64) ^ counter[1] ^ key[0], static_cast<std::uint64_t>(p1),
                   static_cast<std::uint64_t>(p0 >> 64) ^ counter[3] ^ key[1], static_cast<std::uint64_t>(p0)};
        key[0] += 0x9E3779B97F4A7C15u;
        key[1] += 0xBB67AE8584CAA73Bu;
    }
    return counter;
}

// Eight interleaved xoshiro256++ generators: each call of next() gives 512 random bits.
class Stream {
public:
    Stream(const Key& key, std::uint64_t a, std::uint64_t b = 0, std::uint64_t c = 0) {
        for (std::size_t lane = 0; lane < Word::n_lanes; ++lane) {
            const Counter seed = philox4x64({lane, a, b, c}, key);
            for (std::size_t i = 0; i < 4; ++i)
                state_[i].set_lane(lane, seed[i]);
        }
    }

    RGRBM_INLINE Word next() {
        const Word result = rotate_left<23>(state_[0] + state_[3]) + state_[0];
        const Word shifted = shift_left<17>(state_[1]), other = state_[3] ^ state_[1];
        state_[1] = exclusive_or(state_[1], state_[2], state_[0]);
        state_[2] = exclusive_or(state_[2], state_[0], shifted);
        state_[0] = state_[0] ^ other;
        state_[3] = rotate_left<45>(other);
        return result;
    }

    // The four state words, for tests and for streams that are saved and continued.
    std::array<Word, 4>& state() { return state_; }

private:
    std::array<Word, 4> state_;
};

} // namespace rgrbm
