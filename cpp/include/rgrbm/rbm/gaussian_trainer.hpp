// Training of an RBM with Gaussian visible units u and binary hidden units h (dense_trainer.hpp):
//     E(u, h) = Σ_i (u_i − c_i)² / 2σ_i² − Σ_ij u_i W_ij h_j / σ_i² − b·h,
//     u | h ~ N(c + W h, σ²),   p(h_j = 1 | u) = σ(b_j + Σ_i u_i W_ij / σ_i²),
// the form of Cho, Ilin & Raiko (ICANN 2011) and Melchior, Wang & Wiskott (PLoS ONE 12, e0171015 (2017)). With
// z = ln σ² and Δ the mean over the data minus that over the model, the log-likelihood has the gradient
//     ∂W = Δ⟨u hᵀ⟩ / σ²,  ∂c = Δ⟨u⟩ / σ²,  ∂b = Δ⟨h⟩,  ∂z_i = Δ⟨(u_i − c_i)² / 2 − u_i (W h)_i⟩ / σ_i².
//
// All is computed with u − μ in place of u, μ being the data's mean: the same distribution, of visible biases c − μ and
// hidden ones b + Wᵀμ/σ², in which large means cost no digits. Centred, W moves along Δ⟨(u − μ)(h − λ)ᵀ⟩ / σ² and z
// along Δ⟨(u − c)² / 2 − (u − μ) W h⟩ / σ², with c + Wλ and b + Wᵀμ/σ² in place of c and b.
//
// Steps are those of W/σ, c/σ and z, σ held fixed in the first two: then data in other units are learned at the same
// pace. A step changes a variance by a factor of 2 at most, and never takes it below its floor: a unit that the hidden
// ones describe without error has an unbounded likelihood.
//
// A persistent chain is a hidden state. At inverse temperature β ("pt"), in these coordinates,
//     p_β(u, h) ∝ exp(−Σ u²/2σ² + β U(u, h)),   U(u, h) = u·(c − μ)/σ² + b'·h + u W h / σ²,
// with u | h ~ N(β (c − μ + W h), σ²): at β = 0 independent units about the data's mean.
#pragma once

#include "rgrbm/rbm/dense_trainer.hpp"

namespace rgrbm {

// What Gaussian units have beside weights and biases.
template <class Real>
struct VarianceOptions {
    const Real *log_variance, *log_floor; // (n_visible,)
    bool learned;
};

template <class Real>
class GaussianTrainer final : public DenseTrainer<Real> {
    using Base = DenseTrainer<Real>;

public:
    using Base::lanes;
    using typename Base::V, typename Base::Values;

    GaussianTrainer(std::size_t n_visible, std::size_t n_hidden, const Real* weights, const Real* visible_bias,
                    const Real* hidden_bias, const VarianceOptions<Real>& variance, const Key& key);

    bool supports(NegativePhase phase) const override { return phase != NegativePhase::paper; }
    bool is_gaussian() const override { return true; }
    std::size_t chain_units() const override { return n_hidden_; }
    void copy_parameters(const PlainArrays<Real>& to) const override;

private:
    using Base::dense_, Base::positive_, Base::negative_, Base::block_mean_, Base::block_shift_,
        Base::hidden_difference_, Base::block_norm_;
    using Base::n_visible_, Base::n_hidden_, Base::n_samples_, Base::options_, Base::gradient_, Base::optimizer_,
        Base::streams_, Base::part_error_, Base::key_;
    using Base::persistent, Base::weighted_, Base::weight_, Base::model_weight_, Base::visible_mean_, Base::order_,
        Base::origin_;
    using Base::up_, Base::down_, Base::tempering_, Base::model_, Base::chains_, Base::hidden_, Base::hidden_offset_;
    using typename Base::Chunk, typename Base::Group;

    Values& hidden_bias() override { return hidden_bias_; }
    std::vector<Values*> trained() override { return {&weights_, &visible_bias_, &hidden_bias_, &log_variance_}; }
    void prepare(std::size_t batch_size) override;
    void start_chains(std::size_t n) override;
    void start_batch() override;

    void gibbs_group(const Chunk& chunk, const Group& group) override {
        for (std::size_t part = group.first_part; part < group.last_part; ++part)
            gibbs_part(chunk, part);
    }
    void gibbs_part(const Chunk& chunk, std::size_t part);
    template <class Rows>
    void draw_visible(std::size_t first, std::size_t n, Rows&& rows, Stream& stream);
    template <class Sink>
    void activate_hidden(std::size_t first, std::size_t n, Sink&& sink);
    double reconstruct(std::size_t first, std::size_t n, Stream& stream);
    void negative_phase(const Chunk& chunk, std::size_t part, std::size_t first, std::size_t n, Stream& stream);
    void temper(std::size_t part, std::size_t chain, std::size_t first, std::size_t n, Stream& stream);

    void add_statistics(const Chunk& chunk, std::size_t first_block, std::size_t last_block) override;
    void visible_statistics(const Chunk& chunk, std::size_t block);
    void update_block(const Step<Real>& step, std::size_t block) override;
    struct Row;
    void find_gradient(Row& row);
    void move_row(const Step<Real>& step, Row& row);
    void move_variances(const Step<Real>& step, std::size_t first);
    void refresh_block(std::size_t block);
    void refresh_hidden_bias();
    void update(std::size_t n_parts) override;

    // The parameters; `up_` and `down_` hold what follows from them: W/σ² and b + Wᵀμ/σ², Wᵀ and c − μ.
    Values weights_, visible_bias_, hidden_bias_, log_variance_, log_floor_;
    bool learned_;
    Values deviation_, precision_, field_; // σ, 1/σ² and (c − μ)/σ², 0 in the padding
    Values block_bias_;                    // Σ_i μ_i W_ij / σ_i² over the units of each block
    Values never_;                         // a bias that keeps padding at 0

    // Working space of a run.
    Values reconstruction_; // chunk × units: u − μ of the model
};

extern template class GaussianTrainer<float>;
extern template class GaussianTrainer<double>;

} // namespace rgrbm
