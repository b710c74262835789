// Which builds of the kernels this processor runs.
#pragma once

#include <vector>

namespace partwise {

/// Names of the builds that run here, oldest first. Only the lowest build is asked: it runs everywhere.
/// A level of x86-64 is told by the features that set it apart (each also checks that the system saves the registers):
/// processors with these have the rest of their level (lzcnt, movbe, f16c), whose names older compilers refuse.
inline std::vector<const char*> supported() {
#if defined(__x86_64__)
  std::vector<const char*> names = {"v2"};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) {
    names.push_back("v3");
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
      names.push_back("v4");
  }
  return names;
#else
  return {"base"};
#endif
}

}  // namespace partwise
