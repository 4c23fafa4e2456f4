// Sockets over a socketpair: one end is isrd's, the other is the test's own.
#include "net/socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/net/on_worker.h"

namespace isrd::net {
namespace {

using Kind = IoResult::Kind;
using namespace std::chrono_literals;

/// Both ends; `take()` gives isrd's end away.
class Pair {
 public:
  Pair() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds_), 0);
    make_non_blocking(fds_[0]);
  }
  ~Pair() {
    if (fds_[0] >= 0) ::close(fds_[0]);
    hang_up();
  }
  int take() { return std::exchange(fds_[0], -1); }
  void send(std::string_view text) const {
    EXPECT_EQ(::send(fds_[1], text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  }
  std::string receive(std::size_t size) const {
    std::string text(size, ' ');
    text.resize(static_cast<std::size_t>(::recv(fds_[1], text.data(), size, MSG_WAITALL)));
    return text;
  }
  void finish() const { ::shutdown(fds_[1], SHUT_WR); }
  void hang_up() {
    if (fds_[1] >= 0) ::close(std::exchange(fds_[1], -1));
  }

 private:
  int fds_[2] = {-1, -1};
};

iovec part(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

// What needs no readiness is tried on a worker that was never started.
class SocketCalls : public testing::Test {
 protected:
  ManualClock clock_;
  Worker worker_{0, clock_};
  Pair pair_;
  Socket socket_{worker_, pair_.take()};
  char buffer_[64];
};

TEST_F(SocketCalls, a_read_gives_what_is_there) {
  pair_.send("hello");
  const IoResult result = socket_.read_some(buffer_);
  EXPECT_EQ(result.kind, Kind::bytes);
  EXPECT_EQ(std::string_view(buffer_, result.count), "hello");
}

TEST_F(SocketCalls, after_a_short_read_the_kernel_is_not_asked_again) {
  pair_.send("hello");
  socket_.read_some(buffer_);
  pair_.send("more");  // its event has not been seen
  EXPECT_FALSE(socket_.may_read());
  EXPECT_EQ(socket_.read_some(buffer_).kind, Kind::would_block);
}

TEST_F(SocketCalls, after_a_full_read_there_may_be_more) {
  pair_.send("hello");
  EXPECT_EQ(socket_.read_some({buffer_, 3}).count, 3u);
  EXPECT_TRUE(socket_.may_read());
  EXPECT_EQ(socket_.read_some({buffer_, 3}).count, 2u);
  EXPECT_FALSE(socket_.may_read());
}

TEST_F(SocketCalls, nothing_there_is_no_error) {
  EXPECT_EQ(socket_.read_some(buffer_).kind, Kind::would_block);
  EXPECT_FALSE(socket_.is_dead());
}

TEST_F(SocketCalls, the_end_of_the_peer_is_told_from_an_error) {
  pair_.finish();
  EXPECT_EQ(socket_.read_some(buffer_).kind, Kind::end);
  EXPECT_FALSE(socket_.is_dead());
}

TEST_F(SocketCalls, a_write_gathers_its_parts) {
  const iovec parts[] = {part("one "), part(""), part("two")};
  const IoResult result = socket_.write_some(parts);
  EXPECT_EQ(result.kind, Kind::bytes);
  EXPECT_EQ(result.count, 7u);
  EXPECT_EQ(pair_.receive(7), "one two");
}

TEST_F(SocketCalls, a_full_buffer_is_remembered) {
  const std::string block(64 * 1024, 'b');
  const iovec parts[] = {part(block)};
  IoResult result;
  for (int i = 0; i < 1000 && socket_.may_write(); ++i) result = socket_.write_some(parts);
  EXPECT_EQ(result.kind, Kind::would_block);
  EXPECT_FALSE(socket_.may_write());
  EXPECT_FALSE(socket_.is_dead());
}

TEST_F(SocketCalls, a_write_to_a_peer_that_is_gone_is_an_error_and_no_signal) {
  pair_.hang_up();
  const iovec parts[] = {part("hello")};
  const IoResult result = socket_.write_some(parts);
  EXPECT_EQ(result.kind, Kind::error);
  EXPECT_EQ(result.error, EPIPE);
  EXPECT_TRUE(socket_.is_dead());
}

TEST_F(SocketCalls, is_silent_only_while_nothing_waits_to_be_read) {
  EXPECT_TRUE(socket_.is_silent());
  pair_.send("x");
  EXPECT_FALSE(socket_.is_silent());
  EXPECT_EQ(socket_.read_some(buffer_).count, 1u);  // looking took nothing
  EXPECT_TRUE(socket_.is_silent());
  pair_.finish();
  EXPECT_FALSE(socket_.is_silent());
}

Task<void> read_all(Worker& worker, Pair& pair, std::string& text, Kind& kind) {
  Socket socket(worker, pair.take());
  for (;;) {
    char buffer[16];
    const IoResult result = socket.read_some(buffer);
    kind = result.kind;
    if (result.kind == Kind::bytes) text.append(buffer, result.count);
    if (result.kind == Kind::end || result.kind == Kind::error) co_return;
    if (result.kind != Kind::would_block) continue;
    const Wake wake = co_await socket.readable(in(patience));
    if (wake != Wake::ready) co_return;
  }
}

TEST(Socket, a_reader_sees_every_byte_and_the_end) {
  StartedWorkers workers;
  Pair pair;
  std::string text;
  Kind kind = Kind::error;
  const auto end = start_on(workers[0], [&] { return read_all(workers[0], pair, text, kind); });
  std::string sent;
  for (int i = 0; i < 2000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 40), static_cast<char>('a' + i % 26));
    if (!piece.empty()) pair.send(piece);
    sent += piece;
  }
  pair.finish();
  ASSERT_TRUE(ends(end));
  EXPECT_EQ(kind, Kind::end);
  EXPECT_EQ(text, sent);
}

Task<void> write_all(Worker& worker, Pair& pair, std::string_view text) {
  Socket socket(worker, pair.take());
  while (!text.empty()) {
    const iovec parts[] = {part(text)};
    const IoResult result = socket.write_some(parts);
    if (result.kind == Kind::bytes) text.remove_prefix(result.count);
    if (result.kind == Kind::error) co_return;
    if (result.kind != Kind::would_block) continue;
    const Wake wake = co_await socket.writable(in(patience));
    if (wake != Wake::ready) co_return;
  }
}

TEST(Socket, a_writer_goes_on_when_the_peer_has_made_room) {
  StartedWorkers workers;
  Pair pair;
  const std::string text(4 << 20, 't');
  const auto end = start_on(workers[0], [&] { return write_all(workers[0], pair, text); });
  EXPECT_EQ(pair.receive(text.size()), text);
  EXPECT_TRUE(ends(end));
}

Task<void> wait_to_read(Socket& socket, LoopTime deadline, Wake& wake) {
  wake = co_await socket.readable(deadline);
}

/// A socket that lives on its worker, and one wait for its readability.
class SocketWaits : public testing::Test {
 protected:
  SocketWaits() {
    workers_[0].post([&] { socket_ = std::make_unique<Socket>(workers_[0], pair_.take()); });
  }
  ~SocketWaits() override {
    workers_[0].post([&] { socket_.reset(); });
    workers_.stop();
  }
  std::future<void> wait_for(std::chrono::milliseconds time) {
    return start_on(workers_[0], [&, time] { return wait_to_read(*socket_, in(time), wake_); });
  }
  StartedWorkers workers_;
  Pair pair_;
  std::unique_ptr<Socket> socket_;
  Wake wake_ = Wake::ready;
};

TEST_F(SocketWaits, end_at_their_deadline) {
  ASSERT_TRUE(ends(wait_for(1ms)));
  EXPECT_EQ(wake_, Wake::timeout);
}

TEST_F(SocketWaits, end_when_they_are_cancelled) {
  const auto end = wait_for(patience);
  workers_[0].post([&] { socket_->cancel_read(); });
  ASSERT_TRUE(ends(end));
  EXPECT_EQ(wake_, Wake::cancelled);
}

TEST_F(SocketWaits, end_when_the_peer_hangs_up) {
  const auto end = wait_for(patience);
  pair_.hang_up();
  ASSERT_TRUE(ends(end));
  EXPECT_EQ(wake_, Wake::ready);
  workers_[0].post([&] {
    EXPECT_TRUE(socket_->peer_finished());
    EXPECT_TRUE(socket_->is_dead());
  });
  ASSERT_TRUE(settle(workers_[0]));
}

class Work final : public Cancellable {
 public:
  std::promise<void> cancelled;
  bool told = false;
  void cancel() override {
    if (!std::exchange(told, true)) cancelled.set_value();
  }
};

TEST_F(SocketWaits, who_works_for_a_peer_hears_that_it_is_gone) {
  Work work;
  std::future<void> told = work.cancelled.get_future();
  workers_[0].post([&] { socket_->on_gone(&work); });
  ASSERT_TRUE(settle(workers_[0]));
  pair_.hang_up();
  EXPECT_TRUE(ends(told));
  workers_[0].post([&] { socket_->on_gone(nullptr); });
  ASSERT_TRUE(settle(workers_[0]));
}

TEST_F(SocketWaits, a_peer_that_only_finished_may_still_read) {
  const auto end = wait_for(patience);
  pair_.finish();
  ASSERT_TRUE(ends(end));
  workers_[0].post([&] {
    EXPECT_TRUE(socket_->peer_finished());
    EXPECT_FALSE(socket_->is_dead());
    const iovec parts[] = {part("still")};
    EXPECT_EQ(socket_->write_some(parts).kind, Kind::bytes);
  });
  ASSERT_TRUE(settle(workers_[0]));
  EXPECT_EQ(pair_.receive(5), "still");
}

}  // namespace
}  // namespace isrd::net
