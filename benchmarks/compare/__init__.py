"""Races between libraries: seconds to a given quality from the same start, and peak memory.

The rules, which hold for every library alike:

1. One process a library and number of threads, bound to as many processors, BLAS and OpenMP held to as many
   threads.
2. The clock covers one whole call, from the X and the start of the problem to W and H: conversions, transposes and
   checks of X are inside. Imports and whatever is compiled or cached on first use are not: an untimed call comes first.
3. A curve is made of whole calls with a growing number of iterations and no stop rule, each from the beginning: that
   is the only way that all libraries offer. Calls under 20 ms count as the fastest of three.
4. All take the same start if they take any; the table says who does not.
5. One judge computes the objective outside the clock, in float64, on the X of the problem.
6. Work of other processes meanwhile is recorded with each run, and marks it in the table if it is more than a little.
7. Peak memory is taken in processes of their own: what one call adds to a process that holds X already.
"""
