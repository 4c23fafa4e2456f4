// Readers that wait: on the leader's worker and on another, and a leader that waits for readers.
#include <gtest/gtest.h>

#include <atomic>

#include "regen/flight.h"
#include "unit/net/on_worker.h"
#include "unit/store/stores.h"

namespace isrd::regen {
namespace {

using net::in;
using net::patience;
using State = Flight::State;

struct Seen {
  std::string text;
  State state = State::pending;
  net::Wake last = net::Wake::ready;
};

/// Follows the flight to its end, as a session does.
Task<void> follow(net::Worker& worker, std::shared_ptr<Flight> flight, Seen& seen,
                  std::atomic<int>& joined) {
  FlightReader reader(flight, worker, false);
  ++joined;
  for (;;) {
    const FlightReader::View view = reader.look();
    for (std::size_t i = 0; i < view.part_count; ++i) seen.text.append(view.parts[i]);
    const bool unread = view.part_count == view.parts.size();
    reader.consume();
    seen.state = view.state;
    if (view.is_last || view.state == State::failed) co_return;
    if (unread) continue;
    seen.last = co_await reader.news(in(patience));
    if (seen.last != net::Wake::ready) co_return;
  }
}

void begin(Flight& flight) {
  flight.begin_streaming(isr::announce(isr::unfinished_entry({}), std::nullopt), std::nullopt);
}

class FlightWakes : public testing::Test {
 protected:
  FlightWakes() : flight_(std::make_shared<Flight>(workers_.all(), *store_)) {
    workers_[0].post([this] { flight_->lead_on(workers_[0]); });
  }
  ~FlightWakes() override { workers_.stop(); }

  std::future<void> follow_on(std::size_t worker, Seen& seen) {
    return net::start_on(workers_[worker], [this, worker, &seen] {
      return follow(workers_[worker], flight_, seen, joined_);
    });
  }
  void await_readers(int count) {
    for (std::size_t i = 0; i < 2; ++i) ASSERT_TRUE(net::settle(workers_[i]));
    ASSERT_EQ(joined_, count);
  }
  /// One step of the leader, on its worker.
  template <class F>
  void lead(F f) {
    workers_[0].post([this, f] { f(*flight_); });
  }
  const std::unique_ptr<store::Store> store_ = store::make_store();
  net::StartedWorkers workers_{2};
  std::shared_ptr<Flight> flight_;
  std::atomic<int> joined_{0};
};

TEST_F(FlightWakes, growth_reaches_the_readers_of_every_worker) {
  Seen seen[6];
  std::vector<std::future<void>> endings;
  for (std::size_t i = 0; i < 6; ++i) endings.push_back(follow_on(i % 2, seen[i]));
  await_readers(6);
  lead(begin);
  std::string sent;
  for (int i = 0; i < 500; ++i) {
    const std::string piece(static_cast<std::size_t>(1 + i * 31 % 700),
                            static_cast<char>('a' + i % 26));
    sent += piece;
    lead([piece](Flight& flight) {
      flight.append(piece);
      flight.notify();
    });
  }
  lead([](Flight& flight) { flight.complete(nullptr, {}, false); });
  for (const auto& end : endings) ASSERT_TRUE(net::ends(end));
  for (const Seen& one : seen) {
    EXPECT_TRUE(one.text == sent);
    EXPECT_EQ(one.state, State::complete);
  }
}

TEST_F(FlightWakes, a_failure_reaches_the_readers_of_every_worker) {
  Seen seen[2];
  const auto here = follow_on(0, seen[0]);
  const auto there = follow_on(1, seen[1]);
  await_readers(2);
  lead([](Flight& flight) { flight.fail(net::OriginFault::refused, 0); });
  ASSERT_TRUE(net::ends(here) && net::ends(there));
  for (const Seen& one : seen) EXPECT_EQ(one.state, State::failed);
}

Task<void> wait_a_moment(net::Worker& worker, std::shared_ptr<Flight> flight, net::Wake& wake) {
  FlightReader reader(flight, worker, false);
  wake = co_await reader.news(in(std::chrono::milliseconds(5)));
}

TEST_F(FlightWakes, a_wait_without_news_ends_at_its_deadline) {
  net::Wake wake = net::Wake::ready;
  ASSERT_TRUE(net::run_on(workers_[1], [&] { return wait_a_moment(workers_[1], flight_, wake); }));
  EXPECT_EQ(wake, net::Wake::timeout);
}

TEST_F(FlightWakes, a_stop_ends_those_who_wait) {
  Seen seen;
  const auto end = follow_on(1, seen);
  await_readers(1);
  workers_.stop();
  EXPECT_TRUE(net::ends(end));
  EXPECT_EQ(seen.last, net::Wake::cancelled);
}

/// Sends a body of `size` bytes through a window, and notes the most memory that it took.
Task<void> pour(std::shared_ptr<Flight> flight, store::Store& store, std::uint64_t size,
                std::uint64_t& most_bytes, bool& wanted) {
  begin(*flight);
  flight->keep_window_only();
  const std::string block(16 * 1024, 'b');
  while (flight->size() < size) {
    wanted = co_await flight->wait_for_readers();
    if (!wanted) co_return;
    flight->append(block);
    flight->notify();
    most_bytes = std::max(most_bytes, store.stats().fill_bytes);
  }
  flight->complete(nullptr, {}, false);
}

TEST_F(FlightWakes, a_window_bounds_the_memory_of_a_body_that_is_not_stored) {
  Seen seen[2];
  std::vector<std::future<void>> endings;
  for (std::size_t i = 0; i < 2; ++i) endings.push_back(follow_on(i, seen[i]));
  await_readers(2);
  std::uint64_t most_bytes = 0;
  bool wanted = false;
  constexpr std::uint64_t size = 16 << 20;
  ASSERT_TRUE(
      net::run_on(workers_[0], [&] { return pour(flight_, *store_, size, most_bytes, wanted); }));
  for (const auto& end : endings) ASSERT_TRUE(net::ends(end));
  EXPECT_TRUE(wanted);
  for (const Seen& one : seen) EXPECT_EQ(one.text.size(), size);
  // The window itself, the block that grows, and the block whose end is not read yet.
  EXPECT_LE(most_bytes, 3u * 256 * 1024);
}

TEST_F(FlightWakes, a_window_without_readers_ends_the_fetch) {
  std::uint64_t most_bytes = 0;
  bool wanted = true;
  ASSERT_TRUE(net::run_on(workers_[0],
                          [&] { return pour(flight_, *store_, 1 << 20, most_bytes, wanted); }));
  EXPECT_FALSE(wanted);
}

}  // namespace
}  // namespace isrd::regen
