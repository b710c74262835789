// Binds the kernels of what goes with what.
#include "neighbours.hpp"

#include "bindings.hpp"

namespace {

Lists lists(const Line<const std::int64_t>& starts, const Line<const std::int64_t>& counts,
            const Line<const std::int32_t>& indices, const Line<const float>& values, Index m) {
  demand(Index(starts.shape(0)) == m && Index(counts.shape(0)) == m, "starts or counts has another length");
  demand(indices.shape(0) == values.shape(0), "indices and values differ in length");
  for (Index i = 0; i < m; ++i)
    demand(starts.data()[i] >= 0 && counts.data()[i] >= 0 &&
               starts.data()[i] + counts.data()[i] <= std::int64_t(indices.shape(0)),
           "lists lie outside the indices");
  return {starts.data(), counts.data(), indices.data(), values.data()};
}

template <class Integer>
void bind_pairs(nb::module_& m) {
  m.def(
      "csr_gram",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const double> values,
         Line<const Integer> other_indptr, Line<const Integer> other_indices, Line<const double> other_values,
         Line<const double> by, Table<float> gram, Team* team) {
        const Index m = Index(indptr.shape(0)) - 1, n = Index(other_indptr.shape(0)) - 1;
        const auto Xt = csr<double, Integer>(indptr, indices, values, 0, m);
        const auto X = csr<double, Integer>(other_indptr, other_indices, other_values, 0, n);
        demand(Index(by.shape(0)) == n, "by has another length");
        demand(Index(gram.shape(0)) == m && Index(gram.shape(1)) == m, "gram has another shape");
        nb::gil_scoped_release free;
        const Blocks blocks(m, 1);
        on(team).each(blocks.count(), [&](Index block) {
          const Index first = blocks.first(block);
          gram_rows(Xt, X, by.data(), m, gram.data(), first, first + blocks.height(block));
        });
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("other_indptr").noconvert(), nb::arg("other_indices").noconvert(), nb::arg("other_values").noconvert(),
      nb::arg("by").noconvert(), nb::arg("gram").noconvert(), nb::arg("team").none() = nb::none(),
      "gram (m, m) = X.T @ diag(by) @ X in float32, given CSR X.T (m, n) and X (n, m).");
  m.def(
      "csr_pairs",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const double> values,
         Line<const Integer> other_indptr, Line<const Integer> other_indices, Line<const double> other_values,
         Line<const double> by, Line<const double> scale, Index most, Line<const std::int64_t> starts,
         Line<std::int64_t> counts, Line<std::int32_t> out_indices, Line<float> out_values, Team* team) {
        const Index m = Index(indptr.shape(0)) - 1, n = Index(other_indptr.shape(0)) - 1;
        const auto Xt = csr<double, Integer>(indptr, indices, values, 0, m);
        const auto X = csr<double, Integer>(other_indptr, other_indices, other_values, 0, n);
        demand(Index(by.shape(0)) == n && Index(scale.shape(0)) == m, "by or scale has another length");
        demand(most > 0 && Index(starts.shape(0)) == m + 1 && Index(counts.shape(0)) == m,
               "starts or counts has another length");
        demand(out_indices.shape(0) == out_values.shape(0) && m >= 0 &&
                   starts.data()[m] <= std::int64_t(out_indices.shape(0)),
               "out_indices is too short");
        nb::gil_scoped_release free;
        for (Index i = 0; i < m; ++i) {
          Index pairs = 0;
          for (Index p = Index(Xt.indptr[i]); p < Index(Xt.indptr[i + 1]); ++p)
            pairs += Index(X.indptr[Xt.indices[p] + 1] - X.indptr[Xt.indices[p]]);
          demand(starts.data()[i + 1] - starts.data()[i] >= std::min({pairs, m, most}), "starts leave too few places");
        }
        const Blocks blocks(m, 1);
        on(team).each(blocks.count(), [&](Index block) {
          const Index first = blocks.first(block);
          pair_rows(Xt, X, by.data(), scale.data(), m, most, starts.data(), counts.data(), out_indices.data(),
                    out_values.data(), first, first + blocks.height(block));
        });
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("other_indptr").noconvert(), nb::arg("other_indices").noconvert(), nb::arg("other_values").noconvert(),
      nb::arg("by").noconvert(), nb::arg("scale").noconvert(), nb::arg("most"), nb::arg("starts").noconvert(),
      nb::arg("counts").noconvert(), nb::arg("out_indices").noconvert(), nb::arg("out_values").noconvert(),
      nb::arg("team").none() = nb::none(),
      "Rows of X.T @ diag(by) @ X without its diagonal, given CSR X.T (m, n) and X (n, m), non-negative: of row i the\n"
      "`most` entries with the highest product with scale, from starts[i] on; counts[i] says how many.");
}

using Weights = nb::ndarray<float, nb::ndim<3>, nb::c_contig, nb::device::cpu>;

template <class Gram>
void regress(Gram gram, Index m, const Line<const double>& diagonal, const Line<const double>& scale,
             const Line<const std::int64_t>& columns, const Line<const double>& ridges, double noise, bool positive,
             const Line<std::int64_t>& held, const Table<std::int32_t>& neighbours, const Weights& weights,
             Team* team) {
  const Index count = Index(columns.shape(0)), most = Index(neighbours.shape(1));
  demand(Index(diagonal.shape(0)) == m && Index(scale.shape(0)) == m, "diagonal or scale has another length");
  demand(std::all_of(columns.data(), columns.data() + count, [&](Index i) { return 0 <= i && i < m; }),
         "columns lie outside the matrix");
  demand(0 < most && most <= 10000 && Index(neighbours.shape(0)) == count && Index(held.shape(0)) == count,
         "neighbours or held has another shape");
  demand(weights.shape(0) == ridges.shape(0) && Index(weights.shape(1)) == count && Index(weights.shape(2)) == most,
         "weights has another shape");
  nb::gil_scoped_release free;
  const RidgePlan plan{diagonal.data(), scale.data(), ridges.data(), Index(ridges.shape(0)), most, noise, positive};
  const Blocks blocks(count, 1);
  on(team).each(blocks.count(), [&](Index block) {
    const Index first = blocks.first(block);
    ridge_rows(gram, m, columns.data(), count, plan, held.data(), neighbours.data(), weights.data(), first,
               first + blocks.height(block));
  });
}

}  // namespace

void bind_neighbours(nb::module_& m) {
  bind_pairs<std::int32_t>(m);
  bind_pairs<std::int64_t>(m);
  m.def(
      "ridge_neighbours",
      [](Line<const std::int64_t> starts, Line<const std::int64_t> counts, Line<const std::int32_t> indices,
         Line<const float> values, Line<const double> diagonal, Line<const double> scale,
         Line<const std::int64_t> columns, Line<const double> ridges, double noise, bool positive,
         Line<std::int64_t> held, Table<std::int32_t> neighbours, Weights weights, Team* team) {
        const Index m = Index(counts.shape(0));
        regress(lists(starts, counts, indices, values, m), m, diagonal, scale, columns, ridges, noise, positive, held,
                neighbours, weights, team);
      },
      nb::arg("starts").noconvert(), nb::arg("counts").noconvert(), nb::arg("indices").noconvert(),
      nb::arg("values").noconvert(), nb::arg("diagonal").noconvert(), nb::arg("scale").noconvert(),
      nb::arg("columns").noconvert(), nb::arg("ridges").noconvert(), nb::arg("noise"), nb::arg("positive"),
      nb::arg("held").noconvert(), nb::arg("neighbours").noconvert(), nb::arg("weights").noconvert(),
      nb::arg("team").none() = nb::none(),
      "Ridge regressions of some columns on the most similar others, given lists of a Gram matrix as csr_pairs makes\n"
      "them: (gram[N, N] + diag((1 + noise) diagonal[N] + ridge)) weights = gram[N, i], or over weights >= 0.");
  m.def(
      "ridge_neighbours",
      [](Table<const float> gram, Line<const double> diagonal, Line<const double> scale,
         Line<const std::int64_t> columns, Line<const double> ridges, double noise, bool positive,
         Line<std::int64_t> held, Table<std::int32_t> neighbours, Weights weights, Team* team) {
        const Index m = Index(gram.shape(0));
        demand(Index(gram.shape(1)) == m, "gram is not square");
        regress(Whole{gram.data(), m}, m, diagonal, scale, columns, ridges, noise, positive, held, neighbours, weights,
                team);
      },
      nb::arg("gram").noconvert(), nb::arg("diagonal").noconvert(), nb::arg("scale").noconvert(),
      nb::arg("columns").noconvert(), nb::arg("ridges").noconvert(), nb::arg("noise"), nb::arg("positive"),
      nb::arg("held").noconvert(), nb::arg("neighbours").noconvert(), nb::arg("weights").noconvert(),
      nb::arg("team").none() = nb::none(), "The same, given the whole Gram matrix (m, m), symmetric, in float32.");
}
