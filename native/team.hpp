// Threads that wait for work close by: a task of some microseconds is worth sharing.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#if !defined(_WIN32)
#include <pthread.h>
#endif

#include "simd.hpp"

namespace partwise {

/// A caller and up to `size` - 1 threads of its own, which share the tasks of one loop after another. Between loops
/// they wait actively for the next one for a while, and then sleep. Only one loop runs at a time. In a forked child a
/// team begins again, whatever its threads did in the parent.
class Team {
 public:
  explicit Team(Index size) : size_(std::clamp<Index>(size, 1, 256)), shares_(new Share[std::size_t(size_)]) {}
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() { rest(); }

  /// Have teams notice forks: to be called once.
  static void watch_forks() {
#if !defined(_WIN32)
    pthread_atfork(nullptr, nullptr, [] { forks_.fetch_add(1, std::memory_order_relaxed); });
#endif
  }

  Index size() const { return size_; }

  /// What the caller calls every tenth of a second in a loop; it may throw.
  static inline void (*poll)() = nullptr;

  /// act(i) for i in 0..count, on all threads, in no order; once this returns none of them runs. The first exception
  /// that one throws ends the loop, and is thrown here.
  template <class Act>
  void each(Index count, const Act& act) {
    if (size_ < 2 || count < 2) {
      Watch watch;
      for (Index i = 0; i < count; ++i) {
        act(i);
        watch.look();
      }
      return;
    }
    start_anew_in_a_child();
    start(std::min(size_, count) - 1);
    act_ = &act;
    call_ = [](const void* what, Index i) { (*static_cast<const Act*>(what))(i); };
    sharers_ = std::min(size_, count);
    for (Index s = 0; s < sharers_; ++s) {
      shares_[s].next.store(count * s / sharers_, std::memory_order_relaxed);
      shares_[s].end = count * (s + 1) / sharers_;
    }
    crew_->state.fetch_add(loop | open);
    wake();
    Watch watch;
    work(0, [&] { watch.look(); });
    if (start_anew_in_a_child()) throw std::runtime_error("a child that was forked inside a kernel cannot finish it");
    crew_->state.fetch_and(~open);  // nobody begins any more
    for (Index turn = 0; crew_->state.load(std::memory_order_acquire) & members; ++turn) pause(turn);
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

  /// End the threads; the next loop starts new ones.
  void rest() {
    start_anew_in_a_child();
    crew_->state.fetch_or(over);
    wake();
    for (auto& thread : crew_->threads) thread.join();
    crew_->threads.clear();
    crew_->state.fetch_and(~over);
  }

 private:
  /// The state: how many threads are in the loop, whether one may enter, whether all is over, and the loop's number.
  static constexpr std::uint64_t member = 1, members = 0xffff, open = 1 << 16, over = 1 << 17, loop = 1 << 18;
  static constexpr auto patience = std::chrono::milliseconds(1);

  class Watch {
   public:
    void look() {
      const auto now = std::chrono::steady_clock::now();
      if (!poll || now - last_ < std::chrono::milliseconds(100)) return;
      last_ = now;
      poll();
    }

   private:
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  };

  /// The threads and what they wait on.
  struct Crew {
    std::vector<std::thread> threads;
    std::mutex mutex;
    std::condition_variable wake;
    std::atomic<int> sleeping{0};
    alignas(64) std::atomic<std::uint64_t> state{0};
  };

  /// A child has none of its parent's threads, and finds the mutex as one of them left it: it takes a new crew. The old
  /// one is never freed, because that would wait for its threads. Return whether this is a child that has just begun.
  bool start_anew_in_a_child() {
    const int forks = forks_.load(std::memory_order_relaxed);
    if (forks == seen_forks_) return false;
    seen_forks_ = forks;
    crew_.release();
    crew_.reset(new Crew);
    error_ = nullptr;
    return true;
  }

  void start(Index threads) {
    auto& own = crew_->threads;
    try {
      while (Index(own.size()) < threads) own.emplace_back([this, number = Index(own.size()) + 1] { serve(number); });
    } catch (const std::system_error&) {  // no more are to be had: fewer do as well
    }
  }

  static void pause(Index turn) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
    if (turn % 64 == 63) std::this_thread::yield();  // there may be fewer processors than threads
  }

  void wake() {
    if (crew_->sleeping.load() == 0) return;
    {
      const std::lock_guard<std::mutex> hold(crew_->mutex);
    }  // a thread that is about to sleep reads the state while it holds the mutex
    crew_->wake.notify_all();
  }

  /// Tasks in a row, which one thread begins with in every loop of as many, so that what it wrote in the one before is
  /// near; others take from them once they have done their own.
  struct alignas(64) Share {
    std::atomic<Index> next{0};
    Index end = 0;
  };

  template <class After>
  void work(Index number, After after) {
    try {
      for (Index s = 0; s < sharers_; ++s) {
        Share& share = shares_[(number + s) % sharers_];
        while (share.next.load(std::memory_order_relaxed) < share.end) {
          const Index i = share.next.fetch_add(1, std::memory_order_relaxed);
          if (i >= share.end) break;
          call_(act_, i);
          after();
        }
      }
    } catch (...) {
      for (Index s = 0; s < sharers_; ++s) shares_[s].next.store(shares_[s].end, std::memory_order_relaxed);
      const std::lock_guard<std::mutex> hold(crew_->mutex);
      if (!error_) error_ = std::current_exception();
    }
  }

  void serve(Index number) {
    Crew& crew = *crew_;
    std::uint64_t seen = 0;
    for (;;) {
      std::uint64_t state = await(seen);
      if (state & over) return;
      while (state & open && !crew.state.compare_exchange_weak(state, state + member)) {
      }
      if (!(state & open)) continue;
      seen = state / loop;
      work(number, [] {});
      crew.state.fetch_sub(member);
    }
  }

  /// Return the state once there is a loop after number `seen`, or all is over.
  std::uint64_t await(std::uint64_t seen) {
    const auto ready = [&](std::uint64_t state) { return state & over || (state & open && state / loop != seen); };
    const auto began = std::chrono::steady_clock::now();
    Crew& crew = *crew_;
    for (Index turn = 0;; ++turn) {
      const std::uint64_t state = crew.state.load(std::memory_order_acquire);
      if (ready(state)) return state;
      pause(turn);
      if (turn % 64 == 63 && std::chrono::steady_clock::now() - began > patience) break;
    }
    std::unique_lock<std::mutex> hold(crew.mutex);
    ++crew.sleeping;
    crew.wake.wait(hold, [&] { return ready(crew.state.load()); });
    --crew.sleeping;
    return crew.state.load();
  }

  static inline std::atomic<int> forks_{0};

  Index size_;
  int seen_forks_ = forks_.load(std::memory_order_relaxed);
  std::unique_ptr<Crew> crew_{new Crew};
  std::exception_ptr error_;
  const void* act_ = nullptr;
  void (*call_)(const void*, Index) = nullptr;
  Index sharers_ = 0;
  std::unique_ptr<Share[]> shares_;
};

/// Rows 0..rows in up to 64 blocks of whole tiles: the same for any number of threads, so that sums over them are too.
class Blocks {
 public:
  Blocks(Index rows, Index tile)
      : rows_(rows), height_(std::max<Index>((rows + tile * most - 1) / (tile * most), 1) * tile) {}

  Index count() const { return (rows_ + height_ - 1) / height_; }
  Index first(Index block) const { return block * height_; }
  Index height(Index block) const { return std::min(height_, rows_ - block * height_); }

 private:
  static constexpr Index most = 64;
  Index rows_, height_;
};

}  // namespace partwise
