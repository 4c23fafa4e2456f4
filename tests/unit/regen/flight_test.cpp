// A flight as its readers see it. Where nobody waits, the leader's worker need not run; waits are
// in flight_wake_test.cpp.
#include "regen/flight.h"

#include <gtest/gtest.h>

#include "unit/net/on_worker.h"
#include "unit/store/stores.h"

namespace isrd::regen {
namespace {

using State = Flight::State;

std::string text_of(const FlightReader::View& view) {
  std::string text;
  for (std::size_t i = 0; i < view.part_count; ++i) text.append(view.parts[i]);
  return text;
}

/// Reads all there is.
std::string read(FlightReader& reader) {
  std::string text;
  for (;;) {
    const std::string more = text_of(reader.look());
    if (more.empty()) return text;
    text += more;
    reader.consume();
  }
}

class Flights : public testing::Test {
 protected:
  Flights() { workers_.push_back(std::make_unique<net::Worker>(0, clock_)); }

  std::shared_ptr<Flight> make_flight() {
    auto flight = std::make_shared<Flight>(workers_, *store_);
    flight->lead_on(*workers_[0]);
    return flight;
  }
  std::unique_ptr<FlightReader> follow(const std::shared_ptr<Flight>& flight, bool leads = false) {
    return std::make_unique<FlightReader>(flight, *workers_[0], leads);
  }
  std::shared_ptr<const isr::Entry> draft() {
    return isr::announce(isr::unfinished_entry({}, store_->seed()), std::nullopt);
  }

  // Outlives the workers, whose posted work may hold flights.
  const std::unique_ptr<store::Store> store_ = store::make_store();
  ManualClock clock_;
  net::Workers workers_;
};

TEST_F(Flights, a_reader_sees_the_head_and_then_the_growth) {
  const auto flight = make_flight();
  const auto reader = follow(flight);
  EXPECT_EQ(reader->look().state, State::pending);
  EXPECT_FALSE(reader->look().draft);
  flight->begin_streaming(draft(), std::nullopt);
  flight->append("hello ");
  FlightReader::View view = reader->look();
  EXPECT_EQ(view.state, State::streaming);
  ASSERT_TRUE(view.draft);
  EXPECT_EQ(view.draft->status, 200);
  EXPECT_EQ(text_of(view), "hello ");
  EXPECT_FALSE(view.is_last);
  flight->append("world");
  EXPECT_EQ(text_of(reader->look()), "hello world");  // nothing was consumed yet
  reader->consume();
  EXPECT_EQ(reader->position(), 11u);
  EXPECT_EQ(text_of(reader->look()), "");
}

TEST_F(Flights, a_reader_that_comes_late_sees_all_of_it) {
  const auto flight = make_flight();
  flight->begin_streaming(draft(), std::nullopt);
  flight->append("hello");
  const auto late = follow(flight);
  EXPECT_EQ(read(*late), "hello");
}

TEST_F(Flights, a_long_body_comes_whole_and_in_order) {
  const auto flight = make_flight();
  flight->begin_streaming(draft(), std::nullopt);
  const auto reader = follow(flight);
  std::string sent;
  std::string seen;
  for (int i = 0; i < 3000; ++i) {
    const std::string piece(static_cast<std::size_t>(i * 7 % 2000),
                            static_cast<char>('a' + i % 26));
    flight->append(piece);
    sent += piece;
    if (i % 50 == 0) seen += read(*reader);
  }
  seen += read(*reader);
  EXPECT_EQ(flight->size(), sent.size());
  EXPECT_TRUE(seen == sent);
  const auto late = follow(flight);
  EXPECT_TRUE(read(*late) == sent);
}

TEST_F(Flights, bytes_are_seen_when_they_are_committed) {
  const auto flight = make_flight();
  flight->begin_streaming(draft(), 5);
  const auto reader = follow(flight);
  const std::span<char> room = flight->room();
  ASSERT_EQ(room.size(), 5u);  // what was announced, and no more
  std::copy_n("hello", 5, room.begin());
  EXPECT_EQ(text_of(reader->look()), "");
  flight->commit(2);
  EXPECT_EQ(text_of(reader->look()), "he");
  flight->commit(3);
  EXPECT_EQ(text_of(reader->look()), "hello");
}

TEST_F(Flights, the_last_part_is_known_as_such) {
  const auto flight = make_flight();
  const auto reader = follow(flight);
  flight->begin_streaming(draft(), std::nullopt);
  flight->append("hello");
  isr::Entry entry = isr::unfinished_entry({}, store_->seed());
  isr::seal(entry, flight->take_body());
  const isr::EntryPtr published = isr::compact(std::move(entry));
  flight->complete(published, store::usual_windows(), true);
  const FlightReader::View view = reader->look();
  EXPECT_EQ(view.state, State::complete);
  EXPECT_TRUE(view.is_last);
  EXPECT_EQ(text_of(view), "hello");
  EXPECT_EQ(view.entry, published);
  EXPECT_TRUE(view.revalidated);
  EXPECT_EQ(view.windows.fresh_until, store::usual_windows().fresh_until);
  EXPECT_EQ(isr::body_text(*published), "hello");
}

TEST_F(Flights, the_body_that_is_taken_is_the_body_that_came) {
  for (const std::size_t pieces : {0u, 1u, 3u, 40u, 4000u}) {
    const auto flight = make_flight();
    flight->begin_streaming(draft(), std::nullopt);
    std::string sent;
    for (std::size_t i = 0; i < pieces; ++i) {
      sent += std::string(1000, static_cast<char>('a' + i % 26));
      flight->append(std::string_view(sent).substr(i * 1000));
    }
    const BodyChain body = flight->take_body();
    std::string text;
    for (const Extent& extent : body.extents) text.append(extent.view());
    EXPECT_TRUE(text == sent) << pieces;
    EXPECT_EQ(body.size, sent.size());
    EXPECT_LE(body.memory_bytes(), sent.size() + sent.size() / 4 + 4096) << pieces;
  }
}

TEST_F(Flights, memory_of_a_fill_is_counted_until_it_is_taken_or_lost) {
  const auto flight = make_flight();
  flight->begin_streaming(draft(), std::nullopt);
  flight->append(std::string(100'000, 'b'));
  EXPECT_GE(store_->stats().fill_bytes, 100'000u);
  flight->take_body();
  EXPECT_EQ(store_->stats().fill_bytes, 0u);
  {
    const auto lost = make_flight();
    lost->append(std::string(100'000, 'b'));
    EXPECT_GE(store_->stats().fill_bytes, 100'000u);
  }
  EXPECT_EQ(store_->stats().fill_bytes, 0u);
}

TEST_F(Flights, a_window_keeps_only_what_somebody_has_yet_to_read) {
  const auto flight = make_flight();
  flight->begin_streaming(draft(), std::nullopt);
  const auto quick = follow(flight);
  const auto slow = follow(flight);
  flight->append(std::string(1 << 20, 'a'));
  flight->keep_window_only();
  EXPECT_FALSE(flight->may_follow());
  EXPECT_EQ(read(*quick).size(), 1u << 20);
  EXPECT_EQ(read(*slow).size(), 1u << 20);
}

TEST_F(Flights, interim_answers_are_for_the_leader_and_come_once) {
  const auto flight = make_flight();
  const auto leader = follow(flight, true);
  const auto follower = follow(flight);
  flight->add_interim("103 one");
  flight->add_interim("103 two");
  EXPECT_EQ(leader->look().interims, (std::vector<std::string>{"103 one", "103 two"}));
  EXPECT_TRUE(leader->look().interims.empty());
  flight->add_interim("103 three");
  EXPECT_EQ(leader->look().interims, std::vector<std::string>{"103 three"});
  EXPECT_TRUE(follower->look().interims.empty());
}

TEST_F(Flights, a_handoff_goes_to_the_leader_and_only_once) {
  const auto flight = make_flight();
  const auto leader = follow(flight, true);
  const auto follower = follow(flight);
  auto handoff = std::make_unique<Handoff>();
  handoff->status = 200;
  flight->release(std::move(handoff), isr::Why::no_store, {"accept-language"});
  const FlightReader::View view = follower->look();
  EXPECT_EQ(view.state, State::released);
  EXPECT_EQ(view.why, isr::Why::no_store);
  EXPECT_EQ(view.vary_names, std::vector<std::string>{"accept-language"});
  EXPECT_EQ(follower->take_handoff(), nullptr);
  EXPECT_NE(leader->take_handoff(), nullptr);
  EXPECT_EQ(leader->take_handoff(), nullptr);
  EXPECT_FALSE(flight->may_follow());
}

TEST_F(Flights, a_failure_tells_what_went_wrong) {
  const auto flight = make_flight();
  const auto reader = follow(flight);
  flight->fail(net::OriginFault::truncated, 0);
  EXPECT_EQ(reader->look().state, State::failed);
  EXPECT_EQ(reader->look().fault, net::OriginFault::truncated);
  EXPECT_FALSE(reader->look().is_last);
  EXPECT_FALSE(flight->may_follow());
  const auto refused = make_flight();
  const auto other = follow(refused);
  refused->fail(net::OriginFault::none, 503);
  EXPECT_EQ(other->look().failed_status, 503);
}

TEST_F(Flights, one_of_those_who_cannot_wait_may_fetch_alone) {
  const auto flight = make_flight();
  EXPECT_TRUE(flight->take_extra());
  EXPECT_FALSE(flight->take_extra());
}

}  // namespace
}  // namespace isrd::regen
