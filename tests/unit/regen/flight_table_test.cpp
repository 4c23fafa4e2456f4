#include <gtest/gtest.h>

#include "regen/flight.h"
#include "unit/store/stores.h"

namespace isrd::regen {
namespace {

using isr::Mode;
using Role = FlightTable::Role;

class FlightTables : public testing::Test {
 protected:
  FlightTables() { workers_.push_back(std::make_unique<net::Worker>(0, clock_)); }

  FlightTable::Joined join(const std::string& target) {
    std::string buffer;
    const isr::PrimaryKey key =
        isr::make_key("http", "main", "example.org", target, store_->seed(), buffer);
    return table_.join(flight_id(key, {}, store_->seed()), key);
  }
  void finish(const std::string& target, const Flight& flight) {
    std::string buffer;
    const isr::PrimaryKey key =
        isr::make_key("http", "main", "example.org", target, store_->seed(), buffer);
    table_.finish(flight_id(key, {}, store_->seed()), flight);
  }

  // Outlives the workers, whose posted work may hold flights.
  const std::unique_ptr<store::Store> store_ = store::make_store();
  ManualClock clock_;
  net::Workers workers_;
  FlightTable table_{workers_, *store_};
};

TEST_F(FlightTables, the_first_leads_and_the_others_follow) {
  const auto first = join("/a");
  EXPECT_EQ(first.role, Role::lead);
  for (int i = 0; i < 3; ++i) {
    const auto next = join("/a");
    EXPECT_EQ(next.role, Role::follow);
    EXPECT_EQ(next.flight, first.flight);
  }
  EXPECT_EQ(join("/b").role, Role::lead);
  EXPECT_EQ(table_.size(), 2u);
}

TEST_F(FlightTables, after_its_end_a_flight_is_not_joined) {
  const auto first = join("/a");
  finish("/a", *first.flight);
  EXPECT_EQ(table_.size(), 0u);
  EXPECT_EQ(join("/a").role, Role::lead);
}

TEST_F(FlightTables, a_flight_that_ended_is_replaced_even_while_it_is_listed) {
  const auto first = join("/a");
  first.flight->lead_on(*workers_[0]);
  first.flight->fail(net::OriginFault::refused, 0);
  const auto second = join("/a");
  EXPECT_EQ(second.role, Role::lead);
  EXPECT_NE(second.flight, first.flight);
}

TEST_F(FlightTables, the_end_of_a_replaced_flight_leaves_its_successor_alone) {
  const auto first = join("/a");
  first.flight->lead_on(*workers_[0]);
  first.flight->fail(net::OriginFault::refused, 0);
  const auto second = join("/a");
  finish("/a", *first.flight);
  EXPECT_EQ(join("/a").flight, second.flight);
}

TEST_F(FlightTables, a_flight_that_began_before_an_invalidation_is_not_joined) {
  for (const Mode mode : {Mode::refresh, Mode::expire, Mode::purge}) {
    const auto first = join("/a");
    ASSERT_EQ(first.role, Role::lead);
    const store::FetchTicket ticket = store_->begin_fetch();
    first.flight->set_asked(ticket.sequence());
    store::invalidate(*store_, store::url_selector("/b"), mode);
    EXPECT_EQ(join("/a").role, Role::follow);
    store::invalidate(*store_, store::url_selector("/a"), mode);
    const auto second = join("/a");
    EXPECT_EQ(second.role, Role::lead);
    EXPECT_NE(second.flight, first.flight);
    EXPECT_EQ(join("/a").flight, second.flight);  // nothing was asked yet: it will be new
    finish("/a", *second.flight);
  }
}

TEST_F(FlightTables, a_window_is_not_joined) {
  const auto first = join("/a");
  first.flight->keep_window_only();
  EXPECT_EQ(join("/a").role, Role::lead);
}

TEST_F(FlightTables, a_flight_alone_is_not_listed) {
  const auto alone = table_.alone();
  EXPECT_TRUE(alone->may_follow());
  EXPECT_EQ(table_.size(), 0u);
}

TEST(FlightId, tells_keys_and_variants_apart) {
  const auto id = [](std::string_view scheme, std::string_view target, Hash128 variant) {
    std::string buffer;
    return flight_id(isr::make_key(scheme, "main", "example.org", target, 1, buffer), variant, 1);
  };
  const Hash128 base = id("http", "/a", {});
  EXPECT_EQ(id("http", "/a", {}), base);
  EXPECT_NE(id("https", "/a", {}), base);
  EXPECT_NE(id("http", "/b", {}), base);
  EXPECT_NE(id("http", "/a", {1, 2}), base);
}

}  // namespace
}  // namespace isrd::regen
