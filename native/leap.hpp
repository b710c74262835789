// Whole iterations of HALS on a small dense X, for as long as nothing but their plain course has to be decided.
#pragma once

#include <chrono>
#include <cmath>
#include <vector>

#include "hals.hpp"
#include "thin.hpp"

namespace partwise {

/// sum_e a[e] b[e] in float64, in their order.
template <class Real>
[[gnu::noinline]] double inner(const Real* a, const Real* b, Index count) {
  double total = 0;
  for (Index e = 0; e < count; ++e) total += double(a[e]) * double(b[e]);
  return total;
}

/// One factor (rows, k): `iterate` is what its last half-step found, `point` what the other half-step holds fixed, with
/// gram = point' point, `best` that of the best pair, `previous` (of H alone) the iterate before. All are overwritten.
template <class Real>
struct LeapFactor {
  Real *iterate, *point, *best, *gram, *previous;
  Index rows;
  int sweeps;
  Real shrink;
};

/// When a fit leaves its plain course; see solvers/leap.py, where each of these is computed.
struct LeapRules {
  double squared, least, size, noise, slack, exact, tol, fall, most_seconds, grow, grow_cap;
  Index window, revive_every;
};

/// What an iteration changes beside the factors.
struct LeapState {
  double momentum, before, cap, kept, best, residual, seconds;
  Index iteration;
};

/// What the last iteration found, which is done but for all that it decides.
struct LeapEnd {
  double moved_W = 0, moved_H = 0, after = 0;
  bool better = false;  // whether `best` was written to
};

/// Iterations of `Descent` until one, at the latest the one numbered `most`, where more has to be decided than that its
/// pair is good and momentum grows; that one is left undecided. X (n, m) = W H'; losses: those of the last `window`
/// iterations, to which new ones are added; log: seconds, best loss and residual of each iteration that was decided.
template <class Real>
LeapEnd hals_leap(Strided<Real> X, LeapFactor<Real> W, LeapFactor<Real> H, Index k, const LeapRules& rules,
                  LeapState& state, std::vector<double>& losses, Index most, double* log) {
  Team alone(1);
  Scratch<Real> cross(std::max(W.rows, H.rows) * k);
  const Strided<Real> turned{X.data, X.column, X.row}, crossed{cross.data(), k, 1};
  const auto began = std::chrono::steady_clock::now();
  const double spent = state.seconds;
  const auto sweep = [&](const LeapFactor<Real>& left, const LeapFactor<Real>& right, Strided<Real> rows, Real* iterate,
                         Real momentum) {
    ThinProduct<Real>(right.point, right.rows, k)(rows, left.rows, cross.data());
    return hals_block(iterate, left.point, left.point, crossed, right.gram, left.rows, k, Box<Real>{}, Real(0), Real(0),
                      left.sweeps, left.shrink, momentum, left.gram, alone);
  };
  const auto dead = [&](const Real* gram) {
    for (Index t = 0; t < k; ++t)
      if (!(gram[t * k + t] > 0)) return true;
    return false;
  };
  LeapEnd end;
  for (;;) {
    end.moved_W = sweep(W, H, X, W.iterate, Real(state.momentum)).residual;
    std::copy(H.iterate, H.iterate + H.rows * k, H.previous);
    const Swept swept = sweep(H, W, turned, H.point, Real(0));
    std::copy(H.point, H.point + H.rows * k, H.iterate);
    end.moved_H = swept.residual;
    ++state.iteration;
    const double error = rules.squared - 2 * swept.inner + inner(H.gram, W.gram, k * k);
    end.after = error > rules.least * rules.squared ? 0.5 * error : std::nan("");
    const double residual = std::sqrt(std::max(end.moved_W, end.moved_H) / rules.size);
    if (!std::isfinite(residual + end.after) || !(end.after <= state.kept + rules.noise)) return end;
    const double best = std::min(state.best, end.after);
    const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    const bool steady = Index(losses.size()) >= rules.window && std::isfinite(losses[losses.size() - rules.window]) &&
                        losses[losses.size() - rules.window] - best < rules.tol * (rules.fall * std::abs(best));
    if (best <= rules.exact || residual == 0 || (rules.tol > 0 && (residual < rules.tol || steady))) return end;
    if (state.iteration >= most || spent + passed >= rules.most_seconds) return end;
    if (state.iteration % rules.revive_every == 0 && (dead(W.gram) || dead(H.gram))) return end;
    if (end.after < state.kept - rules.slack || (end.after < state.best + rules.slack && residual <= state.residual)) {
      state.kept = end.after;
      state.residual = residual;
      std::copy(W.point, W.point + W.rows * k, W.best);
      std::copy(H.point, H.point + H.rows * k, H.best);
      end.better = true;
    }
    state.best = best;
    losses.push_back(best);
    *log++ = spent + passed;
    *log++ = best;
    *log++ = residual;
    state.before = state.momentum;
    state.momentum = std::min(state.cap, rules.grow * state.momentum);
    state.cap = std::min(1.0, rules.grow_cap * state.cap);
    extrapolate(H.iterate, H.previous, H.point, H.rows, k, Box<Real>{}, Real(state.momentum), H.gram, alone);
  }
}

}  // namespace partwise
