// Binds the kernels that rank.
#include "ranking.hpp"

#include "bindings.hpp"

namespace {

template <class Integer, class Other>
void bind_chain(nb::module_& m) {
  m.def(
      "csr_chain",
      [](Line<const Integer> indptr, Line<const Integer> indices, Line<const double> values,
         Line<const std::int64_t> rows, Line<const double> by, Line<const Other> other_indptr,
         Line<const Other> other_indices, Line<const double> other_values, Table<double> out) {
        const Index n = Index(indptr.shape(0)) - 1, count = Index(rows.shape(0));
        const auto X = csr<double, Integer>(indptr, indices, values, 0, n);
        const auto Y =
            csr<double, Other>(other_indptr, other_indices, other_values, 0, Index(other_indptr.shape(0)) - 1);
        demand(std::all_of(rows.data(), rows.data() + count, [&](Index row) { return 0 <= row && row < n; }),
               "rows lie outside X");
        demand(Index(by.shape(0)) == count && Index(out.shape(0)) == count, "by or out has another length");
        nb::gil_scoped_release free;
        csr_chain(X, rows.data(), count, by.data(), Y, out.data(), Index(out.shape(1)));
      },
      nb::arg("indptr").noconvert(), nb::arg("indices").noconvert(), nb::arg("values").noconvert(),
      nb::arg("rows").noconvert(), nb::arg("by").noconvert(), nb::arg("other_indptr").noconvert(),
      nb::arg("other_indices").noconvert(), nb::arg("other_values").noconvert(), nb::arg("out").noconvert(),
      "out[r, j] += by[r] (X[rows[r]] @ Y)[j], for CSR X and Y, whose columns are in out.");
}

}  // namespace

void bind_ranking(nb::module_& m) {
  m.attr("PANEL") = int(panel_width);
  m.def(
      "panel_dot",
      [](Table<const double> left, nb::ndarray<const double, nb::ndim<3>, nb::c_contig, nb::device::cpu> panels,
         Table<double> out) {
        const Index rows = Index(left.shape(0)), k = Index(left.shape(1)), count = Index(panels.shape(0));
        demand(Index(panels.shape(1)) == k && Index(panels.shape(2)) == panel_width, "panels have another shape");
        demand(Index(out.shape(0)) == rows && Index(out.shape(1)) == count * panel_width, "out has another shape");
        nb::gil_scoped_release free;
        panel_dot(left.data(), panels.data(), out.data(), rows, k, count);
      },
      nb::arg("left").noconvert(), nb::arg("panels").noconvert(), nb::arg("out").noconvert(),
      "out = left @ right, where right (k, m) is cut into panels (m / PANEL, k, PANEL); overwrites out.\n"
      "A row has the same bits in whatever company.");
  bind_chain<std::int32_t, std::int32_t>(m);
  bind_chain<std::int32_t, std::int64_t>(m);
  bind_chain<std::int64_t, std::int32_t>(m);
  bind_chain<std::int64_t, std::int64_t>(m);
  m.def(
      "best_of_rows",
      [](Table<const double> scores, Index count, Table<std::int64_t> places, Table<double> values) {
        const Index rows = Index(scores.shape(0)), most = Index(places.shape(1));
        demand(0 <= count && count <= Index(scores.shape(1)), "there are fewer scores");
        demand(Index(places.shape(0)) == rows && Index(values.shape(0)) == rows, "rows differ");
        demand(0 < most && Index(values.shape(1)) == most, "places are none, or values differ from them in length");
        nb::gil_scoped_release free;
        for (Index r = 0; r < rows; ++r)
          best_of_row(scores.data() + r * Index(scores.shape(1)), count, most, places.data() + r * most,
                      values.data() + r * most);
      },
      nb::arg("scores").noconvert(), nb::arg("count"), nb::arg("places").noconvert(), nb::arg("values").noconvert(),
      "places (n, k) = the columns of the k highest of each row's first `count` scores, highest first, of equal ones\n"
      "the first, and values = these; -1 and NaN where no more are above minus infinity. Overwrites both.");
}
